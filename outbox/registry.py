"""Kinds come down: a higher app registers who performs a kind of outbox item and who records how it ended."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from outbox.errors import UnknownKind


class Job(NamedTuple):  # and Settled: named tuples, because one of each is made for every attempt
    """One attempt at one item, as `perform` sees it."""

    item_id: uuid.UUID
    workspace_id: uuid.UUID
    lane_id: uuid.UUID
    order_key: uuid.UUID
    subject_id: uuid.UUID | None
    kind: str
    payload: dict[str, Any]
    attempt_number: int
    deadline_seconds: float  # total time that perform may take, sockets included


@dataclass(frozen=True)
class Accepted:
    """The provider took it. `provider_id` is its name for the message ("" where it gives none)."""

    provider_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class Settled(NamedTuple):
    """How an item now stands, told to its kind inside the transaction that records it.

    `state` is an ItemState value. "queued" means that the item goes on waiting: for a retry at `due_at` (attempts
    used are counted), or, with `error_code` "", that it was put back without a try.
    """

    item_id: uuid.UUID
    workspace_id: uuid.UUID
    lane_id: uuid.UUID
    order_key: uuid.UUID
    subject_id: uuid.UUID | None
    kind: str
    state: str
    provider_id: str
    data: dict[str, Any]
    error_code: str
    error: str
    attempts: int
    due_at: datetime | None
    at: datetime  # database clock


@dataclass(frozen=True)
class Kind:
    """What the outbox knows of a kind.

    perform: runs on a sender thread, outside any transaction; returns Accepted or raises an AttemptEnded. Any other
        exception counts as an unknown outcome, because nobody else can tell whether the bytes had left.
    settle: runs inside the recording transaction with all items of the kind whose state it changed; writes rows only,
        and may be told the same again. The items' rows are locked before: whoever locks both locks the item first.
    look_up: asks the provider whether an uncertain item arrived; returns Accepted, or None without unique proof.
    repeatable: performing twice does no harm (reactions, read receipts), so an unknown outcome is simply tried again.
    """

    name: str
    perform: Callable[[Job], Accepted]
    settle: Callable[[Sequence[Settled]], None]
    look_up: Callable[[Job, datetime], Accepted | None] | None = None  # second argument: when the attempt started
    repeatable: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def kind_named(name: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"No worker is registered for outbox items of kind {name!r}.") from None


def is_repeatable(name: str) -> bool:
    """Whether performing an item of this kind twice does no harm; False for a kind that is not registered."""
    return name in _kinds and _kinds[name].repeatable


def kinds() -> dict[str, Kind]:
    return dict(_kinds)
