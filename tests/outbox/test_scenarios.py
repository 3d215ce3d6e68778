"""Failures that docs/scenarios.md names and no other test of this folder holds against the relay."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from kernel import clock
from outbox.models import Attempt, Item, Lane
from outbox.services.enqueuing import NewItem, enqueue_many
from outbox.services.operating import hold_lane, pause_lane
from outbox.states import HoldKind, ItemState
from tests.support.outbox import KIND, assert_order_held, put, running_relay, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ON_HOLD = 20_000
BEHIND_A_HEAD = 2_000


def ended(number: int) -> bool:
    return Item.objects.filter(open=False).count() >= number


def owned(lane: Lane) -> bool:
    return Lane.objects.filter(pk=lane.pk, owner__isnull=False).exists()


def test_scenario_03_what_a_dead_worker_had_not_begun_is_simply_sent_by_the_next(lane, chat, provider):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into outbox_worker (name, shares, dead, lease_until)"
            " values ('gone', true, false, clock_timestamp() + interval '1 second') returning id"
        )
        (gone,) = cursor.fetchone()
    Lane.objects.update(owner_id=gone)
    put(lane, chat, "never begun")
    with running_relay():
        wait_until(lambda: ended(1), 1 + 5, "sent within the lease and 5 seconds")
    assert provider.texts() == ["never begun"]
    assert Attempt.objects.count() == 1, "no doubt where nothing had begun"
    assert Item.objects.get().state == ItemState.SENT


def test_scenario_13_where_no_intent_can_be_written_nothing_is_sent(lane, chat, provider):
    """A disk that is full, emulated by a database that takes no writes."""
    name = connection.settings_dict["NAME"]
    put(lane, chat, "later")
    try:
        make_read_only(name, "on")
        with running_relay() as relay:
            wait_until(lambda: relay is not None and refused_writes(relay), 10, "the relay was refused")
            assert provider.texts() == []
            make_read_only(name, "off")
            wait_until(lambda: Item.objects.get().state == ItemState.SENT, 30, "sent once it can be written down")
    finally:
        make_read_only(name, "off")
    assert provider.texts() == ["later"]


def make_read_only(name: str, value: str) -> None:
    """For all connections but this one; those that are open are ended."""
    with connection.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = off")
        cursor.execute(f'alter database "{name}" set default_transaction_read_only = {value}')
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database()"
        )


def refused_writes(relay) -> bool:
    """It tried to register, which is a write, and there is no worker still."""
    time.sleep(1.0)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from outbox_worker where not dead")
        return cursor.fetchone()[0] == 0 and relay.incarnation is None


@pytest.mark.parametrize("minutes", [-10, 10])
def test_scenario_14_a_host_whose_clock_is_wrong_keeps_leases_holds_and_order(
    lane, chat, provider, monkeypatch, minutes
):
    wrong = lambda: clock.timezone.now() + timedelta(minutes=minutes)  # noqa: E731
    monkeypatch.setattr(clock, "now", wrong)
    with running_relay():
        wait_until(lambda: owned(lane), 10)
        hold_lane(lane_id=lane.id, seconds=1.5, reason="asked to", kind=HoldKind.RATE_LIMIT)
        held_at = time.monotonic()
        for text in ("first", "second"):
            put(lane, chat, text)
        wait_until(lambda: ended(2), 15, "the hold ends by the database's clock")
        assert provider.calls[0][2] - held_at >= 1.4
    assert_order_held(provider, {chat: ["first", "second"]})


def test_scenario_26_a_huge_backlog_that_cannot_move_delays_nobody_else(lane, world, chat, provider):
    busy = Lane.objects.create(workspace=world.acme, name="on hold")
    pause_lane(lane_id=busy.pk, reason="by a person")
    keys = [uuid.uuid4() for _ in range(100)]
    with transaction.atomic():
        enqueue_many([new(busy, keys[n % 100], f"held {n}") for n in range(ON_HOLD)])
        enqueue_many([new(lane, chat, f"behind {n}") for n in range(BEHIND_A_HEAD)])
    Item.objects.filter(order_key=chat, seq=1).update(due_at=clock.now() + timedelta(minutes=5))
    with running_relay():
        wait_until(lambda: owned(lane), 10)
        put(lane, uuid.uuid4(), "mine")
        put_at = time.monotonic()
        wait_until(lambda: "mine" in provider.texts(), 5)
        assert provider.calls[0][2] - put_at < 2.0
    assert provider.texts() == ["mine"]


def new(lane: Lane, key: uuid.UUID, text: str) -> NewItem:
    return NewItem(lane.workspace_id, lane.id, key, KIND, {"text": text})


def test_scenario_27_a_producer_that_does_not_commit_holds_up_its_own_chat_only(lane, chat, provider):
    other = uuid.uuid4()
    placed, commit = threading.Event(), threading.Event()

    def produce_slowly() -> None:
        try:
            with transaction.atomic():
                put(lane, chat, "first")
                placed.set()
                commit.wait(20)
        finally:
            connection.close()

    def produce() -> None:
        try:
            put(lane, chat, "second")
        finally:
            connection.close()

    slow, quick = threading.Thread(target=produce_slowly), threading.Thread(target=produce)
    with running_relay():
        slow.start()
        assert placed.wait(10)
        quick.start()
        put(lane, other, "elsewhere")
        wait_until(lambda: provider.texts() == ["elsewhere"], 5)
        assert quick.is_alive(), "it waits for the place before its own"
        commit.set()
        slow.join(10)
        quick.join(10)
        wait_until(lambda: ended(3), 10)
    assert_order_held(provider, {chat: ["first", "second"], other: ["elsewhere"]})


def test_scenario_28_a_message_that_is_put_as_the_last_one_ends_is_not_overlooked(lane, chat, provider):
    waits = []
    texts = [f"{number}" for number in range(150)]
    with running_relay():
        wait_until(lambda: owned(lane), 10)
        for number, text in enumerate(texts):
            put(lane, chat, text)
            put_at = time.monotonic()
            # The next one is put while the relay is between this one's answer and its outcome.
            wait_until(lambda number=number: len(provider.calls) > number, 10, "it is sent")
            waits.append(provider.calls[number][2] - put_at)
        wait_until(lambda: ended(len(texts)), 10)
    assert_order_held(provider, {chat: texts})
    late = [wait for wait in waits if wait > 0.5]  # found by the poll of each second only
    assert len(late) <= len(texts) * 0.05, late
