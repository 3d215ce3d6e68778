"""What people may do to items and lanes, and when it is too late."""

import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from kernel import clock, events
from outbox.errors import GiveUp, LaneClosed, NoLongerQueued, OutcomeUnknown, SlowDown
from outbox.events import LaneHeld, LaneResumed
from outbox.models import Attempt, Hold, Item, Lane
from outbox.registry import Accepted
from outbox.services import holding, operating
from outbox.states import HoldKind, ItemState
from tests.support.outbox import HandRelay, put
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch) -> list:
    heard: list = []
    monkeypatch.setattr(events, "_subscribers", events.defaultdict(list))
    for fact in (LaneHeld, LaneResumed):
        events.subscribe(fact, heard.append, events.Moment.SAME_TRANSACTION)
    return heard


def state(item: Item) -> tuple:
    item.refresh_from_db()
    return item.state, item.open


# --- Items --------------------------------------------------------------------------------------------------------


def test_a_waiting_item_can_be_cancelled_and_its_chat_goes_on(lane, chat, provider):
    one = put(lane, chat, "one")
    put(lane, chat, "two")
    operating.cancel_item(item_id=one.id)
    assert HandRelay().look() == ["two"]
    assert provider.states_told(one.id) == [ItemState.CANCELLED]


def test_an_item_in_memory_that_was_cancelled_is_not_started(lane, chat, provider):
    lane.cap = 1
    lane.save()
    put(lane, uuid.uuid4(), "first")
    second = put(lane, chat, "second")
    relay = HandRelay()
    assert relay.look() == ["first"]
    operating.cancel_item(item_id=second.id)
    assert relay.end("first") == []
    assert not Attempt.objects.filter(item=second).exists()


@pytest.mark.parametrize("deed", [operating.cancel_item, partial(operating.replace_payload, payload={"text": "other"})])
def test_it_is_too_late_once_an_attempt_is_open(lane, chat, provider, deed):
    item = put(lane, chat, "one")
    HandRelay().look()
    with pytest.raises(NoLongerQueued):
        deed(item_id=item.id)
    assert state(item) == (ItemState.QUEUED, True)


def test_a_scheduled_item_can_be_cancelled(lane, chat, provider):
    item = put(lane, chat, "one", due_at=clock.now() + timedelta(hours=1))
    operating.cancel_item(item_id=item.id)
    assert state(item) == (ItemState.CANCELLED, False)


def test_the_latest_text_is_sent(lane, chat, provider):
    item = put(lane, chat, "draft")
    operating.replace_payload(item_id=item.id, payload={"text": "final"})
    assert HandRelay().look() == ["final"]


def test_a_failed_item_tried_again_goes_to_the_tail_with_all_its_tries(lane, chat, provider):
    provider.will("one", GiveUp("bad", "No."))
    one = put(lane, chat, "one")
    put(lane, chat, "two")
    relay = HandRelay()
    relay.look()
    relay.end("one")
    put(lane, chat, "three")
    operating.retry_item(item_id=one.id)
    relay.run()
    assert provider.texts() == ["one", "two", "three", "one"]
    one.refresh_from_db()
    assert (one.state, one.attempts) == (ItemState.SENT, 1)


def test_an_uncertain_head_tried_again_keeps_its_place(lane, chat, provider):
    provider.will("one", OutcomeUnknown("timeout", "No answer."))
    one = put(lane, chat, "one")
    put(lane, chat, "two")
    relay = HandRelay()
    relay.look()
    assert relay.end("one") == []
    operating.retry_item(item_id=one.id)
    assert relay.look_again() == ["one"]
    assert relay.end("one") == ["two"]


def test_what_was_sent_cannot_be_tried_again(lane, chat, provider):
    one = put(lane, chat, "one")
    HandRelay().run()
    with pytest.raises(NoLongerQueued):
        operating.retry_item(item_id=one.id)


def test_a_released_item_stays_uncertain_and_lets_its_chat_go_on(lane, chat, provider):
    provider.will("one", OutcomeUnknown("timeout", "No answer."))
    one = put(lane, chat, "one")
    put(lane, chat, "two")
    relay = HandRelay()
    relay.look()
    relay.end("one")
    operating.release_item(item_id=one.id)
    assert state(one) == (ItemState.UNCERTAIN, False)
    assert one.released_at is not None
    assert relay.look_again() == ["two"]
    with pytest.raises(NoLongerQueued):
        operating.release_item(item_id=one.id)


def test_an_echo_confirms_an_uncertain_item_also_after_its_release(lane, chat, provider):
    provider.will("one", OutcomeUnknown("timeout", "No answer."))
    one = put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    relay.end("one")
    operating.release_item(item_id=one.id)
    operating.confirm_item(item_id=one.id, provider_id="wa-1", at=clock.now(), how="echo")
    assert state(one) == (ItemState.SENT, False)
    told = provider.settled[-1]
    assert (told.state, told.provider_id, told.data["how"]) == (ItemState.SENT, "wa-1", "echo")
    assert Attempt.objects.get(item=one).late_evidence["how"] == "echo"


def test_an_echo_before_the_answer_confirms_at_once_but_nothing_starts_beside_the_open_attempt(lane, chat, provider):
    one = put(lane, chat, "one")
    put(lane, chat, "two")
    provider.will("one", Accepted("wa-1"))
    relay = HandRelay()
    relay.look()
    operating.confirm_item(item_id=one.id, provider_id="wa-1", at=clock.now(), how="echo")
    assert state(one) == (ItemState.SENT, False)
    other = HandRelay()
    Lane.objects.update(owner_id=other.worker_id)
    assert other.look_again() == [], "the chat still has an open attempt"
    Lane.objects.update(owner_id=relay.worker_id)
    assert relay.end("one") == ["two"]
    assert state(one) == (ItemState.SENT, False)


def test_the_providers_own_answer_beats_an_echo_that_was_anothers(lane, chat, provider):
    one = put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    operating.confirm_item(item_id=one.id, provider_id="wa-other", at=clock.now(), how="echo")
    relay.end("one")
    one.refresh_from_db()
    assert one.provider_id == "wa-one"
    assert provider.settled[-1].provider_id == "wa-one"


def test_a_waiting_item_cannot_be_confirmed(lane, chat, provider):
    one = put(lane, chat, "one")
    with pytest.raises(NoLongerQueued):
        operating.confirm_item(item_id=one.id, provider_id="wa", at=clock.now(), how="echo")


# --- Lanes --------------------------------------------------------------------------------------------------------


def test_nothing_starts_in_a_paused_lane_and_resuming_goes_gently(lane, provider, heard):
    relay = HandRelay()
    relay.look()
    operating.pause_lane(lane_id=lane.id, reason="Ana is cleaning up.")
    for index in range(6):
        put(lane, uuid.uuid4(), f"{index}")
    assert relay.look_again() == []
    operating.resume_lane(lane_id=lane.id)
    assert relay.look_again() == ["0"], "one at first"
    assert len(relay.end("0")) == 2
    assert [(type(fact).__name__, fact.kind) for fact in heard] == [("LaneHeld", "person"), ("LaneResumed", "person")]
    assert Hold.objects.get().ended_at is not None


def test_a_pause_that_the_relay_has_not_heard_of_still_holds(lane, chat, provider):
    relay = HandRelay()
    relay.look()
    operating.pause_lane(lane_id=lane.id, reason="")
    put(lane, chat, "one")
    relay.scheduler.plan.lanes[lane.id].stopped = False
    relay.scheduler.plan.begin_pass(0)
    relay.scheduler._settings_at = float("inf")
    relay.scheduler.step()
    relay.scheduler.step()
    assert relay.begun == []


def test_told_to_slow_down_the_lane_waits_siblings_finish_and_no_try_is_used(lane, provider, heard):
    keys = [uuid.uuid4() for _ in range(4)]
    for index, key in enumerate(keys):
        put(lane, key, f"{index}")
    provider.will("0", SlowDown("429", "Too many requests.", after_seconds=60))
    provider.will("1", SlowDown("429", "Too many requests.", after_seconds=5))
    put(lane, keys[2], "after 2")
    relay = HandRelay()
    relay.look()
    relay.end("0")
    relay.end("1")
    assert relay.end("2") == ["3"], "nothing new starts"
    relay.end("3")
    lane.refresh_from_db()
    left = (lane.not_before - clock.now()).total_seconds()
    assert 55 < left <= 60, "the longer wait holds"
    assert Item.objects.get(payload__text="0").attempts == 0
    assert Item.objects.get(payload__text="2").state == ItemState.SENT
    assert Hold.objects.get().kind == HoldKind.RATE_LIMIT
    assert {type(fact) for fact in heard} == {LaneHeld}
    assert heard[-1].until == lane.not_before


def test_without_a_named_time_the_wait_doubles_once_per_burst(lane, provider):
    relay = HandRelay()
    relay.look()
    plan = relay.scheduler.plan
    mine = plan.lanes[lane.id]
    first = plan.slowed_down(mine, None, begun=1.0, now=10.0)
    sibling = plan.slowed_down(mine, None, begun=2.0, now=11.0)
    again = plan.slowed_down(mine, None, begun=50.0, now=51.0)
    assert (first, sibling, again) == (30, 30, 60)


def test_a_chat_that_is_slowed_down_delays_only_itself(lane, chat, provider):
    provider.will("one", SlowDown("429", "This chat only.", after_seconds=60, scope="chat"))
    one = put(lane, chat, "one")
    put(lane, uuid.uuid4(), "elsewhere")
    relay = HandRelay()
    relay.look()
    assert relay.end("one") == ["elsewhere"]
    one.refresh_from_db()
    assert (one.attempts, one.state) == (0, ItemState.QUEUED)
    assert one.due_at > clock.now() + timedelta(seconds=50)
    assert not Hold.objects.exists()


def test_a_lost_connection_closes_the_lane_until_it_is_opened(lane, chat, provider, heard):
    provider.will("one", LaneClosed("401", "The number is logged out."))
    one = put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    assert relay.end("one") == []
    lane.refresh_from_db()
    assert (lane.closed, lane.closed_reason) == (True, "The number is logged out.")
    operating.close_lane(lane_id=lane.id, reason="The number is logged out.")
    assert len(heard) == 1, "closing twice tells nothing new"
    operating.open_lane(lane_id=lane.id)
    assert relay.look_again() == ["one"]
    one.refresh_from_db()
    assert one.attempts == 0


def test_a_persons_resume_leaves_the_providers_wait_and_resume_now_ends_it(lane, chat, provider, heard):
    operating.hold_lane(lane_id=lane.id, seconds=60, reason="Too many requests.")
    operating.pause_lane(lane_id=lane.id, reason="")
    operating.resume_lane(lane_id=lane.id)
    lane.refresh_from_db()
    assert lane.not_before is not None
    operating.clear_hold(lane_id=lane.id)
    lane.refresh_from_db()
    assert lane.not_before is None
    assert [fact.kind for fact in heard if isinstance(fact, LaneResumed)] == ["person", "rate_limit"]


def test_a_hold_never_gets_shorter(lane):
    longer = operating.hold_lane(lane_id=lane.id, seconds=60, reason="first")
    assert operating.hold_lane(lane_id=lane.id, seconds=5, reason="second") == longer


def test_the_end_of_a_hold_is_told_once(lane, heard):
    operating.hold_lane(lane_id=lane.id, seconds=60, reason="Too many requests.")
    assert holding.end_passed_holds() == []
    Lane.objects.filter(pk=lane.id).update(not_before=clock.now() - timedelta(seconds=1))
    assert holding.end_passed_holds() == [lane.id]
    assert holding.end_passed_holds() == []
    assert [type(fact) for fact in heard] == [LaneHeld, LaneResumed]


def test_a_lane_is_made_once_and_keeps_its_state(lane, world):
    operating.pause_lane(lane_id=lane.id, reason="x")
    again = operating.ensure_lane(lane_id=lane.id, workspace_id=world.acme.id, name="New name", cap=2)
    assert (again.paused, again.name, again.cap) == (True, "New name", 2)


def test_deeds_on_lanes_are_audited_when_somebody_does_them(lane, world):
    operating.pause_lane(lane_id=lane.id, reason="Lunch", actor=world.adam)
    with transaction.atomic():
        operating.resume_lane(lane_id=lane.id, actor=world.adam)
    assert list(AuditEntry.objects.order_by("id").values_list("deed", flat=True)) == ["lane.paused", "lane.resumed"]
