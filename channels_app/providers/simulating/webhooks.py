"""Webhook calls: in order per outlet, once or again and again, changed as a fault rule wants it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.timing import Timetable
from kernel import http

log = logging.getLogger("waybill.simulator")

WORKERS = 8
QUEUE_LIMIT = 20_000
LOG_LIMIT = 20_000


@dataclass
class Event:
    """Something to tell: `items` stand under `key`. Lists can be told together, a lone object cannot."""

    type: str
    method: str  # "" where the vendor has none
    key: str
    items: Any
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        return f"{self.type}.{self.method}" if self.method else self.type


@dataclass
class Delivery:
    """One request to a webhook. Those of one channel and address (`outlet`) are made one after the other."""

    verb: str
    url: str
    headers: dict[str, str]
    body: bytes
    kind: str
    channel_id: str
    outlet: str
    done: threading.Event = field(default_factory=threading.Event)
    attempts: int = 0


@dataclass
class _Outlet:
    waiting: deque[tuple[Any, Delivery]] = field(default_factory=lambda: deque(maxlen=QUEUE_LIMIT))
    busy: bool = False


class Webhooks:
    """Plans events, queues them per outlet, and delivers them from a few threads. A vendor's subclass says where to
    (`deliveries`) and when again (`again_after`)."""

    def __init__(self, options: Options, timetable: Timetable):
        self.options = options
        self._timetable = timetable
        self._outlets: dict[str, _Outlet] = {}
        self._ready: deque[_Outlet] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LIMIT)
        self._threads = [
            threading.Thread(target=self._work, name=f"simulator-webhooks-{n}", daemon=True) for n in range(WORKERS)
        ]

    def deliveries(self, channel: Any, event: Event) -> list[Delivery]:
        """The requests that tell the event to whoever is subscribed."""
        raise NotImplementedError

    def again_after(self, channel: Any, delivery: Delivery) -> float | None:
        """Seconds until a refused delivery is repeated; None when it is lost."""
        raise NotImplementedError

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(2)

    def tell(self, channel: Any, events: Iterable[Event], tweaks: dict[str, Any] | None = None) -> None:
        """Deliver the events at their times, changed by the `webhooks` part of a fault rule."""
        for event in tweaked(list(events), tweaks or {}):
            if event.seconds > 0:
                self._timetable.after(event.seconds, lambda event=event: self._queue(channel, event))
            else:
                self._queue(channel, event)

    def tell_now(self, channel: Any, event: Event, tweaks: dict[str, Any] | None = None) -> None:
        """Deliver and wait until the receiver has answered, at most `webhook_seconds`."""
        deliveries = [d for e in tweaked([event], tweaks or {}) for d in self._queue(channel, e)]
        until = time.monotonic() + self.options.webhook_seconds
        for delivery in deliveries:
            delivery.done.wait(max(0.0, until - time.monotonic()))

    def idle(self) -> bool:
        return not self.undelivered()

    def undelivered(self) -> list[dict[str, Any]]:
        """The delivery under way or next of each outlet that has one, and how many wait behind it."""
        with self._changed:
            heads = [(outlet, outlet.waiting[0][1]) for outlet in self._outlets.values() if outlet.waiting]
            return [
                {
                    "channel_id": head.channel_id,
                    "kind": head.kind,
                    "attempts": head.attempts,
                    "behind": len(outlet.waiting) - 1,
                }
                for outlet, head in heads
            ]

    def _queue(self, channel: Any, event: Event) -> list[Delivery]:
        deliveries = self.deliveries(channel, event)
        for delivery in deliveries:
            with self._changed:
                outlet = self._outlets.setdefault(delivery.outlet, _Outlet())
                outlet.waiting.append((channel, delivery))
                self._offer(outlet)
        return deliveries

    def _offer(self, outlet: _Outlet) -> None:
        if outlet.waiting and not outlet.busy:
            outlet.busy = True
            self._ready.append(outlet)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._ready and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                outlet = self._ready.popleft()
                channel, delivery = outlet.waiting[0]
            self._deliver(outlet, channel, delivery)

    def _deliver(self, outlet: _Outlet, channel: Any, delivery: Delivery) -> None:
        delivery.attempts += 1
        status, trouble = self._call(delivery)
        self.log.append(
            {
                "at": time.time(),
                "channel_id": delivery.channel_id,
                "kind": delivery.kind,
                "url": delivery.url,
                "attempt": delivery.attempts,
                "status": status,
                "error": trouble,
            }
        )
        wait = None if status == 200 else self.again_after(channel, delivery)
        if wait is None:
            delivery.done.set()
            self._next(outlet, delivered=True)
        else:
            self._timetable.after(wait, lambda: self._next(outlet, delivered=False))

    def _call(self, delivery: Delivery) -> tuple[int | None, str]:
        """Status and trouble. Whatever goes wrong here only fails this call: its outlet has nobody else."""
        try:
            answer = http.request(
                delivery.verb,
                delivery.url,
                headers=delivery.headers,
                data=delivery.body,
                deadline=self.options.webhook_seconds,
                max_bytes=1_000_000,
                allow_private=True,
            )
        except http.HttpFailure as failure:
            return None, failure.code
        except Exception:
            log.exception("simulator.delivery_failed")
            return None, "crashed"
        return answer.status, ""

    def _next(self, outlet: _Outlet, *, delivered: bool) -> None:
        with self._changed:
            if delivered and outlet.waiting:
                outlet.waiting.popleft()
            outlet.busy = False
            self._offer(outlet)


def tweaked(events: list[Event], tweaks: dict[str, Any]) -> list[Event]:
    """The events as a fault rule wants them. `batch` and `reorder` wait for the last of them."""
    drop = tweaks.get("drop")
    if drop is True:
        return []
    if drop:
        events = [event for event in events if event.type not in drop and event.kind not in drop]
    latest = max((event.seconds for event in events), default=0.0)
    if tweaks.get("batch"):
        events = _batched(events, latest)
    if tweaks.get("reorder"):
        events = [Event(e.type, e.method, e.key, e.items, latest) for e in reversed(events)]
    delay = float(tweaks.get("delay_ms", 0)) / 1000
    copies = 1 + int(tweaks.get("duplicate") or 0)
    return [Event(e.type, e.method, e.key, e.items, e.seconds + delay) for e in events for _ in range(copies)]


def _batched(events: list[Event], latest: float) -> list[Event]:
    together: dict[Any, Event] = {}
    for event in events:
        name = (event.type, event.method, event.key)
        if not isinstance(event.items, list):
            together[len(together)] = Event(*name, event.items, latest)
        elif name in together:
            together[name].items.extend(event.items)
        else:
            together[name] = Event(*name, list(event.items), latest)
    return list(together.values())
