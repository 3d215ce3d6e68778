"""A lane as the scheduler remembers it: whether it may start something, since when it was held, and who is ready.

Times are this process's monotonic seconds.
"""

import heapq
import math
import uuid
from dataclasses import dataclass, field

from outbox import policy
from outbox.policy import Ramp
from outbox.services.relaying.chats import Chat, Standing

READY_ENOUGH = 16  # a lane with fewer ready chats than this is read for more
CHATS_HELD_LIMIT = 1000  # beyond it only chats named by a wake-up are added


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """A lane as the database has it. `wait` is seconds until its timed hold ends, 0 when there is none."""

    id: uuid.UUID
    cap: int
    stopped: bool  # paused or closed
    wait: float
    upstream: str = ""


@dataclass(slots=True, eq=False)
class LanePlan:
    id: uuid.UUID
    cap: int
    upstream: str = ""
    stopped: bool = False
    resume_at: float = 0.0
    held_at: float = -math.inf  # when the last hold was learnt
    ramp: Ramp | None = None
    slow_repeats: int = 0  # holds since the last success
    failures: int = 0  # in a row, without any answer
    trips: int = 0  # of the breaker since the last answer
    in_flight: int = 0
    releasing: bool = False
    dropped: bool = False  # no longer ours
    may_have_more: bool = True
    chats: set[Chat] = field(default_factory=set)
    ready: tuple[list, list, list] = field(default_factory=lambda: ([], [], []))  # one heap for each urgency
    in_ring: list[bool] = field(default_factory=lambda: [False, False, False])

    def allowance(self) -> int:
        return min(self.cap, self.ramp.allowed) if self.ramp else self.cap

    def runs(self, now: float) -> bool:
        return not self.stopped and not self.releasing and self.resume_at <= now

    def may_start(self, now: float) -> bool:
        return self.runs(now) and self.in_flight < self.allowance()

    def has_room(self) -> bool:
        return len(self.chats) < CHATS_HELD_LIMIT

    def is_low(self, now: float) -> bool:
        return self.may_have_more and self.has_room() and self.is_short() and self.runs(now)

    def is_short(self) -> bool:
        urgent, usual, bulk = self.ready
        return len(urgent) + len(usual) + len(bulk) < READY_ENOUGH

    def push(self, chat: Chat, ticket: int) -> None:
        """Line the chat up by the age of its head; entries that it had before count no more."""
        chat.ticket = ticket
        heapq.heappush(self.ready[chat.urgency], (chat.items[0][0].int, ticket, chat))

    def pop(self, urgency: int) -> Chat | None:
        heap = self.ready[urgency]
        while heap:
            _, ticket, chat = heapq.heappop(heap)
            if chat.ticket == ticket and chat.standing is Standing.READY:
                return chat
        return None

    def hold(self, until: float, now: float) -> bool:
        """Be still until then, and go on gently. True when this hold is longer than the one there was."""
        longer = until > self.resume_at
        self.resume_at = max(until, self.resume_at)
        self.held_at = now
        self.ramp = Ramp()
        return longer

    def was_accepted(self, begun: float) -> None:
        self.slow_repeats = 0
        if self.ramp is not None and begun > self.held_at:
            self.ramp = self.ramp.after_acceptance(self.cap)

    def asked_to_wait(self, asked: float | None, begun: float) -> float:
        """For how many seconds to hold when the provider says so; siblings of one burst count once."""
        news = begun > self.held_at
        wait = policy.hold_seconds(asked, self.slow_repeats if news else max(self.slow_repeats - 1, 0))
        self.slow_repeats += news
        return wait

    def answered(self) -> None:
        """The provider lives, whatever it said."""
        self.failures = self.trips = 0

    def failed(self, begun: float, bear: int) -> bool:
        """An attempt got no answer. True when that is one too many: after `bear` in a row, or at once on probation."""
        if begun <= self.held_at:
            return False  # a sibling of what was counted before the hold
        self.failures += 1
        if self.failures < (1 if self.trips else bear):
            return False
        self.trips += 1
        return True
