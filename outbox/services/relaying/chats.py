"""A chat as the scheduler remembers it: where it stands, and its first items."""

import enum
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from outbox.services.relaying.lanes import LanePlan


class Standing(enum.Enum):
    UNREAD = enum.auto()  # to be read from the database
    READY = enum.auto()
    FLYING = enum.auto()  # an attempt is open
    WAITING = enum.auto()  # for a time
    BLOCKED = enum.auto()  # by an uncertain head


class OpenItem(NamedTuple):
    """A row of a chat's read. `wait` is seconds until it is due, by the database's clock."""

    id: uuid.UUID
    order_key: uuid.UUID
    lane_id: uuid.UUID
    priority: int
    state: str
    wait: float


@dataclass(slots=True, eq=False)  # identity: a chat is a key of many sets, and a UUID's hash is slow
class Chat:
    key: uuid.UUID
    lane: "LanePlan"
    urgency: int
    standing: Standing = Standing.UNREAD
    items: deque[tuple[uuid.UUID, float]] = field(default_factory=deque)  # id, due
    wake_at: float = 0.0
    timer_at: float = 0.0  # of its one armed timer
    ticket: int = 0  # names the one valid entry in the heaps
    refusals: int = 0
