"""Failures that docs/scenarios.md names and no other test of this folder holds against the relay."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction

from config.metrics import exposition
from kernel import clock
from outbox.errors import SlowDown
from outbox.models import Attempt, Item, Lane
from outbox.services.enqueuing import NewItem, enqueue_many
from outbox.services.operating import hold_lane, pause_lane
from outbox.services.relaying import owning, threads
from outbox.services.waking import EVERYTHING
from outbox.states import HoldKind, ItemState
from tests.support.outbox import KIND, HandRelay, assert_order_held, put, running_relay, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ON_HOLD = 20_000
BEHIND_A_HEAD = 2_000


def ended(number: int) -> bool:
    return Item.objects.filter(open=False).count() >= number


def owned(lane: Lane) -> bool:
    return Lane.objects.filter(pk=lane.pk, owner__isnull=False).exists()


def test_scenario_03_what_a_dead_worker_had_not_begun_is_simply_sent_by_the_next(lane, chat, provider):
    gone = owning.register(shares=True, lease_seconds=1)
    Lane.objects.update(owner_id=gone)
    put(lane, chat, "never begun")
    with running_relay():
        wait_until(lambda: ended(1), 1 + 5, "sent within the lease and 5 seconds")
    assert provider.texts() == ["never begun"]
    assert Attempt.objects.count() == 1, "no doubt where nothing had begun"
    assert Item.objects.get().state == ItemState.SENT


def test_scenario_13_where_no_intent_can_be_written_nothing_is_sent(lane, chat, provider, caplog):
    """A disk that is full, emulated by a database that takes no writes."""
    name = connection.settings_dict["NAME"]
    put(lane, chat, "later")
    try:
        make_read_only(name, "on")
        with running_relay() as relay:
            wait_until(lambda: "thread=relay error=InternalError" in caplog.text, 10, "it may not even register")
            assert relay.incarnation is None
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


@pytest.mark.django_db(transaction=False)
def test_scenario_22_hundreds_of_channels_that_were_told_to_slow_down_go_on_gently_and_not_at_once(world, provider):
    lanes = [Lane(workspace=world.acme, name=f"{number}", cap=1, upstream="one") for number in range(300)]
    Lane.objects.bulk_create(lanes)
    for number, each in enumerate(lanes):
        provider.will(f"{number} a", SlowDown("429", "Too many requests.", after_seconds=60))
        for text in ("a", "b", "c"):
            put(each, uuid.uuid4(), f"{number} {text}")
    relay = HandRelay(slots=300)
    for text in relay.look():
        relay.scheduler.events.put(relay.perform(text))
    assert relay.look() == []
    ends = sorted(Lane.objects.filter(not_before__isnull=False).values_list("not_before", flat=True))
    assert len(ends) == 300
    assert (ends[-1] - ends[0]).total_seconds() > 2, "they go on one after the other"
    Lane.objects.update(not_before=None, cap=4)
    for each in lanes:
        relay.scheduler.plan.lanes[each.pk].resume_at = 0
    under_way = relay.look_again()
    assert len(under_way) == 300 == len({text.split(" ")[0] for text in under_way}), "one of each lane at first"
    assert not Item.objects.filter(attempts__gt=0).exists(), "waiting used up no try"


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


def test_scenario_29_a_listener_that_hears_nothing_though_its_connection_lives_is_noticed(
    lane, chat, provider, monkeypatch
):
    """As behind a pooler that gives the connection to others in between."""
    monkeypatch.setattr(threads, "CALL_AFTER_SECONDS", 0.2)
    monkeypatch.setattr(threads, "DEAF_AFTER_SECONDS", 1.5)
    heard: list[tuple[str, ...]] = []
    listener = threads.Listener(heard.append)
    listener.start()
    try:
        wait_until(lambda: any(tokens[0].startswith("call:") for tokens in heard), 10, "it hears itself")
        assert heard.count((EVERYTHING,)) == 1
        monkeypatch.setattr(threads, "wake", lambda tokens: None)  # what it sends is lost
        wait_until(lambda: heard.count((EVERYTHING,)) == 2, 15, "it listens anew, and has everything read once")
    finally:
        listener.stop_and_join()


def test_scenario_31_a_long_snapshot_stops_nobody_and_shows_in_the_metrics(lane, provider):
    """How much of the throughput is kept is measured by bench/pinned.py."""
    chats = {uuid.uuid4(): [f"{chat} {number}" for number in range(10)] for chat in range(20)}
    with pinned_snapshot(), running_relay():
        for key, texts in chats.items():
            for text in texts:
                put(lane, key, text)
        wait_until(lambda: ended(200), 60)
        assert figure("waybill_database_oldest_snapshot_seconds") > 0.1
    assert_order_held(provider, chats)


@contextmanager
def pinned_snapshot() -> Iterator[None]:
    pin = connection.copy("pin")
    try:
        pin.set_autocommit(False)
        with pin.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read")
            cursor.execute("select count(*) from outbox_item")
        yield
    finally:
        pin.rollback()
        pin.close()


def test_scenario_32_rows_that_vacuum_does_not_clear_and_growing_indexes_show_in_the_metrics(lane, chat, provider):
    dead = 'waybill_table_dead_rows{table="outbox_item"}'
    size = 'waybill_table_bytes{part="indexes",table="outbox_item"}'
    with connection.cursor() as cursor:
        cursor.execute("alter table outbox_item set (autovacuum_enabled = false)")
        try:
            before = figure(size)
            with transaction.atomic():
                enqueue_many([new(lane, chat, f"{number}") for number in range(2000)])
            Item.objects.update(state=ItemState.CANCELLED, open=False)
            cursor.execute("select pg_stat_force_next_flush()")
            assert figure(dead) >= 2000
            assert figure(size) > before
            Item.objects.all().delete()
            flush = "select pg_stat_force_next_flush()"
            for step in (flush, "vacuum outbox_item", "reindex table outbox_item", flush):
                cursor.execute(step)
            assert figure(dead) == 0
            assert figure(size) <= before
        finally:
            cursor.execute("alter table outbox_item reset (autovacuum_enabled)")


def figure(name: str) -> float:
    for line in exposition().decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"{name} is not among the metrics")
