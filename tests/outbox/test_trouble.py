"""When kinds, workers or rows misbehave: the culprit is set aside and its neighbours go on."""

import uuid

import pytest
from django.db import OperationalError, connection, connections

from outbox import registry
from outbox.errors import OutcomeUnknown, TryAgain
from outbox.models import Attempt, Item, Lane, Worker
from outbox.registry import Accepted
from outbox.services import reconciling, settling
from outbox.services.relaying import owning, reading, scheduling, threads
from outbox.services.relaying.ticking import LaneDeeds, write_tick
from outbox.states import ItemState, Outcome
from tests.support.outbox import KIND, REPEATABLE, HandRelay, put

pytestmark = pytest.mark.django_db


def ready_to_look_up(item: Item, *, age: int) -> None:
    Item.objects.filter(pk=item.pk).update(due_at="2026-01-01T00:00Z")
    with connection.cursor() as cursor:
        cursor.execute(
            "update outbox_item set finished_at = clock_timestamp() - %s * interval '1 second' where id = %s",
            [age, item.pk],
        )


def worker_dies(relay: HandRelay) -> None:
    Worker.objects.filter(pk=relay.worker_id).update(lease_until="2026-01-01T00:00Z")
    owning.bury_the_dead()


# --- Kinds that fail ----------------------------------------------------------------------------------------------


def test_a_settle_that_fails_for_one_item_harms_no_other_and_is_told_again(lane, chat, provider):
    def on_settle(one):
        if one.provider_id == "wa-bad":
            raise ValueError("cannot record this")

    provider.on_settle = on_settle
    provider.will("bad", Accepted("wa-bad"))
    bad = put(lane, chat, "bad")
    put(lane, chat, "next")
    put(lane, uuid.uuid4(), "neighbour")
    relay = HandRelay()
    relay.look()
    for text in ("bad", "neighbour"):
        relay.scheduler.events.put(relay.perform(text))
    assert relay.look() == ["next"]
    bad.refresh_from_db()
    assert (bad.state, bad.provider_id) == (ItemState.SENT, "wa-bad"), "what really happened is kept"
    assert bad.settle_error.startswith("ValueError at ")
    assert [one.provider_id for one in provider.settled] == ["wa-neighbour"]

    assert settling.tell_again() == 0
    provider.on_settle = lambda one: None
    assert settling.tell_again() == 1
    bad.refresh_from_db()
    assert bad.settle_error == ""
    assert provider.states_told(bad.pk) == [ItemState.SENT]


def test_a_settle_that_meets_a_lock_is_repeated_before_it_is_set_aside(lane, chat, provider):
    def on_settle(one):
        raise OperationalError("lock timeout")

    provider.on_settle = on_settle
    item = put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    relay.scheduler.events.put(relay.perform("one"))
    for _ in range(2):
        with pytest.raises(OperationalError):
            relay.scheduler.step()
        item.refresh_from_db()
        assert item.state == ItemState.QUEUED
    relay.look()
    item.refresh_from_db()
    assert (item.state, bool(item.settle_error)) == (ItemState.SENT, True)


def test_an_unregistered_kind_uses_up_its_tries_and_fails(lane, chat, provider):
    item = put(lane, chat, "one", max_attempts=1)
    neighbour = put(lane, uuid.uuid4(), "two", kind=REPEATABLE)
    del registry._kinds[KIND]
    relay = HandRelay()
    relay.run()
    item.refresh_from_db()
    neighbour.refresh_from_db()
    assert (item.state, item.error_code) == (ItemState.FAILED, "unknown_kind")
    assert neighbour.state == ItemState.SENT


@pytest.mark.parametrize(("kind", "state"), [(KIND, ItemState.UNCERTAIN), (REPEATABLE, ItemState.QUEUED)])
def test_a_worker_that_crashes_leaves_doubt_unless_repeating_does_no_harm(lane, chat, provider, kind, state):
    provider.will("one", ZeroDivisionError(), SystemExit(1))
    item = put(lane, chat, "one", kind=kind)
    HandRelay().run()
    item.refresh_from_db()
    assert (item.state, item.error_code, item.attempts) == (state, "crashed", 1)


def test_an_answer_that_is_none_leaves_doubt(lane, chat, provider):
    provider.will("one", lambda job: None)
    item = put(lane, chat, "one")
    HandRelay().run()
    item.refresh_from_db()
    assert item.state == ItemState.UNCERTAIN


# --- Workers that die -----------------------------------------------------------------------------------------------


def test_what_a_dead_worker_had_begun_is_uncertain_and_blocks_its_chat(lane, chat, provider):
    one = put(lane, chat, "one")
    put(lane, chat, "two")
    again = put(lane, uuid.uuid4(), "again", kind=REPEATABLE)
    first = HandRelay()
    first.look()
    worker_dies(first)
    one.refresh_from_db()
    again.refresh_from_db()
    assert (one.state, one.open, one.error_code) == (ItemState.UNCERTAIN, True, "worker_lost")
    assert (again.state, again.attempts) == (ItemState.QUEUED, 1)
    assert HandRelay().look() == ["again"]


def test_a_dead_worker_starts_nothing_and_takes_no_lane(lane, chat, provider):
    relay = HandRelay()
    relay.look()
    Worker.objects.filter(pk=relay.worker_id).update(dead=True)
    put(lane, chat, "one")
    assert relay.look_again() == []
    assert relay.scheduler.fenced
    Lane.objects.update(owner=None)
    assert owning.take_share(relay.worker_id) == (0, 0)
    assert not owning.renew(relay.worker_id, 30)


def test_a_worker_without_a_lease_starts_nothing(lane, chat, provider):
    relay = HandRelay()
    Worker.objects.filter(pk=relay.worker_id).update(lease_until="2026-01-01T00:00Z")
    put(lane, chat, "one")
    assert relay.look() == []
    assert not Attempt.objects.exists()


def test_the_late_answer_of_a_dead_worker_is_believed_only_while_there_is_doubt(lane, chat, provider):
    provider.will("two", OutcomeUnknown("timeout", "No answer."))
    one, two = put(lane, chat, "one"), put(lane, uuid.uuid4(), "two")
    relay = HandRelay()
    relay.look()
    late = [relay.perform("one"), relay.perform("two")]
    worker_dies(relay)
    for ended in late:
        relay.scheduler.events.put(ended)
    relay.scheduler.step()
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, one.provider_id) == (ItemState.SENT, "wa-one")
    assert two.state == ItemState.UNCERTAIN
    evidence = Attempt.objects.get(item=one)
    assert (evidence.outcome, evidence.late_evidence["outcome"]) == (Outcome.UNCERTAIN, Outcome.SENT)


def test_an_item_whose_attempts_ended_three_processes_is_set_aside(lane, chat, provider):
    item = put(lane, chat, "bomb", kind=REPEATABLE)
    put(lane, chat, "next", kind=REPEATABLE)
    for _ in range(3):
        relay = HandRelay()
        assert relay.look() == ["bomb"]
        worker_dies(relay)
    item.refresh_from_db()
    assert (item.state, item.error_code) == (ItemState.FAILED, "poison")
    assert HandRelay().look() == ["next"]


def test_dead_workers_are_swept_away_and_their_attempts_stay(lane, chat, provider):
    relay = HandRelay()
    put(lane, chat, "one")
    relay.run()
    owning.retire(relay.worker_id)
    owning.bury_the_dead()
    owning.forget_old_workers()
    assert Worker.objects.filter(pk=relay.worker_id).exists()
    Worker.objects.update(lease_until="2026-01-01T00:00Z")
    owning.forget_old_workers()
    assert not Worker.objects.exists()
    assert Attempt.objects.get().worker_id == relay.worker_id


# --- Commits in doubt -----------------------------------------------------------------------------------------------


def test_an_outcome_written_twice_counts_once(lane, chat, provider):
    one = put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    ended = relay.perform("one")
    for _ in range(2):
        relay.scheduler._unwritten.append(ended)
        relay.scheduler.step()
    one.refresh_from_db()
    assert (one.attempts, one.state) == (1, ItemState.SENT)
    assert len(provider.settled) == 1
    assert Attempt.objects.get().late_evidence is None


def test_an_intent_whose_commit_nobody_saw_never_left(lane, chat, provider, monkeypatch):
    really = scheduling.write_tick

    def commits_then_fails(**options):
        really(**options)
        monkeypatch.setattr(scheduling, "write_tick", really)
        raise OperationalError("connection lost during commit")

    monkeypatch.setattr(scheduling, "write_tick", commits_then_fails)
    one = put(lane, chat, "one")
    relay = HandRelay()
    with pytest.raises(OperationalError):
        relay.look()
    assert relay.begun == []
    relay.scheduler.step()
    assert Attempt.objects.order_by("id")[0].outcome == Outcome.NOT_SENT
    relay.scheduler.plan.chats[chat].wake_at = 0
    assert relay.look_again() == ["one"]
    one.refresh_from_db()
    assert one.attempts == 0


@pytest.mark.parametrize("lie", ["ended", "beside an open attempt", "before its head", "foreign"])
def test_the_database_refuses_what_a_wrong_plan_wants_to_start(lane, world, chat, provider, lie):
    waiting_chat = uuid.uuid4()
    provider.will("head", TryAgain("dns", "Not found."))
    items = {"ended": put(lane, chat, "first")}
    put(lane, chat, "second")
    put(lane, waiting_chat, "head")
    relay = HandRelay()
    relay.look()
    relay.end("first")
    relay.end("head")
    zoes = Lane.objects.get(pk=world.zoes_channel.id)
    items["foreign"] = put(zoes, uuid.uuid4(), "foreign")
    Lane.objects.filter(pk=zoes.pk).update(owner=None)
    items["beside an open attempt"] = put(lane, chat, "third")
    items["before its head"] = put(lane, waiting_chat, "after head")
    wanted = items[lie]
    written = write_tick(
        worker_id=relay.worker_id,
        ended=[],
        lane_deeds=LaneDeeds(),
        picked=[wanted.pk],
        doubtful=[],
        deadline_seconds=20,
        patient=True,
    )
    assert written.started == []


def test_outcomes_of_a_failed_tick_are_written_before_anything_is_read(lane, chat, provider, monkeypatch):
    """Else the database would still show as waiting what has ended."""
    fails = [OperationalError("lock timeout")]

    def on_settle(one):
        if fails:
            raise fails.pop()

    provider.on_settle = on_settle
    put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    relay.scheduler.events.put(relay.perform("one"))
    with pytest.raises(OperationalError):
        relay.scheduler.step()
    unwritten_at_reads = []
    really = reading.chat_rows

    def watched(keys):
        unwritten_at_reads.append(not relay.scheduler.is_recorded())
        return really(keys)

    monkeypatch.setattr(reading, "chat_rows", watched)
    relay.look_again()
    assert unwritten_at_reads == [False]


@pytest.mark.parametrize("read", ["lane_settings", "lane_rows", "chat_rows"])
def test_a_read_that_fails_forgets_nobody(lane, chat, provider, monkeypatch, read):
    put(lane, chat, "one")
    really = getattr(reading, read)

    def fails_once(*args):
        monkeypatch.setattr(reading, read, really)
        raise OperationalError("connection lost")

    relay = HandRelay()
    monkeypatch.setattr(reading, read, fails_once)
    with pytest.raises(OperationalError):
        relay.look()
    assert relay.look_again() == ["one"]


# --- Reconciling ------------------------------------------------------------------------------------------------------


@pytest.fixture
def doubtful(lane, chat, provider) -> Item:
    provider.will("one", OutcomeUnknown("timeout", "No answer."))
    item = put(lane, chat, "one")
    HandRelay().run()
    return item


@pytest.fixture
def inline(monkeypatch):
    """Look-ups in the test's own thread, which sees its uncommitted rows."""

    class Inline:
        def __init__(self, *args, **options): ...

        def __enter__(self):
            return self

        def __exit__(self, *error): ...

        map = staticmethod(map)

    monkeypatch.setattr(reconciling, "ThreadPoolExecutor", Inline)
    monkeypatch.setattr(reconciling.connections, "close_all", lambda: None)


def test_an_uncertain_item_is_not_looked_up_at_once(doubtful, provider, inline):
    assert reconciling.reconcile(deadline_seconds=5) == 0


def test_proof_at_the_provider_makes_an_uncertain_item_sent(doubtful, provider, inline, monkeypatch):
    monkeypatch.setattr(provider, "look_up", lambda job, at: Accepted("wa-found"))
    registry.register(registry.Kind(KIND, provider.perform, provider.settle, provider.look_up))
    ready_to_look_up(doubtful, age=5)
    assert reconciling.reconcile(deadline_seconds=5) == 1
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.provider_id) == (ItemState.SENT, "wa-found")


def test_without_proof_the_chat_waits_and_is_released_in_the_end(doubtful, lane, chat, provider, inline, monkeypatch):
    monkeypatch.setattr(provider, "look_up", lambda job, at: None)
    registry.register(registry.Kind(KIND, provider.perform, provider.settle, provider.look_up))
    put(lane, chat, "two")
    ready_to_look_up(doubtful, age=40)
    reconciling.reconcile(deadline_seconds=5)
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.open) == (ItemState.UNCERTAIN, True)
    assert reconciling.reconcile(deadline_seconds=5) == 0, "the next look is later"
    ready_to_look_up(doubtful, age=121)
    reconciling.reconcile(deadline_seconds=5)
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.open) == (ItemState.UNCERTAIN, False)
    assert HandRelay().look() == [], "the lane belongs to the first relay"


def test_a_look_up_that_fails_proves_nothing(doubtful, provider, inline, monkeypatch):
    def broken(job, at):
        raise ConnectionError("provider away")

    registry.register(registry.Kind(KIND, provider.perform, provider.settle, broken))
    ready_to_look_up(doubtful, age=5)
    assert reconciling.reconcile(deadline_seconds=5) == 1
    doubtful.refresh_from_db()
    assert doubtful.state == ItemState.UNCERTAIN


def test_a_connection_that_goes_back_into_a_pool_brings_no_limits_along(monkeypatch):
    """A drain that a web process runs shares the pool with its requests."""
    settings = connection.settings_dict
    pooled = type(connections["default"])(
        {**settings, "OPTIONS": {**settings["OPTIONS"], "pool": {"min_size": 1, "max_size": 1}}}, "pooled"
    )
    monkeypatch.setattr(threads, "connection", pooled)

    def limits() -> list[str]:
        with pooled.cursor() as cursor:
            cursor.execute(
                "select current_setting('statement_timeout'), current_setting('lock_timeout'), "
                "current_setting('idle_in_transaction_session_timeout'), pg_backend_pid()::text"
            )
            return list(cursor.fetchone())

    try:
        *before, backend = limits()
        threads.Session().ready()
        assert limits() == ["5s", "2s", "2s", backend]
        threads.let_go()
        assert limits() == [*before, backend]
    finally:
        pooled.close()
        pooled.close_pool()
