"""Webhook calls: in order per channel and address, once without persistence, again and again with it."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from channels_app.providers.whapi.simulator.options import Options
from channels_app.providers.whapi.simulator.state import Channel
from channels_app.providers.whapi.simulator.timing import Timetable
from kernel import http

log = logging.getLogger("waybill.simulator")

WORKERS = 8
QUEUE_LIMIT = 20_000
LOG_LIMIT = 20_000
DEFAULT_BACKOFF_MS = 3000
MAX_BACKOFF_MS = 600_000


@dataclass
class Event:
    """Something to tell: `items` stand under `key`; a lone object (not a list) for channel and users events."""

    type: str
    method: str
    key: str
    items: Any
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        return f"{self.type}.{self.method}"


@dataclass
class _Delivery:
    verb: str
    url: str
    headers: dict[str, str]
    body: bytes
    kind: str
    done: threading.Event = field(default_factory=threading.Event)
    attempts: int = 0


@dataclass
class _Outlet:
    """The queue to one address of one channel."""

    channel: Channel
    waiting: deque = field(default_factory=lambda: deque(maxlen=QUEUE_LIMIT))
    busy: bool = False


class Webhooks:
    """Plans events, queues them per address, and delivers them from a few threads."""

    def __init__(self, options: Options, timetable: Timetable):
        self._options = options
        self._timetable = timetable
        self._outlets: dict[tuple[str, str], _Outlet] = {}
        self._ready: deque[_Outlet] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LIMIT)
        self._threads = [
            threading.Thread(target=self._work, name=f"simulator-webhooks-{n}", daemon=True) for n in range(WORKERS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(2)

    def tell(self, channel: Channel, events: Iterable[Event], tweaks: dict[str, Any] | None = None) -> None:
        """Deliver the events at their times, changed by the `webhooks` part of a fault rule."""
        for event in tweaked(list(events), tweaks or {}):
            if event.seconds > 0:
                self._timetable.after(event.seconds, lambda event=event: self._queue(channel, event))
            else:
                self._queue(channel, event)

    def tell_now(self, channel: Channel, event: Event, tweaks: dict[str, Any] | None = None) -> None:
        """Deliver and wait until the receiver has answered, at most `webhook_seconds`."""
        deliveries = [d for e in tweaked([event], tweaks or {}) for d in self._queue(channel, e)]
        until = time.monotonic() + self._options.webhook_seconds
        for delivery in deliveries:
            delivery.done.wait(max(0.0, until - time.monotonic()))

    def idle(self) -> bool:
        with self._changed:
            return not any(outlet.busy or outlet.waiting for outlet in self._outlets.values())

    def _queue(self, channel: Channel, event: Event) -> list[_Delivery]:
        deliveries = []
        for hook in channel.webhooks(self._options.webhook_url):
            if not subscribed(hook, event):
                continue
            delivery = addressed(hook, event, channel.channel_id)
            deliveries.append(delivery)
            with self._changed:
                outlet = self._outlets.setdefault((channel.token, hook["url"]), _Outlet(channel))
                outlet.waiting.append(delivery)
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
                delivery = outlet.waiting[0]
            self._deliver(outlet, delivery)

    def _deliver(self, outlet: _Outlet, delivery: _Delivery) -> None:
        delivery.attempts += 1
        status, trouble = self._call(delivery)
        self.log.append(
            {
                "at": time.time(),
                "channel_id": outlet.channel.channel_id,
                "kind": delivery.kind,
                "url": delivery.url,
                "attempt": delivery.attempts,
                "status": status,
                "error": trouble,
            }
        )
        if status == 200 or not outlet.channel.settings.get("callback_persist"):
            delivery.done.set()
            self._next(outlet, delivered=True)
        else:
            self._timetable.after(self._backoff(outlet.channel, delivery), lambda: self._next(outlet, delivered=False))

    def _call(self, delivery: _Delivery) -> tuple[int | None, str]:
        try:
            answer = http.request(
                delivery.verb,
                delivery.url,
                headers=delivery.headers,
                data=delivery.body,
                deadline=self._options.webhook_seconds,
                max_bytes=1_000_000,
                allow_private=True,
            )
        except http.HttpFailure as failure:
            return None, failure.code
        return answer.status, ""

    def _backoff(self, channel: Channel, delivery: _Delivery) -> float:
        step = self._options.backoff_ms or channel.settings.get("callback_backoff_delay_ms", DEFAULT_BACKOFF_MS)
        cap = channel.settings.get("max_callback_backoff_delay_ms", MAX_BACKOFF_MS)
        return min(step * delivery.attempts, cap) / 1000

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
    together: dict[tuple[str, str, str], Event] = {}
    for event in events:
        name = (event.type, event.method, event.key)
        if name in together and isinstance(event.items, list):
            together[name].items.extend(event.items)
        else:
            items = list(event.items) if isinstance(event.items, list) else event.items
            together[name] = Event(*name, items, latest)
    return list(together.values())


def subscribed(hook: dict[str, Any], event: Event) -> bool:
    events = hook.get("events")
    return events is None or any(e.get("type") == event.type and e.get("method") == event.method for e in events)


def addressed(hook: dict[str, Any], event: Event, channel_id: str) -> _Delivery:
    """The request in the webhook's mode: `body`, `path` (url/type/method) or `method` (url/type, the verb tells)."""
    mode = hook.get("mode", "body")
    payload: dict[str, Any] = {event.key: event.items}
    verb, url = "POST", hook["url"]
    if mode == "body":
        payload["event"] = {"type": event.type, "event": event.method}
    elif mode == "path":
        url = f"{url}/{event.type}/{event.method}"
    else:
        verb, url = event.method.upper(), f"{url}/{event.type}"
    payload["channel_id"] = channel_id
    headers = {"Content-Type": "application/json", **hook.get("headers", {})}
    return _Delivery(verb, url, headers, json.dumps(payload).encode(), event.kind)
