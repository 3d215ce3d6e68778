"""The scheduler: one thread, the only writer of outcomes and intents, woken by one queue of events."""

import logging
import math
import queue
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from outbox.services.relaying import counting, owning, reading
from outbox.services.relaying.chats import Chat
from outbox.services.relaying.judging import Ended, Started
from outbox.services.relaying.plan import Plan
from outbox.services.relaying.ticking import LaneDeeds, Written, write_tick
from outbox.services.waking import EVERYTHING, OWNED, SHARE, wake
from outbox.states import HoldKind, ItemState, Outcome

log = logging.getLogger("waybill.outbox.relay")

LANES_PER_READ = 32
CHATS_PER_READ = 256
PASS_SECONDS = 1.0
PASS_COST_FACTOR = 20  # a pass never takes more than a twentieth of the time
SETTINGS_SECONDS = 5.0
SLEEP_MAX_SECONDS = 0.1  # how late a stop may be noticed
FAILING = "The provider does not answer; sending is tried again gently."
SENT_SECONDS = 1.0
SLOTS_MAX = 512
PATIENCE = 2  # failed ticks before a settle that meets locks is set aside


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Tokens of outbox.services.waking, as a NOTIFY brought them."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """This worker owns so many lanes too many."""

    number: int


class Scheduler:
    """Call `step` in a loop. Other threads only put events; everything else belongs to the scheduler's thread."""

    def __init__(
        self, *, worker_id: int, hand_over: Callable[[Started], None], slots: int, deadline_seconds: float
    ) -> None:
        self.events: queue.SimpleQueue[Ended | WakeUp | GiveBack] = queue.SimpleQueue()
        self.plan = Plan()
        self.tally: Counter[str] = Counter()  # by the state in which items ended up
        self.stopping = False  # start nothing more
        self.fenced = False
        self.in_flight = 0
        self.last_activity = time.monotonic()
        self.passes = 0
        self._worker_id = worker_id
        self._hand_over = hand_over
        self._slots = self._least_slots = slots
        self._deadline_seconds = deadline_seconds
        self._unwritten: list[Ended] = []
        self._deeds = LaneDeeds()
        self._doubtful: list[uuid.UUID] = []
        self._failures = 0
        self._changed_lanes: set[uuid.UUID] = set()
        self._sent: Counter[uuid.UUID] = Counter()  # by lane, since it was last noted
        self._sent_at = -math.inf
        self._settings_at = -math.inf
        self._pass_at = -math.inf
        self._pass_begun = self._pass_cost = 0.0

    # --- The step -------------------------------------------------------------------------------------------------

    def step(self, timeout: float = 0.0) -> None:
        """Write what is left over, read, take in events (waiting up to `timeout` if there is nothing to do), write.

        The order matters: reading comes before new outcomes are applied to the plan, because until these are written
        the database still shows their items as waiting. Raises what the database raises; call again.
        """
        if self._unwritten or self._doubtful:
            self._write([])
        if not (self.stopping or self.fenced):
            self._read()
        self._take_in(timeout)
        picked = self._pick()
        if picked or self._unwritten:
            self._write(picked)
        self._release()
        self._note_sent()

    def is_quiet(self) -> bool:
        """Nothing is in flight, to be written, read or started."""
        return self.is_recorded() and not self.plan.has_reading() and not self.plan.has_ready()

    def is_recorded(self) -> bool:
        """No outcome is to come or to be written."""
        return not (self.in_flight or self._unwritten or self._doubtful)

    # --- Reading --------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self._read_settings()
        now = time.monotonic()
        if now >= self._pass_at and not self.plan.has_reading():
            self.plan.begin_pass(now)
            self.passes += 1
            self._pass_begun, self._pass_cost = now, 0.0
            self._pass_at = now + PASS_SECONDS * random.uniform(0.9, 1.1)
        lane_ids = self.plan.lanes_to_read(LANES_PER_READ, now)
        if lane_ids:
            rows = reading.lane_rows(lane_ids, *self.plan.held_chats(lane_ids))
            for lane_id, found in rows.items():
                self.plan.found(lane_id, found, len(found) == reading.ROWS_PER_LANE, now)
            self._pass_cost += time.monotonic() - now
            self._pass_at = max(self._pass_at, self._pass_begun + self._pass_cost * PASS_COST_FACTOR)
        keys = self.plan.chats_to_read(CHATS_PER_READ)
        if keys:
            self.plan.loaded(keys, reading.chat_rows(keys), time.monotonic())

    def _read_settings(self) -> None:
        now = time.monotonic()
        if now >= self._settings_at:
            settings = reading.lane_settings(self._worker_id)
            gone = self.plan.lanes.keys() - {lane.id for lane in settings}
            self._settings_at = now + SETTINGS_SECONDS * random.uniform(0.9, 1.1)
        elif self._changed_lanes:
            settings = reading.lane_settings(self._worker_id, list(self._changed_lanes))
            gone = self._changed_lanes - {lane.id for lane in settings}
        else:
            return
        self._changed_lanes.clear()
        now = time.monotonic()
        for lane_id in gone:
            self.plan.drop_lane(lane_id)
        for lane in settings:
            self.plan.set_lane(lane, now)

    # --- Events ---------------------------------------------------------------------------------------------------

    def _take_in(self, timeout: float) -> None:
        """Apply what came. If nothing did and there is nothing to do, wait up to `timeout` for it."""
        # The first look must not wait: a SimpleQueue that nobody has found empty yet takes a timeout that passes while
        # `get` begins for none at all, and waits for ever (CPython 3.11 and 3.12).
        if self._apply_waiting() or not (wait := self._sleep_for(timeout)):
            return
        try:
            self._apply(self.events.get(timeout=wait))
        except queue.Empty:
            return
        self._apply_waiting()

    def _apply_waiting(self) -> bool:
        found = False
        while True:
            try:
                event = self.events.get_nowait()
            except queue.Empty:
                return found
            found = True
            self._apply(event)

    def _sleep_for(self, timeout: float) -> float:
        if self.stopping or self.fenced:
            return timeout  # nothing but outcomes is awaited
        can_start = self.plan.has_ready() and self.in_flight < self._slots
        if self.plan.has_reading() or self._changed_lanes or can_start:
            return 0.0
        until = min(self.plan.next_timer(), self._pass_at, self._settings_at)
        return min(max(until - time.monotonic(), 0.0), timeout)

    def _apply(self, event: "Ended | WakeUp | GiveBack") -> None:
        now = time.monotonic()
        match event:
            case Ended():
                self.last_activity = now
                self.in_flight -= 1
                self._unwritten.append(event)
                self._apply_to_lane(event, now)
                self.plan.landed(event, now)
            case WakeUp(tokens):
                for token in tokens:
                    self._apply_token(token, now)
            case GiveBack(number):
                self.plan.give_back(number)

    def _apply_to_lane(self, ended: Ended, now: float) -> None:
        begun, lane = ended.started.begun, ended.started.chat.lane
        if ended.answered:
            lane.answered()
        elif ended.answered is False and (seconds := self.plan.failed(lane, begun, now)) is not None:
            self._hold(lane.id, seconds, FAILING, HoldKind.BREAKER)
        if ended.slowed_down is not None:
            seconds = self.plan.slowed_down(lane, ended.slowed_down.asked, begun, now)
            self._hold(lane.id, seconds, ended.slowed_down.reason, HoldKind.RATE_LIMIT)
        if ended.lane_closed:
            lane.stopped = True
            self._deeds.closes[lane.id] = ended.lane_closed

    def _hold(self, lane_id: uuid.UUID, seconds: float, reason: str, kind: str) -> None:
        known, _, _ = self._deeds.holds.get(lane_id, (0.0, "", ""))
        self._deeds.holds[lane_id] = (max(known, seconds), reason, kind)

    def _apply_token(self, token: str, now: float) -> None:
        match token.split(":"):
            case ["chat", lane, key, priority]:
                self.plan.hint(uuid.UUID(lane), uuid.UUID(key), int(priority))
            case ["lane", lane]:
                lane_id = uuid.UUID(lane)
                if lane_id in self.plan.lanes:
                    self._changed_lanes.add(lane_id)
                    self.plan.hint_lane(lane_id, now)
            case [text] if text in (EVERYTHING, OWNED):
                self._settings_at = self._pass_at = -math.inf

    # --- Writing --------------------------------------------------------------------------------------------------

    def _pick(self) -> list[Chat]:
        now = time.monotonic()
        self.plan.wake(now)
        return [] if self.stopping or self.fenced else self.plan.pick(self._slots - self.in_flight, now)

    def _write(self, picked: list[Chat]) -> None:
        ended, deeds, doubtful = list(self._unwritten), self._deeds, list(self._doubtful)
        if self._failures > PATIENCE and len(ended) > 1:  # one of them may be the reason: one at a time, turning
            self._unwritten.append(self._unwritten.pop(0))
            ended = self._unwritten[:1]
        try:
            written = write_tick(
                worker_id=self._worker_id,
                ended=ended,
                lane_deeds=deeds,
                picked=[chat.items[0][0] for chat in picked],
                doubtful=doubtful,
                deadline_seconds=self._deadline_seconds,
                patient=self._failures < PATIENCE,
            )
        except Exception:
            self._failures += 1
            self._take_back(picked)
            raise
        self._failures = 0
        self._unwritten = (
            [one for one in self._unwritten if one not in ended] if len(ended) < len(self._unwritten) else []
        )
        self._doubtful = []
        self._deeds = LaneDeeds()
        self._hand_out(picked, written)
        self._changed_lanes |= deeds.holds.keys() | deeds.closes.keys()
        self._count(written)
        self._adapt(ended)

    def _take_back(self, picked: list[Chat]) -> None:
        """The tick failed, perhaps after its commit."""
        now = time.monotonic()
        self._doubtful.extend(chat.items[0][0] for chat in picked)
        for chat in picked:
            self.plan.refused(chat, now)

    def _hand_out(self, picked: list[Chat], written: Written) -> None:
        if written.fenced and not self.fenced:
            self.fenced = True
            log.warning("outbox.worker_fenced worker=%s", self._worker_id)
        left = {chat.items[0][0]: chat for chat in picked}
        for one in written.started:
            one.chat = left.pop(one.job.item_id)
            self.in_flight += 1
            self._hand_over(one)
        now = time.monotonic()
        if written.started:
            self.last_activity = now
        for chat in left.values():
            self.plan.refused(chat, now)
            self._changed_lanes.add(chat.lane.id)

    def _count(self, written: Written) -> None:
        for one in written.counted:
            if one.counts:
                self.tally[one.state] += 1
                if one.state == ItemState.SENT:
                    self._sent[one.started.job.lane_id] += 1

    def _adapt(self, ended: list[Ended]) -> None:
        """Hand out twice what the last tick brought back: quick senders would else wait for the next one."""
        performed = sum([one.outcome is not Outcome.NOT_SENT for one in ended])
        self._slots = max(self._least_slots, min(2 * performed, SLOTS_MAX))

    def _note_sent(self) -> None:
        now = time.monotonic()
        if self._sent and (self.stopping or now >= self._sent_at):
            counting.note_sent(self._sent)
            self._sent.clear()
            self._sent_at = now + SENT_SECONDS

    def _release(self) -> None:
        lane_ids = self.plan.releasable()
        if lane_ids:
            owning.release(self._worker_id, lane_ids)
            for lane_id in lane_ids:
                self.plan.drop_lane(lane_id)
            wake([SHARE])
