"""What lists and timelines read."""

import uuid

import pytest

from outbox.errors import GiveUp, OutcomeUnknown, TryAgain
from outbox.models import Item
from outbox.selectors.history import history_of
from outbox.selectors.lanes import lane_overviews
from outbox.services import operating
from tests.support.outbox import HandRelay, put

pytestmark = pytest.mark.django_db


def overview(lane):
    return next(one for one in lane_overviews(lane.workspace_id) if one.lane == lane)


def test_an_idle_lane(lane):
    one = overview(lane)
    assert (one.state, one.waiting, one.oldest_waiting_at, one.needs_person) == ("idle", 0, None, 0)


def test_a_lane_at_work_tells_what_it_sent_and_what_needs_a_person(lane, provider):
    provider.will("bad", GiveUp("x", "No."))
    provider.will("maybe", OutcomeUnknown("x", "No answer."))
    for text in ("one", "bad", "maybe"):
        put(lane, uuid.uuid4(), text)
    oldest = Item.objects.get(payload__text="maybe").created_at
    HandRelay().run()
    put(lane, uuid.uuid4(), "waiting")
    one = overview(lane)
    assert (one.state, one.waiting, one.needs_person, one.sent_last_hour[-1]) == ("running", 2, 2, 1)
    assert one.oldest_waiting_at == oldest


def test_a_lane_that_waits_for_another_try_says_why_and_until_when(lane, chat, provider):
    provider.will("one", TryAgain("dns", "The provider's name was not found."))
    item = put(lane, chat, "one")
    HandRelay().run()
    item.refresh_from_db()
    one = overview(lane)
    assert (one.state, one.reason, one.until) == ("retrying", "The provider's name was not found.", item.due_at)


def test_worst_news_first(lane):
    operating.hold_lane(lane_id=lane.id, seconds=60, reason="Too many requests.")
    assert overview(lane).state == "held"
    assert overview(lane).until is not None
    operating.pause_lane(lane_id=lane.id, reason="Lunch")
    assert overview(lane).state == "paused"
    operating.close_lane(lane_id=lane.id, reason="Logged out.")
    assert (overview(lane).state, overview(lane).reason) == ("closed", "Logged out.")


def test_the_history_of_a_subject_names_attempts_and_holds(lane, chat, provider, django_assert_num_queries):
    subject = uuid.uuid4()
    operating.hold_lane(lane_id=lane.id, seconds=60, reason="before and during")
    provider.will("one", GiveUp("x", "No."))
    put(lane, chat, "one", subject_id=subject)
    operating.clear_hold(lane_id=lane.id)
    HandRelay().run()
    operating.pause_lane(lane_id=lane.id, reason="after its end")
    with django_assert_num_queries(3):
        (history,) = history_of(subject)
    assert [attempt.outcome for attempt in history.attempts] == ["failed"]
    assert [hold.reason for hold in history.holds] == ["before and during"]
    assert history_of(uuid.uuid4()) == []
