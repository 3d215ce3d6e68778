"""A standby that lags takes over: emulated by falling back to a copy of the data that was made a while before."""

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kernel import http
from tests.acceptance.test_database_restart import Server, own_server, rows
from tests.acceptance.test_nothing_lost import ENDED, Shop
from tests.support.stack import running_stack
from tests.support.waiting import until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

CUSTOMER = "15550100195"
WAITING = ["one", "two", "three"]


class Primary(Server):
    """A server whose standby has what it had when `standby_stops_following` was called."""

    def standby_stops_following(self) -> None:
        self.control("-m", "fast", "stop")
        subprocess.run(["cp", "-a", self._data, self._copy], check=True)
        self.control("restart")  # which starts it, with the options of before

    def fails_over(self) -> None:
        self.control("-m", "immediate", "stop")
        self._data.rename(self._data.with_name("gone"))
        self._copy.rename(self._data)
        self.control("restart")

    @property
    def _data(self) -> Path:
        return Path(self._server.pgdata)

    @property
    def _copy(self) -> Path:
        return self._data.with_name("standby")


class PatientShop(Shop):
    """Asks again while the database is away."""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answers: list[Any] = []

        def answered() -> bool:
            with suppress(http.HttpFailure, AssertionError):
                answers.append(super(PatientShop, self).call(method, path, body))
            return bool(answers)

        until(answered, 60)
        return answers[0]


def test_scenario_10_after_a_failover_lost_intents_are_sent_again_in_order_and_ownership_is_sound():
    with own_server(Primary) as server, running_stack(server.settings, OUTBOX_LEASE_SECONDS="4") as stack:
        shop = PatientShop(stack)

        def lane(deed: str) -> None:
            shop.call("POST", f"/outbox/lanes/{stack.shop['id']}/{deed}", {})

        def open_items() -> list[tuple]:
            try:
                return rows(stack, "select count(*) from outbox_item where open and payload ->> 'to' ~ %s", CUSTOMER)
            except psycopg.OperationalError:
                return []

        before = shop.writes(CUSTOMER, "before")
        until(lambda: all(shop.status(message) in ENDED for message in before), 60)
        lane("pause")
        waiting = shop.writes(CUSTOMER, *WAITING)
        server.standby_stops_following()
        lane("resume")
        shop.writes(CUSTOMER, "lost")
        until(lambda: shop.received(CUSTOMER) == ["before", *WAITING, "lost"], 60)
        until(lambda: open_items() == [(0,)], 60)

        server.fails_over()

        lane("resume")  # the standby knows nothing of the first time
        until(lambda: open_items() == [(0,)], 90)
        assert shop.received(CUSTOMER)[5:] == WAITING, "once more, in order, and nothing else"
        assert all(shop.status(message) in ENDED for message in waiting)
        shop.writes(CUSTOMER, "lost")  # a client that asks again gets what nobody knows of any more
        until(lambda: shop.received(CUSTOMER)[8:] == ["lost"], 60)

        until(lambda: open_items() == [(0,)], 60)
        assert rows(stack, "select count(*) from outbox_attempt where finished_at is null") == [(0,)]
        unsound = (
            "select count(*) from outbox_lane lane left join outbox_worker worker on worker.id = lane.owner_id"
            " where worker.id is null or worker.dead"
        )
        until(lambda: rows(stack, unsound) == [(0,)], 30)
