"""What a kind's `perform` raises to say how an attempt ended, and what enqueuing refuses."""

import traceback
from pathlib import Path

from kernel.errors import Conflict, DomainError, NotFound


class AttemptEnded(Exception):
    """Base of the ways an attempt ends without acceptance. `code` is for programs, `detail` one sentence for people."""

    def __init__(self, code: str, detail: str, *, http_status: int | None = None):
        self.code = code
        self.detail = detail
        self.http_status = http_status
        super().__init__(f"{code}: {detail}")


class GiveUp(AttemptEnded):
    """Refused for good: no repetition will help. The item fails and its chat goes on."""


class TryAgain(AttemptEnded):
    """Certainly not sent (no byte left, or the provider said so). Uses a try; the chat waits for the backoff."""


class OutcomeUnknown(AttemptEnded):
    """May have been sent. The item becomes uncertain, unless its kind is repeatable."""


class SlowDown(AttemptEnded):
    """429 or 503: no try is used. `after_seconds` is None when the provider named no time.

    scope "lane" holds the whole lane; "chat" delays only this chat.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        after_seconds: float | None,
        scope: str = "lane",
        http_status: int | None = None,
    ):
        super().__init__(code, detail, http_status=http_status)
        self.after_seconds = after_seconds
        self.scope = scope


class LaneClosed(AttemptEnded):
    """The channel cannot send until somebody reconnects it (401). No try is used; the lane is held."""


class UnknownKind(DomainError):
    code = "unknown_kind"
    message = "This kind of outbox item is not registered."


class NoLongerQueued(Conflict):
    code = "no_longer_queued"
    message = "It is too late: the item is being sent or has ended."


class NoSuchLane(NotFound):
    code = "no_such_lane"
    message = "There is no such lane, or it is not yours to see."


class NoSuchItem(NotFound):
    code = "no_such_item"
    message = "There is no such outbox item, or it is not yours to see."


def whereabouts(error: BaseException) -> str:
    """The type of an unforeseen error and the line that raised it. Its message may quote a body, so it stays out."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    path = Path(frames[-1].filename)
    return f"{type(error).__name__} at {path.parent.name}/{path.name}:{frames[-1].lineno}"
