"""All connections of the server are used up by somebody else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from outbox.models import Attempt, Item
from outbox.services import waking
from tests.support.outbox import assert_order_held, put, running_relay, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Hog:
    """Takes every connection that is free, and every one that gets free. `full` once there is none left."""

    def __init__(self) -> None:
        self._where = connection.get_connection_params()
        self._taken: list[psycopg.Connection] = []
        self._over = threading.Event()
        self.full = threading.Event()
        self._thread = threading.Thread(target=self._take, name="hog", daemon=True)

    def _take(self) -> None:
        where = {name: self._where[name] for name in ("host", "port", "user", "password") if name in self._where}
        while not self._over.is_set():
            try:
                self._taken.append(psycopg.connect(dbname="postgres", **where))
            except psycopg.OperationalError:  # too many clients already
                self.full.set()
                self._over.wait(0.002)

    def __enter__(self) -> "Hog":
        self._thread.start()
        assert self.full.wait(30)
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(30)
        for taken in self._taken:
            taken.close()


@contextmanager
def no_connection_left() -> Iterator[None]:
    """Not even for the relay, which loses those that it has."""
    with Hog():
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        yield


def others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_scenario_12_without_a_free_connection_writing_goes_on_and_the_relay_waits(lane, chat, provider):
    texts = [f"{number}" for number in range(12)]
    with running_relay() as relay:
        put(lane, chat, texts[0])
        wait_until(lambda: Item.objects.filter(open=False).count() == 1, 10, "it sends")
        with no_connection_left():
            wait_until(lambda: others() == 0, 20, "the relay has none")
            for text in texts[1:]:
                put(lane, chat, text)
            assert relay.incarnation is not None
            assert provider.texts() == texts[:1], "nothing leaves whose intent cannot be written down"
        wait_until(lambda: Item.objects.filter(open=False).count() == len(texts), 30, "it goes on by itself")
    waking.close()
    assert_order_held(provider, {chat: texts})
    assert not Attempt.objects.exclude(outcome="sent").exists(), "no doubt about anything"
