"""Webhook calls as WAHA makes them: the envelope, the signature, the retries that each webhook was configured with."""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from channels_app.providers.simulating.webhooks import Delivery, Event, Webhooks
from channels_app.providers.waha.simulator.state import Session

VERSION = "2026.8.1"
DEFAULT_RETRIES = {"policy": "constant", "delaySeconds": 2, "attempts": 15}


class WahaWebhooks(Webhooks):
    """In order per session and address; lost when the attempts are used up."""

    def deliveries(self, channel: Session, event: Event) -> list[Delivery]:
        hooks = channel.hooks(self.options.webhook_url)
        return [addressed(hook, event, channel) for hook in hooks if subscribed(hook, event)]

    def again_after(self, channel: Session, delivery: Delivery) -> float | None:
        hook = next((h for h in channel.hooks(self.options.webhook_url) if h["url"] == delivery.url), {})
        retries = {**DEFAULT_RETRIES, **(hook.get("retries") or {})}
        if delivery.attempts >= retries["attempts"]:
            return None
        if self.options.backoff_ms is not None:
            return self.options.backoff_ms / 1000
        factor = 2 ** (delivery.attempts - 1) if retries["policy"] == "exponential" else 1
        return retries["delaySeconds"] * factor


def subscribed(hook: dict[str, Any], event: Event) -> bool:
    return bool({event.type, "*"} & set(hook.get("events") or ()))


def addressed(hook: dict[str, Any], event: Event, session: Session) -> Delivery:
    me = session.me()
    envelope = {
        "id": f"evt_{secrets.token_hex(13)}",
        "timestamp": int(time.time() * 1000),
        "event": event.type,
        "session": session.name,
        "metadata": session.config.get("metadata") or {},
        **({"me": me} if me else {}),
        "payload": event.items,
        "engine": "GOWS",
        "environment": {"version": VERSION, "engine": "GOWS", "tier": "CORE", "browser": None},
    }
    body = json.dumps(envelope).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Webhook-Request-Id": secrets.token_hex(13),
        "X-Webhook-Timestamp": str(envelope["timestamp"]),
        **{header["name"]: header["value"] for header in hook.get("customHeaders") or []},
    }
    key = (hook.get("hmac") or {}).get("key")
    if key:
        headers["X-Webhook-Hmac"] = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
        headers["X-Webhook-Hmac-Algorithm"] = "sha512"
    return Delivery("POST", hook["url"], headers, body, event.kind, session.name, f"{session.name} {hook['url']}")


def told(name: str, payload: dict[str, Any], seconds: float = 0.0) -> Event:
    return Event(name, "", "payload", payload, seconds)
