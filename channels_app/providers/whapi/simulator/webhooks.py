"""Webhook calls as Whapi makes them: to every subscribed address, once, or with persistence again and again."""

import json
from typing import Any

from channels_app.providers.simulating.webhooks import Delivery, Event, Webhooks
from channels_app.providers.whapi.simulator.state import Channel

DEFAULT_BACKOFF_MS = 3000
MAX_BACKOFF_MS = 600_000


class WhapiWebhooks(Webhooks):
    """In order per channel and address. Without `callback_persist` a refused call is lost."""

    def deliveries(self, channel: Channel, event: Event) -> list[Delivery]:
        hooks = channel.webhooks(self.options.webhook_url)
        return [addressed(hook, event, channel) for hook in hooks if subscribed(hook, event)]

    def again_after(self, channel: Channel, delivery: Delivery) -> float | None:
        if not channel.settings.get("callback_persist"):
            return None
        step = self.options.backoff_ms or channel.settings.get("callback_backoff_delay_ms", DEFAULT_BACKOFF_MS)
        cap = channel.settings.get("max_callback_backoff_delay_ms", MAX_BACKOFF_MS)
        return min(step * delivery.attempts, cap) / 1000


def subscribed(hook: dict[str, Any], event: Event) -> bool:
    events = hook.get("events")
    return events is None or any(e.get("type") == event.type and e.get("method") == event.method for e in events)


def addressed(hook: dict[str, Any], event: Event, channel: Channel) -> Delivery:
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
    payload["channel_id"] = channel.channel_id
    headers = {"Content-Type": "application/json", **hook.get("headers", {})}
    outlet = f"{channel.token} {hook['url']}"
    return Delivery(verb, url, headers, json.dumps(payload).encode(), event.kind, channel.channel_id, outlet)
