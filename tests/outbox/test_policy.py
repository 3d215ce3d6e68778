"""The sums, as tables."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from outbox import policy
from outbox.policy import Ramp

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(("used", "minutes"), [(0, 0), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 16), (40, 16)])
def test_retries_come_at_once_then_after_1_2_4_8_16_minutes(used, minutes):
    assert policy.next_attempt_at(used, NOON, jitter=0.5) == NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 54.0), (0.5, 60.0), (0.999, 65.988)])
def test_jitter_spreads_a_wait_by_a_tenth_to_either_side(jitter, seconds):
    assert policy.backoff_seconds(1, jitter) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("asked", "repeats", "seconds"),
    [
        (5, 0, 5),
        (2.5, 3, 2.5),
        (0, 0, 1),
        (0.01, 0, 1),
        (36_000, 0, 3600),
        (math.inf, 0, 3600),
        (None, 0, 30),
        (None, 1, 60),
        (None, 3, 240),
        (None, 500, 3600),
        (-5, 0, 30),
        (math.nan, 1, 60),
    ],
)
def test_a_hold_lasts_as_asked_within_a_second_and_an_hour_or_doubles(asked, repeats, seconds):
    assert policy.hold_seconds(asked, repeats) == seconds


def test_the_ramp_doubles_each_time_as_many_were_accepted():
    ramp, allowed = Ramp(), []
    while ramp is not None:
        allowed.append(ramp.allowed)
        ramp = ramp.after_acceptance(cap=8)
    assert allowed == [1, 2, 2, 4, 4, 4, 4]


@pytest.mark.parametrize("cap", [1, 2])
def test_the_ramp_of_a_small_lane_is_over_after_one_success(cap):
    assert Ramp().after_acceptance(cap=cap) is None


@pytest.mark.parametrize(("age", "seconds"), [(0, 3), (3, 3), (7, 7), (50, 50), (70, 50), (119, 1), (500, 60)])
def test_looks_at_an_uncertain_item_grow_rarer_but_not_past_the_end_of_waiting(age, seconds):
    assert policy.look_up_delay(age, give_up_after_seconds=120).total_seconds() == seconds


@pytest.mark.parametrize("lease", [2, 3, 6, 30])
def test_an_attempt_fits_into_the_lease_with_a_margin_and_renewals_come_in_time(lease):
    needed = policy.send_deadline_seconds(lease) + policy.lease_margin_seconds(lease)
    assert needed + policy.renewal_seconds(lease) < lease


@pytest.mark.parametrize(
    ("owned", "lanes", "workers", "surplus"),
    [(10, 10, 2, 5), (5, 10, 2, 0), (105, 200, 2, 0), (106, 200, 2, 6), (1, 1, 3, 0)],
)
def test_a_worker_gives_back_what_is_clearly_above_its_share(owned, lanes, workers, surplus):
    assert policy.surplus(owned, lanes, workers) == surplus
