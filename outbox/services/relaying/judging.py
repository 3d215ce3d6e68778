"""What an attempt's end means for its item: pure, from what `perform` returned or raised."""

from dataclasses import dataclass, field
from typing import Any

from outbox import policy
from outbox.errors import (
    AttemptEnded,
    GiveUp,
    LaneClosed,
    OutcomeUnknown,
    SlowDown,
    TryAgain,
    UnknownKind,
    whereabouts,
)
from outbox.registry import Accepted, Job
from outbox.states import ItemState, Outcome

ERROR_LIMIT = 500
CODE_LIMIT = 60
PROVIDER_ID_LIMIT = 255


@dataclass(slots=True)  # not frozen, here and in Ended: made for every attempt, and that halves what it costs
class Started:
    """An attempt whose intent is committed. `begun` is this process's monotonic clock."""

    attempt_id: int
    job: Job
    max_attempts: int
    begun: float
    chat: Any = None  # the scheduler's own, for when it comes back


@dataclass(frozen=True, slots=True)
class SlowedDown:
    """The provider asked the lane to wait; `asked` is None when it named no time."""

    reason: str
    asked: float | None


@dataclass(slots=True)
class Ended:
    """How one attempt ended and where that puts its item."""

    started: Started
    outcome: str
    state: str  # of the item
    tries_used: int = 0
    delay_seconds: float = 0.0  # until the item may be touched again
    provider_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    http_status: int | None = None
    error_code: str = ""
    error: str = ""
    slowed_down: SlowedDown | None = None
    lane_closed: str = ""  # reason
    answered: bool | None = None  # whether the provider lives; None when it was not asked, or nobody can tell
    counts: bool = True  # False when the item was merely put back: its own error, if any, stays as it was


class NotStarted(Exception):
    """Too little of the lease was left, or a sender was free too late: `perform` was never called."""


def judge(started: Started, end: Accepted | BaseException, *, repeatable: bool, jitter: float) -> Ended:
    """The verdict.

    An exception that is no AttemptEnded may have come before or after the bytes left, so it counts as an unknown
    outcome; a kind that knows better says so with TryAgain or GiveUp. A kind that is not registered here (a newer
    process wrote it) uses up its tries, which gives a rolling deploy the time to finish.
    """
    facts: dict[str, Any] = {}
    if isinstance(end, AttemptEnded):
        facts = {
            "http_status": end.http_status if end.http_status in range(1000) else None,
            "error_code": storable(end.code, CODE_LIMIT),
            "error": storable(end.detail, ERROR_LIMIT),
            "answered": True if end.http_status else None,
        }
    match end:
        case Accepted():
            provider_id = storable(end.provider_id or "", PROVIDER_ID_LIMIT)
            return Ended(
                started, Outcome.SENT, ItemState.SENT, 1, provider_id=provider_id, data=end.data, answered=True
            )
        case GiveUp():
            return Ended(started, Outcome.FAILED, ItemState.FAILED, 1, **facts)
        case TryAgain():
            return _tried_in_vain(started, Outcome.RETRY, facts | {"answered": False}, jitter)
        case SlowDown(scope="chat"):
            wait = policy.hold_seconds(end.after_seconds, 0)
            return _put_back(started, Outcome.DEFERRED, delay_seconds=wait, **facts)
        case SlowDown():
            slowed_down = SlowedDown(reason=facts["error"] or facts["error_code"], asked=end.after_seconds)
            return _put_back(started, Outcome.DEFERRED, slowed_down=slowed_down, **facts)
        case LaneClosed():
            reason = facts["error"] or facts["error_code"] or "The channel cannot send."
            return _put_back(started, Outcome.DEFERRED, lane_closed=reason, **facts)
        case NotStarted():
            return _put_back(started, Outcome.NOT_SENT)
        case UnknownKind():
            facts = {"error_code": end.code, "error": storable(end.message, ERROR_LIMIT)}
            return _tried_in_vain(started, Outcome.RETRY, facts, jitter)
        case OutcomeUnknown():
            facts["answered"] = False
        case _:
            facts = {"error_code": "crashed", "error": storable(f"The worker crashed: {whereabouts(end)}", ERROR_LIMIT)}
    if repeatable:
        return _tried_in_vain(started, Outcome.UNCERTAIN, facts, jitter)
    wait = policy.look_up_delay(0).total_seconds()
    return Ended(started, Outcome.UNCERTAIN, ItemState.UNCERTAIN, 1, delay_seconds=wait, **facts)


def _put_back(started: Started, outcome: str, **facts: Any) -> Ended:
    return Ended(started, outcome, ItemState.QUEUED, counts=False, **facts)


def _tried_in_vain(started: Started, outcome: str, facts: dict[str, Any], jitter: float) -> Ended:
    used = started.job.attempt_number
    if used >= started.max_attempts:
        outcome = Outcome.FAILED if outcome == Outcome.RETRY else outcome
        return Ended(started, outcome, ItemState.FAILED, 1, **facts)
    wait = policy.backoff_seconds(used, jitter)
    return Ended(started, outcome, ItemState.QUEUED, 1, delay_seconds=wait, **facts)


def storable(text: str, limit: int) -> str:
    """`text` as PostgreSQL can keep it: no NUL, no lone surrogates, at most `limit` characters."""
    text = str(text)
    if not text.isascii() or "\x00" in text:
        text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return text[:limit]
