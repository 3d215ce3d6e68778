"""A scriptable kind of outbox item, and a relay that a test can drive by hand or let run."""

import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from outbox import registry
from outbox.models import Attempt, Item, Lane
from outbox.registry import Accepted, Job, Kind, Settled
from outbox.services.enqueuing import enqueue
from outbox.services.relaying import Relay, RelayOptions, owning
from outbox.services.relaying.judging import Ended, Started
from outbox.services.relaying.scheduling import Scheduler
from outbox.services.relaying.sending import attempt

KIND = "test.send"
REPEATABLE = "test.repeatable"
QUICK = RelayOptions(lease_seconds=6, sender_threads=4)


@dataclass
class FakeProvider:
    """Performs both kinds as told by `script`, and remembers what reached it. Thread-safe."""

    calls: list[tuple[uuid.UUID, str, float, float]] = field(default_factory=list)  # chat, text, from, to
    settled: list[Settled] = field(default_factory=list)
    scripts: dict[str, deque] = field(default_factory=lambda: defaultdict(deque))
    proofs: dict[str, Accepted] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    on_settle: Callable[[Settled], None] = lambda one: None
    guard: threading.Lock = field(default_factory=threading.Lock)

    def will(self, text: str, *ends: Any) -> None:
        """The next attempts at `text` end so: an exception is raised, a callable called, anything else accepted."""
        self.scripts[text].extend(ends)

    def texts(self) -> list[str]:
        return [text for _, text, _, _ in self.calls]

    def perform(self, job: Job) -> Accepted:
        text = job.payload["text"]
        begun = time.monotonic()
        with self.guard:
            end = self.scripts[text].popleft() if self.scripts[text] else Accepted(f"wa-{text}")
        try:
            if isinstance(end, BaseException):
                raise end
            return end(job) if callable(end) else end
        finally:
            with self.guard:
                self.calls.append((job.order_key, text, begun, time.monotonic()))

    def settle(self, settled: Sequence[Settled]) -> None:
        for one in settled:
            self.on_settle(one)
        with self.guard:
            self.settled.extend(settled)

    def look_up(self, job: Job, attempted_at: datetime) -> Accepted | None:
        assert not connection.in_atomic_block
        with self.guard:
            self.looked_up.append(job.payload["text"])
        return self.proofs.get(job.payload["text"])

    def states_told(self, text_or_item: uuid.UUID) -> list[str]:
        return [one.state for one in self.settled if one.item_id == text_or_item]


@contextmanager
def registered(provider: FakeProvider) -> Iterator[None]:
    kinds = [
        Kind(KIND, provider.perform, provider.settle, provider.look_up),
        Kind(REPEATABLE, provider.perform, provider.settle, repeatable=True),
    ]
    for kind in kinds:
        registry.register(kind)
    try:
        yield
    finally:
        for kind in kinds:
            registry._kinds.pop(kind.name, None)


def put(lane: Lane, chat: uuid.UUID, text: str, **options: Any) -> Item:
    with transaction.atomic():
        return enqueue(
            workspace_id=lane.workspace_id,
            lane_id=lane.id,
            order_key=chat,
            kind=options.pop("kind", KIND),
            payload={"text": text},
            **options,
        )


class HandRelay:
    """A scheduler that a test steps by hand. Attempts wait in `begun` until the test lets them end."""

    def __init__(self, slots: int = 8, *, shares: bool = True) -> None:
        self.begun: list[Started] = []
        self.worker_id = owning.register(shares=shares, lease_seconds=30)
        self.scheduler = Scheduler(
            worker_id=self.worker_id, hand_over=self.begun.append, slots=slots, deadline_seconds=20
        )
        owning.take_share(self.worker_id)

    def look(self) -> list[str]:
        """Step until nothing more starts. Returns the texts under way."""
        while True:
            before = len(self.begun)
            self.scheduler.step()
            done = self.scheduler.fenced or (self.scheduler.passes and not self.scheduler.plan.has_reading())
            if done and len(self.begun) == before:
                return self.under_way()

    def look_again(self) -> list[str]:
        """`look`, with everything read anew, as happens by itself after a second or by a wake-up."""
        self.scheduler._settings_at = self.scheduler._pass_at = 0
        return self.look()

    def under_way(self) -> list[str]:
        return [one.job.payload["text"] for one in self.begun]

    def perform(self, text: str) -> Ended:
        started = next(one for one in self.begun if one.job.payload["text"] == text)
        self.begun.remove(started)
        return attempt(started, lambda: True)

    def end(self, text: str) -> list[str]:
        """Let the attempt at `text` end. Returns the texts then under way."""
        self.scheduler.events.put(self.perform(text))
        return self.look()

    def run(self) -> None:
        """Until nothing is left to do now."""
        self.look_again()
        while self.begun:
            self.end(self.begun[0].job.payload["text"])


@contextmanager
def running_relay(options: RelayOptions = QUICK) -> Iterator[Relay]:
    """A relay in threads of its own; for tests with transaction=True."""
    relay = Relay(options)
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=[stop], name="relay-under-test", daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        stop.set()
        thread.join(timeout=30)
        assert not thread.is_alive()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0, what: str = "") -> None:
    """Poll until the named condition holds. Fails after the deadline."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"did not happen within {seconds} s: {what or condition}"
        time.sleep(0.005)


def assert_order_held(provider: FakeProvider, chats: dict[uuid.UUID, list[str]]) -> None:
    """The judge: per chat each text once, in order, and never two calls at the same time."""
    for chat, texts in chats.items():
        calls = sorted((call for call in provider.calls if call[0] == chat), key=lambda call: call[2])
        assert [text for _, text, _, _ in calls] == texts
        for earlier, later in pairwise(calls):
            assert earlier[3] <= later[2], "two calls of one chat overlapped"


def assert_cap_held(lane: Lane) -> None:
    """By the attempts' own times: never more open than the lane's cap, and never two in a chat."""
    spans = list(Attempt.objects.filter(lane_id=lane.id).values_list("started_at", "finished_at", "order_key"))
    for start, _, _ in spans:
        at_once = [key for begun, ended, key in spans if begun <= start < ended]
        assert len(at_once) <= lane.cap
        assert len(set(at_once)) == len(at_once)
