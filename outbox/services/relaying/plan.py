"""The scheduler's memory: which chats could go next. A plan only: the database refuses what is wrong in it.

Times are this process's monotonic seconds.
"""

import heapq
import math
import random
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import count, islice, takewhile

from outbox import policy
from outbox.services.relaying.chats import Chat, OpenItem, Standing
from outbox.services.relaying.judging import Ended
from outbox.services.relaying.lanes import LanePlan, LaneSettings
from outbox.services.relaying.turns import Turns
from outbox.states import ItemState, Outcome, Priority

CHAT_PAGE = 4  # items of one chat in memory; fewer in a read means that the whole chat is known
REREAD_PER_PASS = 256  # waiting and blocked chats looked at again in each pass, in case a wake-up was lost
REFUSAL_WAIT_SECONDS = (0.05, 1.0)


class Plan:
    def __init__(self) -> None:
        self.lanes: dict[uuid.UUID, LanePlan] = {}
        self.chats: dict[uuid.UUID, Chat] = {}
        self._low: dict[LanePlan, bool] = {}  # lanes to read; True: even when they have enough
        self._unread: dict[Chat, None] = {}
        self._dormant: dict[Chat, None] = {}
        self._orphans: dict[Chat, None] = {}  # in flight, of lanes that were dropped
        self._turns = Turns()
        self._timers: list[tuple[float, int, LanePlan | Chat]] = []
        self._tickets = count(1)

    # --- Lanes ----------------------------------------------------------------------------------------------------

    def set_lane(self, settings: LaneSettings, now: float) -> None:
        """Take over what the database says of a lane of ours; a lane that goes on after a pause does so gently."""
        lane = self.lanes.get(settings.id) or self._new_lane(settings)
        ran, was_stopped = lane.runs(now), lane.stopped
        lane.cap, lane.stopped, lane.upstream = settings.cap, settings.stopped, settings.upstream
        if settings.wait > 0:
            self._hold(lane, now + settings.wait, now)
        else:
            lane.resume_at = min(lane.resume_at, now)
        if was_stopped and not lane.stopped:
            lane.ramp = policy.Ramp()
        if lane.runs(now) and not ran:
            lane.may_have_more = True
        self._read_if_low(lane, now)
        self._turns.line_up(lane, now)

    def drop_lane(self, lane_id: uuid.UUID) -> None:
        """Forget a lane that is no longer ours. Chats in flight stay until their outcome has come."""
        lane = self.lanes.pop(lane_id, None)
        if lane is None:
            return
        lane.dropped = True
        for chat in list(lane.chats):
            if chat.standing is Standing.FLYING:
                self._orphans[chat] = None
            else:
                self._forget(chat)
        self._low.pop(lane, None)

    def _new_lane(self, settings: LaneSettings) -> LanePlan:
        lane = self.lanes[settings.id] = LanePlan(settings.id, settings.cap)
        lane.chats = {chat for chat in self._orphans if chat.lane.id == settings.id}
        lane.in_flight = len(lane.chats)
        for chat in lane.chats:
            chat.lane = lane
        return lane

    def give_back(self, number: int) -> None:
        """Choose so many lanes to release, idle ones first; nothing starts on them any more."""
        free = sorted((lane for lane in self.lanes.values() if not lane.releasing), key=lambda lane: lane.in_flight)
        for lane in free[:number]:
            lane.releasing = True

    def releasable(self) -> list[uuid.UUID]:
        return [lane.id for lane in self.lanes.values() if lane.releasing and lane.in_flight == 0]

    def slowed_down(self, lane: LanePlan, asked: float | None, begun: float, now: float) -> float:
        """The provider asked this lane to wait. Returns for how many seconds.

        The more lanes wait, the wider their ends are spread, so that hundreds do not go on in one moment.
        """
        if lane.dropped:
            return policy.hold_seconds(asked, 0)
        return self._hold_spread(lane, lane.asked_to_wait(asked, begun), now)

    def failed(self, lane: LanePlan, begun: float, now: float) -> float | None:
        """An attempt got no answer. Returns for how many seconds the breaker holds the lane, or None.

        Once several lanes of one upstream are held so, the others bear one failure only.
        """
        if lane.dropped:
            return None
        fellows = (other for other in self.lanes.values() if other.upstream == lane.upstream and other is not lane)
        tripped = sum(fellow.trips > 0 for fellow in fellows) if lane.upstream else 0
        if not lane.failed(begun, policy.failures_to_bear(tripped)):
            return None
        return self._hold_spread(lane, policy.breaker_seconds(lane.trips, random.random()), now)

    def _hold_spread(self, lane: LanePlan, wait: float, now: float) -> float:
        held = sum(other.resume_at > now for other in self.lanes.values() if other is not lane)
        wait += policy.spread_seconds(held, random.random())
        self._hold(lane, now + wait, now)
        return wait

    def _hold(self, lane: LanePlan, until: float, now: float) -> None:
        if lane.hold(until, now):
            self._set_timer(until, lane)

    def _wake_lane(self, lane: LanePlan, now: float) -> None:
        lane.may_have_more = True
        self._read_if_low(lane, now)
        self._turns.line_up(lane, now)

    def _read_if_low(self, lane: LanePlan, now: float) -> None:
        if lane.is_low(now):
            self._low.setdefault(lane, False)

    # --- Finding and reading --------------------------------------------------------------------------------------

    def begin_pass(self, now: float) -> None:
        """Look at every running lane again, and at some chats that stand still: finds whatever no wake-up told."""
        for lane in self.lanes.values():
            if lane.runs(now):
                lane.may_have_more = True
                self._low[lane] = True
        for chat in list(islice(self._dormant, REREAD_PER_PASS)):
            if chat.lane.runs(now):
                self._to_read(chat)
            else:
                self._dormant[chat] = self._dormant.pop(chat)  # to the end of the line

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
        chosen: list[uuid.UUID] = []
        for lane in list(self._low):
            if len(chosen) == limit:
                break
            forced = self._low.pop(lane)
            if lane.is_low(now) or (forced and lane.runs(now) and lane.has_room()):
                chosen.append(lane.id)
        return chosen

    def held_chats(self, lane_ids: Iterable[uuid.UUID]) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
        """The chats of these lanes that are known, and those of them that are not yet known to be interactive."""
        held = [chat for lane_id in lane_ids for chat in self.lanes[lane_id].chats]
        return [chat.key for chat in held], [chat.key for chat in held if chat.urgency > Priority.INTERACTIVE]

    def found(self, lane_id: uuid.UUID, rows: Sequence[tuple[uuid.UUID, int]], full: bool, now: float) -> None:
        """What a lane's read returned: (chat, priority) of open items. `full` when there may be more behind."""
        lane = self.lanes[lane_id]
        for key, priority in rows:
            self.hint(lane_id, key, priority)
        lane.may_have_more = full
        self._read_if_low(lane, now)

    def chats_to_read(self, limit: int) -> list[uuid.UUID]:
        """The next chats to read. They stay next until `loaded`, because the read may fail."""
        return [chat.key for chat in islice(self._unread, limit)]

    def loaded(self, keys: Iterable[uuid.UUID], rows: Iterable[OpenItem], now: float) -> None:
        """The first open items of each of these chats, in order. A chat without any is forgotten."""
        by_chat: dict[uuid.UUID, list[OpenItem]] = {key: [] for key in keys}
        for row in rows:
            by_chat[row.order_key].append(row)
        for key, items in by_chat.items():
            chat = self.chats.get(key)
            if chat is None or chat.standing is not Standing.UNREAD:
                continue
            del self._unread[chat]
            if not items or items[0].lane_id != chat.lane.id:
                self._forget(chat)
                continue
            queued = takewhile(lambda item: item.state == ItemState.QUEUED, items)
            chat.items = deque([(item.id, now + item.wait) for item in queued])
            urgency = min([item.priority for item in items])
            chat.urgency = urgency if len(items) < CHAT_PAGE else min(chat.urgency, urgency)
            if chat.items:
                self._stand(chat, now)
                self._turns.line_up(chat.lane, now)
            else:
                self._rest(chat, Standing.BLOCKED)

    # --- Starting and landing -------------------------------------------------------------------------------------

    def pick(self, free: int, now: float) -> list[Chat]:
        """Up to `free` chats whose head should start now; they count as flying until landed or refused."""
        picked: list[Chat] = []
        while len(picked) < free and (turn := self._turns.next()) is not None:
            urgency, lane = turn
            if lane.dropped or not lane.may_start(now) or (chat := lane.pop(urgency)) is None:
                continue
            self._turns.used(urgency)
            chat.standing = Standing.FLYING
            lane.in_flight += 1
            picked.append(chat)
            self._turns.line_up(lane, now)
            self._read_if_low(lane, now)
        return picked

    def refused(self, chat: Chat, now: float) -> None:
        """The database did not let this chat's head start: look at the chat again, later each time."""
        lane = chat.lane
        lane.in_flight -= 1
        if lane.dropped:
            self._forget(chat)
            return
        self._turns.line_up(lane, now)
        first, most = REFUSAL_WAIT_SECONDS
        chat.wake_at = now + min(first * 2**chat.refusals, most)
        chat.refusals = min(chat.refusals + 1, 10)
        chat.items.clear()
        self._wait(chat)

    def landed(self, ended: Ended, now: float) -> None:
        chat: Chat = ended.started.chat
        lane = chat.lane
        chat.refusals = 0
        lane.in_flight -= 1
        if ended.outcome == Outcome.SENT:
            lane.was_accepted(ended.started.begun)
        if lane.dropped:
            self._forget(chat)
            return
        if self._orphans:
            self._orphans.pop(chat, None)
        if ended.state == ItemState.UNCERTAIN:
            self._rest(chat, Standing.BLOCKED)
        elif ended.state == ItemState.QUEUED:
            chat.items[0] = (chat.items[0][0], now + ended.delay_seconds)
            self._stand(chat, now)
        else:
            chat.items.popleft()
            self._stand(chat, now) if chat.items else self._to_read(chat)
        self._turns.line_up(lane, now)

    def wake(self, now: float) -> None:
        """Let go on what waited until now."""
        while self._timers and self._timers[0][0] <= now:
            _, _, who = heapq.heappop(self._timers)
            if isinstance(who, LanePlan):
                if not who.dropped and who.runs(now):
                    self._wake_lane(who, now)
                continue
            who.timer_at = 0.0
            if who.standing is Standing.WAITING and who in self._dormant:
                self._wake_chat(who, now)

    def next_timer(self) -> float:
        return self._timers[0][0] if self._timers else math.inf

    def has_reading(self) -> bool:
        return bool(self._unread or self._low)

    def has_ready(self) -> bool:
        return bool(self._turns)

    # --- Chats ----------------------------------------------------------------------------------------------------

    def _add(self, key: uuid.UUID, lane: LanePlan, priority: int) -> None:
        chat = self.chats[key] = Chat(key, lane, priority)
        lane.chats.add(chat)
        self._unread[chat] = None

    def _forget(self, chat: Chat) -> None:
        self.chats.pop(chat.key, None)
        for group in (self._unread, self._dormant, self._orphans):
            group.pop(chat, None)
        chat.ticket = 0
        chat.lane.chats.discard(chat)

    def _to_read(self, chat: Chat) -> None:
        chat.standing = Standing.UNREAD
        self._dormant.pop(chat, None)
        self._unread[chat] = None

    def _rest(self, chat: Chat, standing: Standing) -> None:
        chat.standing = standing
        self._dormant[chat] = None

    def _wait(self, chat: Chat) -> None:
        self._rest(chat, Standing.WAITING)
        if not 0 < chat.timer_at <= chat.wake_at:
            chat.timer_at = chat.wake_at
            self._set_timer(chat.wake_at, chat)

    def _wake_chat(self, chat: Chat, now: float) -> None:
        if chat.wake_at > now:
            self._wait(chat)
        elif chat.items:
            self._stand(chat, now)
            self._turns.line_up(chat.lane, now)
        else:
            self._to_read(chat)

    def _stand(self, chat: Chat, now: float) -> None:
        """Ready, or waiting until the head is due. Ready chats count once their lane is lined up."""
        due = chat.items[0][1]
        if due > now:
            chat.wake_at = due
            self._wait(chat)
            return
        self._dormant.pop(chat, None)
        chat.standing = Standing.READY
        chat.lane.push(chat, next(self._tickets))

    def _set_timer(self, at: float, who: LanePlan | Chat) -> None:
        heapq.heappush(self._timers, (at, next(self._tickets), who))
