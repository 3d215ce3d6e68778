"""The scheduler's memory: which chats could go next. A plan only: the database refuses what is wrong in it.

Times are this process's monotonic seconds. A chat is in one of five standings:
unread (to be read from the database), ready, flying (an attempt is open), waiting (for a time), blocked (uncertain
head).
"""

import enum
import heapq
import math
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, islice, takewhile

from outbox.policy import Ramp, hold_seconds
from outbox.services.relaying.judging import Ended
from outbox.states import ItemState, Priority

QUOTA = (8, 2, 1)  # turns of interactive, system and campaign while all three have work
READY_ENOUGH = 16  # a lane with fewer ready chats than this is read for more
CHATS_HELD_LIMIT = 1000  # per lane; beyond it only chats named by a wake-up are added
CHAT_PAGE = 4  # items of one chat in memory; fewer in a read means that the whole chat is known
REREAD_PER_PASS = 256  # waiting and blocked chats looked at again in each pass, in case a wake-up was lost
REFUSAL_WAIT_SECONDS = (0.05, 1.0)


class Standing(enum.Enum):
    UNREAD = enum.auto()
    READY = enum.auto()
    FLYING = enum.auto()
    WAITING = enum.auto()
    BLOCKED = enum.auto()


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A row of a chat's read. `wait` is seconds until it is due, by the database's clock."""

    id: uuid.UUID
    order_key: uuid.UUID
    lane_id: uuid.UUID
    priority: int
    state: str
    wait: float


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """A lane as the database has it. `wait` is seconds until its timed hold ends, 0 when there is none."""

    id: uuid.UUID
    cap: int
    stopped: bool  # paused or closed
    wait: float


@dataclass(slots=True)
class Chat:
    key: uuid.UUID
    lane_id: uuid.UUID
    urgency: int
    standing: Standing = Standing.UNREAD
    items: deque[tuple[uuid.UUID, float]] = field(default_factory=deque)  # id, due
    wake_at: float = 0.0
    timer_at: float = 0.0  # of its one armed timer
    ticket: int = 0  # names the one valid entry in the heaps
    refusals: int = 0


@dataclass(slots=True)
class LanePlan:
    id: uuid.UUID
    cap: int
    stopped: bool = False
    resume_at: float = 0.0
    held_at: float = -math.inf  # when the last hold was learnt
    ramp: Ramp | None = None
    slow_repeats: int = 0
    in_flight: int = 0
    releasing: bool = False
    may_have_more: bool = True
    chats: set[uuid.UUID] = field(default_factory=set)
    ready: tuple[list, list, list] = field(default_factory=lambda: ([], [], []))

    def allowance(self) -> int:
        return min(self.cap, self.ramp.allowed) if self.ramp else self.cap

    def runs(self, now: float) -> bool:
        return not self.stopped and not self.releasing and self.resume_at <= now

    def may_start(self, now: float) -> bool:
        return self.runs(now) and self.in_flight < self.allowance()

    def is_low(self, now: float) -> bool:
        return (
            self.may_have_more
            and self.runs(now)
            and sum(map(len, self.ready)) < READY_ENOUGH
            and len(self.chats) < CHATS_HELD_LIMIT
        )


class Plan:
    def __init__(self) -> None:
        self.lanes: dict[uuid.UUID, LanePlan] = {}
        self.chats: dict[uuid.UUID, Chat] = {}
        self._low: dict[uuid.UUID, bool] = {}  # lanes to read; True: even when they have enough
        self._unread: dict[uuid.UUID, None] = {}
        self._dormant: dict[uuid.UUID, None] = {}
        self._rings: tuple[deque, deque, deque] = (deque(), deque(), deque())
        self._in_ring: tuple[set, set, set] = (set(), set(), set())
        self._turns = list(QUOTA)
        self._orphans: dict[uuid.UUID, uuid.UUID] = {}  # chats in flight of lanes that were dropped
        self._timers: list[tuple[float, int, str, uuid.UUID]] = []
        self._tickets = count(1)

    # --- Lanes ----------------------------------------------------------------------------------------------------

    def set_lane(self, settings: LaneSettings, now: float) -> None:
        """Take over what the database says of a lane of ours; a lane that goes on after a pause does so gently."""
        lane = self.lanes.get(settings.id)
        if lane is None:
            lane = self._new_lane(settings)
        ran = lane.runs(now)
        was_stopped, lane.cap, lane.stopped = lane.stopped, settings.cap, settings.stopped
        if settings.wait > 0:
            self._hold(lane, now + settings.wait, now)
        else:
            lane.resume_at = min(lane.resume_at, now)
        if was_stopped and not lane.stopped:
            lane.ramp = Ramp()
        if lane.runs(now) and not ran:
            self._wake_lane(lane, now)
        elif lane.is_low(now):
            self._low.setdefault(lane.id, False)
        self._activate(lane, now)

    def drop_lane(self, lane_id: uuid.UUID) -> None:
        """Forget a lane that is no longer ours. Chats in flight stay until their outcome has come."""
        lane = self.lanes.pop(lane_id, None)
        if lane is not None:
            for key in list(lane.chats):
                if self.chats[key].standing is Standing.FLYING:
                    self._orphans[key] = lane_id
                else:
                    self._forget(self.chats[key])
        self._low.pop(lane_id, None)

    def _new_lane(self, settings: LaneSettings) -> LanePlan:
        lane = self.lanes[settings.id] = LanePlan(settings.id, settings.cap)
        lane.chats = {key for key, lane_id in self._orphans.items() if lane_id == settings.id}
        lane.in_flight = len(lane.chats)
        return lane

    def give_back(self, number: int) -> None:
        """Choose so many lanes to release, idle ones first; nothing starts on them any more."""
        free = sorted((lane for lane in self.lanes.values() if not lane.releasing), key=lambda lane: lane.in_flight)
        for lane in free[:number]:
            lane.releasing = True

    def releasable(self) -> list[uuid.UUID]:
        return [lane.id for lane in self.lanes.values() if lane.releasing and lane.in_flight == 0]

    def slowed_down(self, lane_id: uuid.UUID, asked: float | None, begun: float, now: float) -> float:
        """The provider asked this lane to wait. Returns for how many seconds."""
        lane = self.lanes.get(lane_id)
        if lane is None:
            return hold_seconds(asked, 0)
        news = begun > lane.held_at  # siblings of one burst count once
        wait = hold_seconds(asked, lane.slow_repeats if news else max(lane.slow_repeats - 1, 0))
        if news:
            lane.slow_repeats += 1
        self._hold(lane, now + wait, now)
        return wait

    def closed(self, lane_id: uuid.UUID) -> None:
        if lane := self.lanes.get(lane_id):
            lane.stopped = True

    def _hold(self, lane: LanePlan, until: float, now: float) -> None:
        if until > lane.resume_at:
            lane.resume_at = until
            self._set_timer(until, "lane", lane.id)
        lane.held_at = now
        lane.ramp = Ramp()

    def _wake_lane(self, lane: LanePlan, now: float) -> None:
        lane.may_have_more = True
        if lane.is_low(now):
            self._low.setdefault(lane.id, False)
        self._activate(lane, now)

    # --- Finding and reading --------------------------------------------------------------------------------------

    def begin_pass(self, now: float) -> None:
        """Look at every running lane again, and at some chats that stand still: finds whatever no wake-up told."""
        for lane in self.lanes.values():
            if lane.runs(now):
                lane.may_have_more = True
                self._low[lane.id] = True
        for key in list(islice(self._dormant, REREAD_PER_PASS)):
            chat = self.chats[key]
            if (lane := self.lanes.get(chat.lane_id)) is not None and lane.runs(now):
                self._to_read(chat)
            else:
                self._dormant[key] = self._dormant.pop(key)  # to the end of the line

    def hint(self, lane_id: uuid.UUID, key: uuid.UUID, priority: int) -> None:
        """A wake-up names a chat: read it, or, when it is already on its way, let it be at least this urgent."""
        lane = self.lanes.get(lane_id)
        if lane is None:
            return
        chat = self.chats.get(key)
        if chat is None:
            self._add(key, lane, priority)
            return
        if priority < chat.urgency:
            chat.urgency = priority
            if chat.standing is Standing.READY:  # its page may not reach the urgent item yet
                self._to_read(chat)
        if chat.standing in (Standing.WAITING, Standing.BLOCKED):
            self._to_read(chat)

    def hint_lane(self, lane_id: uuid.UUID, now: float) -> None:
        if lane := self.lanes.get(lane_id):
            self._wake_lane(lane, now)

    def lanes_to_read(self, limit: int, now: float) -> list[uuid.UUID]:
        chosen = []
        for lane_id in list(self._low):
            if len(chosen) == limit:
                break
            forced = self._low.pop(lane_id)
            lane = self.lanes[lane_id]
            if lane.is_low(now) or (forced and lane.runs(now) and len(lane.chats) < CHATS_HELD_LIMIT):
                chosen.append(lane_id)
        return chosen

    def held_chats(self, lane_ids: Iterable[uuid.UUID]) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
        """The chats of these lanes that are known, and those of them that are not yet known to be interactive."""
        held = [key for lane_id in lane_ids for key in self.lanes[lane_id].chats]
        return held, [key for key in held if self.chats[key].urgency > Priority.INTERACTIVE]

    def found(self, lane_id: uuid.UUID, rows: Sequence[tuple[uuid.UUID, int]], full: bool, now: float) -> None:
        """What a lane's read returned: (chat, priority) of open items. `full` when there may be more behind."""
        lane = self.lanes[lane_id]
        for key, priority in rows:
            self.hint(lane_id, key, priority)
        lane.may_have_more = full
        if lane.is_low(now):
            self._low.setdefault(lane_id, False)

    def chats_to_read(self, limit: int) -> list[uuid.UUID]:
        """The next chats to read. They stay next until `loaded`, because the read may fail."""
        return list(islice(self._unread, limit))

    def loaded(self, keys: Iterable[uuid.UUID], rows: Iterable[OpenItem], now: float) -> None:
        """The first open items of each of these chats, in order. A chat without any is forgotten."""
        by_chat: dict[uuid.UUID, list[OpenItem]] = {key: [] for key in keys}
        for row in rows:
            by_chat[row.order_key].append(row)
        for key, items in by_chat.items():
            self._unread.pop(key, None)
            chat = self.chats.get(key)
            if chat is None or chat.standing is not Standing.UNREAD:
                continue
            if not items or items[0].lane_id != chat.lane_id:
                self._forget(chat)
                continue
            queued = takewhile(lambda item: item.state == ItemState.QUEUED, items)
            chat.items = deque((item.id, now + item.wait) for item in queued)
            urgency = min(item.priority for item in items)
            chat.urgency = urgency if len(items) < CHAT_PAGE else min(chat.urgency, urgency)
            if chat.items:
                self._stand(chat, now)
            else:
                self._rest(chat, Standing.BLOCKED)

    # --- Starting and landing -------------------------------------------------------------------------------------

    def pick(self, free: int, now: float) -> list[Chat]:
        """Up to `free` chats whose head should start now; they count as flying until landed or refused."""
        picked: list[Chat] = []
        while len(picked) < free and (urgency := self._whose_turn()) is not None:
            lane_id = self._rings[urgency].popleft()
            self._in_ring[urgency].discard(lane_id)
            lane = self.lanes.get(lane_id)
            if lane is None or not lane.may_start(now):
                continue
            chat = self._pop_ready(lane, urgency)
            if chat is None:
                continue
            self._turns[urgency] -= 1
            chat.standing = Standing.FLYING
            lane.in_flight += 1
            picked.append(chat)
            self._activate(lane, now)
            if lane.is_low(now):
                self._low.setdefault(lane.id, False)
        return picked

    def refused(self, chat: Chat, now: float) -> None:
        """The database did not let this chat's head start: look at the chat again, later each time."""
        self._slot_freed(chat, now)
        if chat.lane_id not in self.lanes:
            self._forget(chat)
            return
        first, most = REFUSAL_WAIT_SECONDS
        chat.wake_at = now + min(first * 2**chat.refusals, most)
        chat.refusals = min(chat.refusals + 1, 10)
        chat.items.clear()
        self._wait(chat)

    def landed(self, ended: Ended, now: float) -> None:
        chat = self.chats[ended.started.job.order_key]
        chat.refusals = 0
        lane = self.lanes.get(chat.lane_id)
        if lane is not None and ended.state == ItemState.SENT:
            lane.slow_repeats = 0
            if lane.ramp is not None and ended.started.begun > lane.held_at:
                lane.ramp = lane.ramp.after_acceptance(lane.cap)
        self._slot_freed(chat, now)
        if lane is None:
            self._forget(chat)
            return
        self._orphans.pop(chat.key, None)
        if ended.state == ItemState.UNCERTAIN:
            self._rest(chat, Standing.BLOCKED)
        elif ended.state == ItemState.QUEUED:
            chat.items[0] = (chat.items[0][0], now + ended.delay_seconds)
            self._stand(chat, now)
        else:
            chat.items.popleft()
            self._stand(chat, now) if chat.items else self._to_read(chat)

    def wake(self, now: float) -> None:
        """Let go on what waited until now."""
        while self._timers and self._timers[0][0] <= now:
            _, _, what, key = heapq.heappop(self._timers)
            if what == "lane":
                if (lane := self.lanes.get(key)) is not None and lane.runs(now):
                    self._wake_lane(lane, now)
            elif (chat := self.chats.get(key)) is not None:
                chat.timer_at = 0.0
                if chat.standing is Standing.WAITING:
                    self._wake_chat(chat, now)

    def next_timer(self) -> float:
        return self._timers[0][0] if self._timers else math.inf

    def has_reading(self) -> bool:
        return bool(self._unread or self._low)

    def has_ready(self) -> bool:
        return any(self._rings)

    # --- Inside ---------------------------------------------------------------------------------------------------

    def _add(self, key: uuid.UUID, lane: LanePlan, priority: int) -> None:
        self.chats[key] = Chat(key, lane.id, priority)
        lane.chats.add(key)
        self._unread[key] = None

    def _forget(self, chat: Chat) -> None:
        self.chats.pop(chat.key, None)
        self._unread.pop(chat.key, None)
        self._dormant.pop(chat.key, None)
        self._orphans.pop(chat.key, None)
        chat.ticket = 0
        if lane := self.lanes.get(chat.lane_id):
            lane.chats.discard(chat.key)

    def _to_read(self, chat: Chat) -> None:
        chat.standing = Standing.UNREAD
        self._dormant.pop(chat.key, None)
        self._unread[chat.key] = None

    def _rest(self, chat: Chat, standing: Standing) -> None:
        chat.standing = standing
        self._dormant[chat.key] = None

    def _wait(self, chat: Chat) -> None:
        self._rest(chat, Standing.WAITING)
        if not 0 < chat.timer_at <= chat.wake_at:
            chat.timer_at = chat.wake_at
            self._set_timer(chat.wake_at, "chat", chat.key)

    def _wake_chat(self, chat: Chat, now: float) -> None:
        if chat.wake_at > now:
            self._wait(chat)
        elif chat.items:
            self._stand(chat, now)
        else:
            self._to_read(chat)

    def _stand(self, chat: Chat, now: float) -> None:
        """Ready, or waiting until the head is due."""
        due = chat.items[0][1]
        if due > now:
            chat.wake_at = due
            self._wait(chat)
            return
        self._dormant.pop(chat.key, None)
        chat.standing = Standing.READY
        self._push(chat, now)

    def _push(self, chat: Chat, now: float) -> None:
        chat.ticket = next(self._tickets)
        lane = self.lanes[chat.lane_id]
        heapq.heappush(lane.ready[chat.urgency], (chat.items[0][0].int, chat.ticket, chat))
        self._activate(lane, now)

    def _pop_ready(self, lane: LanePlan, urgency: int) -> Chat | None:
        heap = lane.ready[urgency]
        while heap:
            _, ticket, chat = heapq.heappop(heap)
            if chat.ticket == ticket and chat.standing is Standing.READY:
                return chat
        return None

    def _activate(self, lane: LanePlan, now: float) -> None:
        if not lane.may_start(now):
            return
        for urgency, heap in enumerate(lane.ready):
            if heap and lane.id not in self._in_ring[urgency]:
                self._rings[urgency].append(lane.id)
                self._in_ring[urgency].add(lane.id)

    def _whose_turn(self) -> int | None:
        waiting = [urgency for urgency, ring in enumerate(self._rings) if ring]
        if not waiting:
            return None
        for urgency in waiting:
            if self._turns[urgency] > 0:
                return urgency
        self._turns = list(QUOTA)
        return waiting[0]

    def _slot_freed(self, chat: Chat, now: float) -> None:
        if lane := self.lanes.get(chat.lane_id):
            lane.in_flight -= 1
            self._activate(lane, now)

    def _set_timer(self, at: float, what: str, key: uuid.UUID) -> None:
        heapq.heappush(self._timers, (at, next(self._tickets), what, key))
