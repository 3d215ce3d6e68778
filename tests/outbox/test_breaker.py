"""A provider that does not answer is asked gently, and one that asks for patience is not met by a crowd afterwards."""

import uuid

import pytest

from channels_app.models import Channel
from kernel import clock
from outbox import policy
from outbox.errors import GiveUp, OutcomeUnknown, TryAgain
from outbox.models import Hold, Item, Lane
from outbox.services import operating
from outbox.states import HoldKind, ItemState
from tests.support.outbox import HandRelay, put

pytestmark = pytest.mark.django_db

UNREACHABLE = TryAgain("connect", "No connection could be made.")


def fill(lane: Lane, number: int) -> list[str]:
    texts = [f"{lane.name} {index}" for index in range(number)]
    for text in texts:
        put(lane, uuid.uuid4(), text)
    return texts


def hold_is_over(relay: HandRelay, *lanes: Lane) -> None:
    Lane.objects.update(not_before=None)
    for lane in lanes:
        relay.scheduler.plan.lanes[lane.id].resume_at = 0


def attempts_until_held(relay: HandRelay, provider, lane: Lane) -> int:
    """Every attempt fails until nothing of the lane is under way any more."""
    number = 0
    while mine := [text for text in relay.look() if text.startswith(lane.name)]:
        provider.will(mine[0], UNREACHABLE)
        relay.end(mine[0])
        number += 1
    return number


def test_a_lane_whose_provider_does_not_answer_five_times_running_is_held(lane, provider):
    fill(lane, 20)
    relay = HandRelay()
    assert attempts_until_held(relay, provider, lane) == 5 + 3, "five in a row, and three that were under way beside"
    hold = Hold.objects.get()
    assert (hold.kind, hold.ended_at) == (HoldKind.BREAKER, None)
    assert 3 < (hold.until - clock.now()).total_seconds() < 6
    assert Item.objects.filter(attempts=0).count() == 12, "those that wait use up no try"


def test_then_one_attempt_is_made_and_when_that_fails_the_wait_grows(lane, provider):
    fill(lane, 20)
    relay = HandRelay()
    attempts_until_held(relay, provider, lane)
    hold_is_over(relay, lane)
    (probe,) = relay.look_again()
    provider.will(probe, UNREACHABLE)
    assert relay.end(probe) == []
    lane.refresh_from_db()
    assert 8 < (lane.not_before - clock.now()).total_seconds() < 12
    hold_is_over(relay, lane)
    (probe,) = relay.look_again()
    assert len(relay.end(probe)) == 2, "an answer: the lane goes on, gently"


@pytest.mark.parametrize("end", [GiveUp("400", "No.", http_status=400), None])
def test_any_answer_in_between_shows_that_the_provider_lives(lane, provider, end):
    lane.cap = 1
    lane.save()
    texts = fill(lane, 9)
    for text in texts:
        provider.will(text, OutcomeUnknown("timeout", "No answer."))
    if end:
        provider.scripts[texts[4]].clear()
        provider.will(texts[4], end)
    else:
        provider.scripts[texts[4]].clear()
    relay = HandRelay()
    relay.run()
    assert provider.texts() == texts[: 4 + 1 + 4], "four failures, an answer, four failures"
    assert not Hold.objects.exists()


def test_what_crashes_in_our_own_code_is_not_the_providers_fault(lane, provider):
    for text in fill(lane, 8):
        provider.will(text, ZeroDivisionError())
    HandRelay().run()
    assert not Hold.objects.exists()


def filled_lanes(world, number: int) -> list[Lane]:
    lanes = [
        operating.ensure_lane(
            lane_id=uuid.uuid4(), workspace_id=world.acme.id, name=f"lane {index}", cap=1, upstream="somewhere"
        )
        for index in range(number)
    ]
    for each in lanes:
        fill(each, 8)
    return lanes


def failures_until_held(relay: HandRelay, provider, lanes: list[Lane]) -> list[int]:
    """Of one lane after the other."""
    failures = []
    for each in lanes:
        Lane.objects.exclude(pk=each.pk).update(paused=True)
        Lane.objects.filter(pk=each.pk).update(paused=False)
        relay.look_again()
        failures.append(attempts_until_held(relay, provider, each))
    return failures


def test_once_three_lanes_of_a_provider_are_held_the_others_bear_one_failure(lane, world, provider):
    lanes = filled_lanes(world, 5)
    assert failures_until_held(HandRelay(slots=1), provider, lanes) == [5, 5, 5, 1, 1]


def test_lanes_that_moved_to_another_provider_no_longer_count_against_the_first(lane, world, provider):
    lanes = filled_lanes(world, 4)
    relay = HandRelay(slots=1)
    assert failures_until_held(relay, provider, lanes[:3]) == [5, 5, 5]
    Lane.objects.filter(pk__in=[each.pk for each in lanes[:3]]).update(upstream="elsewhere")
    assert failures_until_held(relay, provider, lanes[3:]) == [5]


def test_the_channel_is_degraded_meanwhile_and_connected_afterwards(
    lane, provider, world, django_capture_on_commit_callbacks
):
    Channel.objects.filter(pk=lane.pk).update(status="connected")
    fill(lane, 20)
    relay = HandRelay()
    with django_capture_on_commit_callbacks(execute=True):
        attempts_until_held(relay, provider, lane)
    assert Channel.objects.get(pk=lane.pk).status == "degraded"
    with django_capture_on_commit_callbacks(execute=True):
        operating.clear_hold(lane_id=lane.pk)
    assert Channel.objects.get(pk=lane.pk).status == "connected"
    assert Item.objects.filter(state=ItemState.QUEUED).count() == 20


@pytest.mark.parametrize(("trips", "seconds"), [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (500, 300)])
def test_the_wait_of_an_open_breaker_doubles_up_to_five_minutes(trips, seconds):
    assert policy.breaker_seconds(trips, jitter=0.5) == seconds


@pytest.mark.parametrize(("held", "jitter", "seconds"), [(0, 0.9, 0), (10, 0.5, 0.1), (500, 1.0, 10), (5000, 1.0, 10)])
def test_the_more_lanes_wait_the_wider_their_ends_are_spread(held, jitter, seconds):
    assert policy.spread_seconds(held, jitter) == pytest.approx(seconds)
