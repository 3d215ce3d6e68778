"""Retry, rate-limit and lease sums: pure functions over seconds."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

BACKOFF_FIRST_SECONDS = 60.0
BACKOFF_CAP_SECONDS = 16 * 60.0
BACKOFF_SPREAD = 0.2  # a tenth to either side, so that items that failed together do not return together

HOLD_MIN_SECONDS = 1.0
HOLD_MAX_SECONDS = 3600.0
HOLD_DEFAULT_SECONDS = 30.0  # when a provider says "slow down" and names no time

HOLD_SPREAD_SECONDS = 0.02  # for each lane that waits already
HOLD_SPREAD_MAX_SECONDS = 10.0

BREAKER_FAILURES = 5  # in a row
BREAKER_FELLOWS = 3  # lanes of one upstream whose breaker is open, until the others bear one failure only
BREAKER_FIRST_SECONDS = 5.0
BREAKER_MAX_SECONDS = 300.0

LOOK_UP_FIRST_SECONDS = 3.0  # an echo usually arrives sooner
LOOK_UP_MAX_SECONDS = 60.0

CRASHES_UNTIL_POISON = 3


def backoff_seconds(attempts_used: int, jitter: float) -> float:
    """The wait after so many used attempts: 1, 2, 4, 8, 16, 16 … minutes, spread by `jitter` in [0, 1)."""
    wait = min(BACKOFF_FIRST_SECONDS * 2.0 ** max(attempts_used - 1, 0), BACKOFF_CAP_SECONDS)
    return wait * (1 + BACKOFF_SPREAD * (jitter - 0.5))


def next_attempt_at(attempts_used: int, now: datetime, jitter: float) -> datetime:
    """When the next attempt is due: at once for the first, then after the backoff."""
    if attempts_used == 0:
        return now
    return now + timedelta(seconds=backoff_seconds(attempts_used, jitter))


def hold_seconds(asked: float | None, repeats: int) -> float:
    """How long to hold when told to slow down: what was asked, within [1 s, 1 h].

    Without a usable figure: 30 s, doubled for each of the `repeats` times that it happened before since a success.
    """
    if asked is None or math.isnan(asked) or asked < 0:
        asked = HOLD_DEFAULT_SECONDS * 2.0 ** min(repeats, 16)
    return min(max(asked, HOLD_MIN_SECONDS), HOLD_MAX_SECONDS)


def spread_seconds(lanes_held: int, jitter: float) -> float:
    """What to add to a hold while so many lanes wait already, so that they do not all go on in one moment."""
    return jitter * min(lanes_held * HOLD_SPREAD_SECONDS, HOLD_SPREAD_MAX_SECONDS)


def failures_to_bear(fellows: int) -> int:
    """After how many unanswered attempts in a row a lane is held, with so many lanes of its upstream held for that."""
    return 1 if fellows >= BREAKER_FELLOWS else BREAKER_FAILURES


def breaker_seconds(trips: int, jitter: float) -> float:
    """How long to hold a lane whose breaker tripped for the `trips`-th time since an answer: 5, 10, 20 … 300 s."""
    wait = min(BREAKER_FIRST_SECONDS * 2.0 ** min(trips - 1, 16), BREAKER_MAX_SECONDS)
    return wait * (1 + BACKOFF_SPREAD * (jitter - 0.5))


def look_up_delay(age_seconds: float, give_up_after_seconds: float = math.inf) -> timedelta:
    """Wait until the next look at an item that has been uncertain for `age_seconds`.

    As long again as it has been, within [3 s, 60 s], but not past the moment at which waiting ends.
    """
    wait = min(max(age_seconds, LOOK_UP_FIRST_SECONDS), LOOK_UP_MAX_SECONDS)
    left = give_up_after_seconds - age_seconds
    return timedelta(seconds=min(wait, left) if left > 0 else wait)


def send_deadline_seconds(lease_seconds: float) -> float:
    """The total time one attempt may take, so that it ends well inside a lease."""
    return lease_seconds * 2 / 3


def lease_margin_seconds(lease_seconds: float) -> float:
    """How much of the lease must be left after an attempt's deadline for the attempt to start at all."""
    return lease_seconds / 10


def renewal_seconds(lease_seconds: float) -> float:
    return min(1.0, lease_seconds / 6)


def fair_share(lanes: int, workers: int) -> int:
    return math.ceil(lanes / max(workers, 1))


def surplus(owned: int, lanes: int, workers: int) -> int:
    """How many lanes to give back. Up to 5 % above the fair share stays, so that lanes do not wander."""
    share = fair_share(lanes, workers)
    return owned - share if owned > share + share // 20 else 0


@dataclass(frozen=True)
class Ramp:
    """How many attempts a lane may have open after a pause: 1, doubled each time that as many were accepted."""

    allowed: int = 1
    accepted: int = 0

    def after_acceptance(self, cap: int) -> "Ramp | None":
        """The next step, or None when the ramp has reached the lane's cap."""
        if self.accepted + 1 < self.allowed:
            return Ramp(self.allowed, self.accepted + 1)
        return Ramp(self.allowed * 2) if self.allowed * 2 < cap else None
