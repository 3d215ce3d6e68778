"""Two transactions that wait for each other: PostgreSQL refuses one of them, and its caller never hears of it."""

import itertools
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from kernel.repeating import again_after_deadlock
from outbox.models import OrderKey

pytestmark = pytest.mark.django_db(transaction=True)


class Ring:
    """Two counters that two deeds raise in opposite order, each with the first one locked before they go on."""

    def __init__(self) -> None:
        self.keys = [OrderKey.objects.create(key=uuid.uuid4()).pk for _ in range(2)]
        self.met = threading.Barrier(2)
        self.steps = itertools.count()

    def raise_both(self, keys: list[uuid.UUID]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local deadlock_timeout = '50ms'")
            for key in keys:
                cursor.execute("update outbox_orderkey set last_seq = last_seq + 1 where key = %s", [key])
                if next(self.steps) < 2:  # both have their first one
                    self.met.wait(10)

    def run(self, deed) -> None:
        def in_thread(keys: list[uuid.UUID]) -> None:
            try:
                deed(keys)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(in_thread, keys) for keys in (self.keys, self.keys[::-1])]:
                done.result(30)

    def counted(self) -> list[int]:
        return list(OrderKey.objects.values_list("last_seq", flat=True))


def test_the_one_that_was_refused_is_done_again():
    ring = Ring()
    ring.run(again_after_deadlock(ring.raise_both))
    assert ring.counted() == [2, 2]


def test_without_it_the_caller_hears_of_the_deadlock():
    ring = Ring()
    with pytest.raises(OperationalError, match="deadlock"):
        ring.run(ring.raise_both)
    assert ring.counted() == [1, 1]


def test_what_belongs_to_a_greater_transaction_is_left_to_whoever_began_that():
    ring = Ring()

    @again_after_deadlock
    def deed(keys: list[uuid.UUID]) -> None:
        ring.raise_both(keys)

    def within(keys: list[uuid.UUID]) -> None:
        with transaction.atomic():
            deed(keys)

    with pytest.raises(OperationalError, match="deadlock"):
        ring.run(within)


def test_other_trouble_of_the_database_is_told_at_once():
    asked = []

    @again_after_deadlock
    def deed() -> None:
        asked.append(1)
        with connection.cursor() as cursor:
            cursor.execute("set statement_timeout = 1; select pg_sleep(1)")

    with pytest.raises(OperationalError, match="timeout"):
        deed()
    assert asked == [1]
    connection.close()
