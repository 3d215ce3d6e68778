"""The relay in threads of its own: woken, outliving its database, sharing lanes with a neighbour."""

import threading
import time
import uuid
from collections import defaultdict

import pytest
from django.db import connection, transaction

from outbox.errors import OutcomeUnknown, SlowDown, TryAgain
from outbox.models import Attempt, Hold, Item, Lane, Worker
from outbox.registry import Accepted
from outbox.services import waking
from outbox.services.relaying import Relay, drain_once, owning
from outbox.services.relaying.plan import Plan
from outbox.states import ItemState
from tests.support.outbox import (
    QUICK,
    assert_cap_held,
    assert_order_held,
    put,
    running_relay,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)


def ended(number: int) -> bool:
    return Item.objects.filter(open=False).count() >= number


def test_a_message_is_sent_soon_after_its_commit(lane, chat, provider):
    with running_relay() as relay:
        wait_until(lambda: relay.incarnation and lane.id in relay.incarnation.scheduler.plan.lanes)
        put(lane, chat, "hello")
        wait_until(lambda: ended(1), 2)
    assert provider.texts() == ["hello"]


def test_without_any_wake_up_the_relay_finds_the_message_by_itself(lane, chat, provider, monkeypatch):
    monkeypatch.setattr("outbox.services.enqueuing.wake_after_commit", lambda tokens: None)
    with running_relay() as relay:
        wait_until(lambda: relay.incarnation and lane.id in relay.incarnation.scheduler.plan.lanes)
        put(lane, chat, "hello")
        put_at = time.monotonic()
        wait_until(lambda: ended(1), 3)
        assert provider.calls[0][2] - put_at < 1.5


def test_two_relays_send_everything_once_in_order_and_within_the_cap(lane, world, provider):
    chats = defaultdict(list)
    lanes = [lane, Lane.objects.get(pk=world.zoes_channel.id)]
    lanes += [Lane.objects.create(workspace=world.acme, name=f"more {index}", cap=2) for index in range(4)]
    keys = {each.id: [uuid.uuid4() for _ in range(4)] for each in lanes}
    with running_relay(), running_relay():
        for index in range(60):
            each = lanes[index % len(lanes)]
            key = keys[each.id][index // len(lanes) % 4]
            chats[key].append(f"{index}")
            provider.will(f"{index}", lambda job: time.sleep(0.01) or Accepted(job.payload["text"]))
            put(each, key, f"{index}")
        wait_until(lambda: ended(60), 20)
    assert_order_held(provider, chats)
    for each in lanes:
        assert_cap_held(each)
    assert not Attempt.objects.filter(finished_at__isnull=True).exists()
    assert not Lane.objects.filter(owner__isnull=False).exists(), "a clean end gives every lane back"


def test_a_second_relay_gets_its_share_of_the_lanes(lane, world, provider):
    for index in range(8):
        Lane.objects.create(workspace=world.acme, name=f"more {index}")
    owners = lambda: set(Lane.objects.values_list("owner_id", flat=True))  # noqa: E731
    with running_relay():
        wait_until(lambda: None not in owners(), 5)
        with running_relay():
            wait_until(lambda: len(owners()) == 2 and None not in owners(), 5, "two owners")
            counts = [Lane.objects.filter(owner_id=owner).count() for owner in owners()]
            assert sorted(counts) == [5, 5]


def test_a_worker_that_vanished_is_replaced_when_its_lease_is_over(lane, chat, provider):
    gone = owning.register(shares=True, lease_seconds=1)
    Lane.objects.update(owner_id=gone)
    item = put(lane, chat, "maybe")
    follower = put(lane, chat, "after")
    Attempt.objects.create(item=item, order_key=chat, lane_id=lane.id, worker_id=gone)
    with running_relay():
        wait_until(lambda: Item.objects.get(pk=item.pk).state == ItemState.UNCERTAIN, 5, "takeover")
        wait_until(lambda: provider.looked_up, 8, "the provider is asked")
        assert Item.objects.get(pk=follower.pk).state == ItemState.QUEUED
    assert provider.texts() == [], "what may have been sent is not sent again, and what follows waits"
    assert Worker.objects.get(pk=gone).dead


def test_a_worker_declared_dead_while_sending_only_leaves_evidence(lane, chat, provider):
    let_go = threading.Event()
    provider.will("slow", lambda job: let_go.wait(10) and Accepted("wa-late"))
    item = put(lane, chat, "slow")
    follower = put(lane, chat, "next")
    with running_relay() as relay:
        wait_until(lambda: Attempt.objects.filter(finished_at__isnull=True).exists())
        first = relay.incarnation.worker_id
        Worker.objects.filter(pk=first).update(dead=True)
        with running_relay():
            wait_until(lambda: Item.objects.get(pk=item.pk).state == ItemState.UNCERTAIN, 5, "neighbour takes over")
            assert Item.objects.get(pk=follower.pk).attempts == 0
            let_go.set()
            wait_until(lambda: ended(2), 8, "late success is believed, the chat goes on")
        wait_until(lambda: relay.incarnation.worker_id != first, 8, "a new incarnation")
    item.refresh_from_db()
    assert (item.state, item.provider_id) == (ItemState.SENT, "wa-late")
    attempt = Attempt.objects.get(item=item)
    assert attempt.outcome == "uncertain"
    assert attempt.late_evidence["provider_id"] == "wa-late"
    assert provider.texts() == ["slow", "next"]


def test_asked_to_slow_down_the_lane_waits_and_resumes_by_itself_in_time(lane, provider):
    chats = [uuid.uuid4() for _ in range(4)]
    provider.will("0", SlowDown("too_many", "Too many requests.", after_seconds=1.0))
    for index, key in enumerate(chats):
        put(lane, key, f"{index}")
    with running_relay():
        wait_until(lambda: Hold.objects.exists(), 5, "hold")
        hold = Hold.objects.get()
        wait_until(lambda: ended(4), 6)
        wait_until(lambda: Hold.objects.filter(ended_at__isnull=False).exists(), 3, "hold ends")
    again = Attempt.objects.filter(item__payload__text="0").order_by("-id")[0]
    assert 0 <= (again.started_at - hold.until).total_seconds() < 0.25
    assert again.item.attempts == 1, "waiting used up no try"


def test_a_lost_connection_to_the_database_loses_no_outcome(lane, chat, provider):
    texts = [f"{index}" for index in range(30)]
    for text in texts:
        provider.will(text, lambda job: time.sleep(0.02) or Accepted(job.payload["text"]))
        put(lane, chat, text)
    with running_relay():
        for kill in range(3):
            wait_until(lambda kill=kill: ended(kill * 5 + 2), 20)
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where pid <> pg_backend_pid() and datname = current_database()"
                )
        wait_until(lambda: ended(30), 20)
    assert_order_held(provider, {chat: texts})
    assert set(Item.objects.values_list("state", flat=True)) == {ItemState.SENT}


def test_a_one_shot_run_drains_and_reports(lane, provider):
    for index in range(5):
        put(lane, uuid.uuid4(), f"{index}")
    provider.will("0", TryAgain("connect", "No connection."))
    provider.will("1", OutcomeUnknown("timeout", "No answer."))
    report = drain_once(max_seconds=20, options=QUICK)
    assert report.as_dict() == {
        "sent": 3, "failed": 0, "retried": 1, "uncertain": 1, "remaining": 2, "paused_lanes": 0
    }  # fmt: skip
    assert not Lane.objects.filter(owner__isnull=False).exists()


def test_a_one_shot_run_beside_a_relay_leaves_its_lanes_alone(lane, chat, provider):
    with running_relay():
        wait_until(lambda: not Lane.objects.filter(owner__isnull=True).exists())
        owners = set(Lane.objects.values_list("owner_id", flat=True))
        assert drain_once(max_seconds=5, options=QUICK).sent == 0
        assert set(Lane.objects.values_list("owner_id", flat=True)) == owners


def test_two_one_shot_runs_at_once_send_everything_once(lane, chat, provider):
    texts = [f"{index}" for index in range(20)]
    for text in texts:
        put(lane, chat, text)
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(drain_once(options=QUICK))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(report.sent for report in reports) == 20
    assert_order_held(provider, {chat: texts})


def test_a_relay_that_starts_while_the_database_is_away_waits_for_it(lane, chat, provider, monkeypatch):
    really, calls = owning.register, []

    def flaky(**options):
        calls.append(options)
        if len(calls) < 3:
            raise ConnectionError("away")
        return really(**options)

    monkeypatch.setattr(owning, "register", flaky)
    put(lane, chat, "hello")
    with running_relay():
        wait_until(lambda: ended(1), 8)


def test_a_failing_wake_up_never_fails_the_deed(lane, chat, provider, monkeypatch):
    def broken():
        raise RuntimeError("no thread to be had")

    monkeypatch.setattr(waking, "_waker", broken)
    item = put(lane, chat, "hello")
    assert Item.objects.filter(pk=item.pk).exists()


def test_the_relay_is_not_drained_inside_a_transaction(lane):
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        drain_once()


def test_a_relay_stops_cleanly_in_mid_send(lane, chat, provider):
    begun = threading.Event()
    provider.will("slow", lambda job: begun.set() or time.sleep(0.5) or Accepted("wa-slow"))
    item = put(lane, chat, "slow")
    with running_relay(QUICK) as relay:
        assert begun.wait(5)
    item.refresh_from_db()
    assert item.state == ItemState.SENT
    assert isinstance(relay, Relay)
    assert Worker.objects.get(pk=relay.incarnation.worker_id).dead


def test_an_error_of_our_own_gives_the_work_to_a_fresh_incarnation(lane, chat, provider, monkeypatch):
    really, calls = Plan.pick, []

    def fails_once(self, free, now):
        picked = really(self, free, now)
        if picked and not calls:
            calls.append(picked)
            raise ZeroDivisionError
        return picked

    monkeypatch.setattr(Plan, "pick", fails_once)
    put(lane, chat, "hello")
    with running_relay():
        wait_until(lambda: ended(1), 10)
    assert provider.texts() == ["hello"]
