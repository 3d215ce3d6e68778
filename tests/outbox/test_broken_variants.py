"""The judge is not blind: with a guard taken out of the real engine, the tests that hold it up fail."""

import threading
import time
import uuid
from contextlib import suppress

import pytest
from django.db import connection, transaction

from outbox.models import Item, Lane, Worker
from outbox.services.operating import release_item
from outbox.services.relaying import owning, reading, ticking
from outbox.services.relaying.sending import attempt
from outbox.services.relaying.threads import Lease
from outbox.states import ItemState
from tests.outbox import test_trouble
from tests.support import sabotage
from tests.support.outbox import HandRelay, assert_cap_held, assert_order_held, put, wait_until
from tests.support.waiting import queries_that_wait

WAIT_SECONDS = 5.0


# --- The same tests, on a broken engine -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("broken", "test", "arguments"),
    [
        pytest.param(sabotage.without_fence, test_trouble.test_a_worker_without_a_lease_starts_nothing, {}, id="fence"),
        pytest.param(
            sabotage.without_fence, test_trouble.test_a_dead_worker_starts_nothing_and_takes_no_lane, {}, id="dead"
        ),
        pytest.param(
            sabotage.late_answers_decide,
            test_trouble.test_an_outcome_written_twice_counts_once,
            {},
            id="late answers decide",
        ),
        pytest.param(
            sabotage.without_heads,
            test_trouble.test_the_database_refuses_what_a_wrong_plan_wants_to_start,
            {"lie": "before its head"},
            id="heads",
        ),
        pytest.param(
            sabotage.without_fence,
            test_trouble.test_the_database_refuses_what_a_wrong_plan_wants_to_start,
            {"lie": "foreign"},
            id="owner",
        ),
    ],
)
def test_a_test_notices_that_its_guard_is_gone(world, lane, chat, provider, monkeypatch, broken, test, arguments):
    fixtures = {"world": world, "lane": lane, "chat": chat, "provider": provider, "monkeypatch": monkeypatch}
    wanted = test.__code__.co_varnames[: test.__code__.co_argcount]
    broken(monkeypatch.setattr)
    with pytest.raises(AssertionError):
        test(**{name: value for name, value in (fixtures | arguments).items() if name in wanted})


# --- A process freezes for longer than its lease, and thaws -----------------------------------------------------------


def freeze_and_thaw(lane: Lane, chat: uuid.UUID, provider) -> None:
    """The first relay freezes between its intent and the socket. Judged by what the provider saw."""
    for text in ("one", "two", "three"):
        put(lane, chat, text)
    frozen = HandRelay(shares=False)
    frozen.look()
    Worker.objects.filter(pk=frozen.worker_id).update(lease_until="2026-01-01T00:00Z")
    owning.bury_the_dead()
    release_item(item_id=Item.objects.get(order_key=chat, state=ItemState.UNCERTAIN).pk)
    second = HandRelay(shares=False)
    assert second.look() == ["two"]
    second.scheduler.events.put(second.perform("two"))
    second.scheduler.step()

    lease = Lease(frozen.worker_id, 30, registered_at=time.monotonic() - 60)
    for started in list(frozen.begun):  # it thaws
        frozen.scheduler.events.put(attempt(started, lease.may_start))
    frozen.begun.clear()
    frozen.scheduler.step()
    second.run()
    assert_order_held(provider, {chat: [text for text in ("one", "two", "three") if text in provider.texts()]})
    assert {"two", "three"} <= set(provider.texts())


@pytest.mark.django_db
def test_a_frozen_process_that_thaws_sends_nothing_late(lane, chat, provider):
    freeze_and_thaw(lane, chat, provider)


@pytest.mark.django_db
def test_without_the_fence_it_does_and_the_judge_sees_it(lane, chat, provider, monkeypatch):
    sabotage.without_fence(monkeypatch.setattr)
    with pytest.raises(AssertionError):
        freeze_and_thaw(lane, chat, provider)
    assert provider.texts().index("one") > provider.texts().index("two"), "out of order at the provider"


# --- Two relays claim at the same moment ------------------------------------------------------------------------------


def claim_at_once(lane: Lane, monkeypatch) -> None:
    """The second looks after the first took, and before that is committed. Judged by the attempts' own times."""
    for number in range(2 * lane.cap):
        put(lane, uuid.uuid4(), f"{number}")
    first, second = HandRelay(), HandRelay()
    took, commit = threading.Event(), threading.Event()
    really = ticking._start

    def start(*arguments):
        started = really(*arguments)
        if threading.current_thread() is claiming:
            took.set()
            commit.wait(20)
        return started

    monkeypatch.setattr(ticking, "_start", start)
    claiming = threading.Thread(target=_and_let_go, args=[first.look])
    claiming.start()
    assert took.wait(20)
    _in_a_thread(lambda: [second.look() for _ in range(5)])  # also past what it finds taken
    commit.set()
    claiming.join(20)
    assert len(first.begun) == lane.cap
    for relay in (first, second):
        _in_a_thread(relay.run)
    assert_cap_held(lane)


@pytest.mark.django_db(transaction=True)
def test_two_relays_that_claim_at_once_keep_the_cap(lane, provider, monkeypatch):
    claim_at_once(lane, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_counting_before_claiming_overshoots_it_and_the_judge_sees_it(lane, provider, monkeypatch):
    sabotage.counting_instead_of_owning(monkeypatch.setattr)
    with pytest.raises(AssertionError):
        claim_at_once(lane, monkeypatch)


# --- A message is written while the last one of its chat ends ---------------------------------------------------------


def written_as_the_last_one_ends(lane: Lane, chat: uuid.UUID, provider) -> None:
    """The producer has its place and has not committed when the first one's outcome is recorded."""
    put(lane, chat, "first")
    relay = HandRelay(shares=False)
    relay.look()
    ended = relay.perform("first")
    with transaction.atomic():
        put(lane, chat, "second")
        relay.scheduler.events.put(ended)
        recording = threading.Thread(target=_and_let_go, args=[relay.scheduler.step])
        recording.start()
        with suppress(AssertionError):  # it waits for the producer, or it has ended: both are ways to do it
            wait_until(lambda: not recording.is_alive() or queries_that_wait(), WAIT_SECONDS)
    recording.join(20)
    _in_a_thread(relay.look_again)
    for text in relay.under_way():
        relay.scheduler.events.put(relay.perform(text))
    _in_a_thread(relay.look_again)
    assert provider.texts() == ["first", "second"], "a message is left behind"


def advancing(monkeypatch, *, in_one_statement: bool):
    """A design that looks for a chat's next item only when it records the end of the one before."""
    look = """
        select chat.key from outbox_orderkey chat
        where chat.key = any(%s) and not exists (
            select 1 from outbox_item item where item.order_key = chat.key and item.open and item.id <> all(%s))
        for update of chat
    """
    really_record, really_read = ticking._record, reading.chat_rows
    finished: set[uuid.UUID] = set()

    def record(ended):
        cursor = reading.raw_cursor()
        keys, ids = [[getattr(one.started.job, name) for one in ended] for name in ("order_key", "item_id")]
        if not in_one_statement:
            cursor.execute("select key from outbox_orderkey where key = any(%s) for update", [keys])
        finished.update(key for (key,) in cursor.execute(look, [keys, ids]).fetchall())
        return really_record(ended)

    def read(keys):
        return really_read([key for key in keys if key not in finished])

    monkeypatch.setattr(ticking, "_record", record)
    monkeypatch.setattr(reading, "chat_rows", read)


@pytest.mark.django_db(transaction=True)
def test_a_message_written_as_the_last_one_ends_is_found(lane, chat, provider):
    written_as_the_last_one_ends(lane, chat, provider)


@pytest.mark.django_db(transaction=True)
def test_advancing_with_the_lock_first_finds_it_too(lane, chat, provider, monkeypatch):
    advancing(monkeypatch, in_one_statement=False)
    written_as_the_last_one_ends(lane, chat, provider)


@pytest.mark.django_db(transaction=True)
def test_advancing_in_one_statement_leaves_it_behind_and_the_judge_sees_it(lane, chat, provider, monkeypatch):
    advancing(monkeypatch, in_one_statement=True)
    with pytest.raises(AssertionError, match="a message is left behind"):
        written_as_the_last_one_ends(lane, chat, provider)
    assert Item.objects.get(state=ItemState.QUEUED).payload == {"text": "second"}


def _in_a_thread(work) -> None:
    thread = threading.Thread(target=_and_let_go, args=[work])
    thread.start()
    thread.join(20)


def _and_let_go(work) -> None:
    try:
        work()
    finally:
        connection.close()
