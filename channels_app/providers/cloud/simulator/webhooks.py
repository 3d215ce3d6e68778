"""Webhook calls as Meta makes them: signed over the raw bytes, again and again until they are answered 200."""

import json
import re
import time
from typing import Any

from channels_app.providers.cloud.simulator.state import Number
from channels_app.providers.simulating.webhooks import Delivery, Event, Webhooks
from kernel import signing

FIRST_BACKOFF_MS = 3000
MAX_BACKOFF_SECONDS = 600
FIELDS = {"messages": "messages", "statuses": "messages", "message_echoes": "smb_message_echoes"}
"""Which field of a change the lists stand in; other events are one object under a field of their own name."""


class CloudWebhooks(Webhooks):
    """To the number's own address, else to the app's (the option webhook_url). The order per address is kept."""

    def deliveries(self, channel: Number, event: Event) -> list[Delivery]:
        url = channel.webhook_url or self.options.webhook_url
        if not url or not channel.subscribed:
            return []
        body = signed_bytes(envelope(channel, change_of(channel, event)))
        return [delivery(channel, url, body, event.kind)]

    def again_after(self, channel: Number, delivery: Delivery) -> float | None:
        step = (self.options.backoff_ms or FIRST_BACKOFF_MS) / 1000
        return min(step * delivery.attempts, MAX_BACKOFF_SECONDS)


def delivery(channel: Number, url: str, body: bytes, kind: str) -> Delivery:
    signature = signing.hmac_hex(channel.app_secret, body, "sha256")
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    return Delivery("POST", url, headers, body, kind, channel.phone_number_id, f"{channel.phone_number_id} {url}")


def envelope(channel: Number, change: dict[str, Any]) -> dict[str, Any]:
    """News of an account have a time; those of a number have one in each item."""
    times = {} if "metadata" in change["value"] else {"time": int(time.time())}
    entry = {"id": channel.waba_id, **times, "changes": [change]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def change_of(channel: Number, event: Event) -> dict[str, Any]:
    if event.type not in FIELDS:
        return {"value": event.items, "field": event.type}
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": channel.number, "phone_number_id": channel.phone_number_id},
    }
    people = _contacts(channel, event)
    if people:
        value["contacts"] = people
    return {"value": {**value, event.key: event.items}, "field": FIELDS[event.type]}


def signed_bytes(body: dict[str, Any]) -> bytes:
    r"""Meta writes without spaces, and escapes everything beyond ASCII as \uXXXX and slashes as \/."""
    return re.sub("/", r"\\/", json.dumps(body, separators=(",", ":"))).encode()


def _contacts(channel: Number, event: Event) -> list[dict[str, Any]]:
    """Who wrote, or whom a report is about; system messages and failures come without."""
    found: dict[str, dict[str, Any]] = {}
    for item in event.items:
        if item.get("type") == "system" or item.get("status") == "failed":
            continue
        number = item.get("from") or item.get("recipient_id", "")
        user_id = item.get("from_user_id") or item.get("recipient_user_id", "")
        if event.key == "message_echoes" or not user_id:
            continue
        name = channel.names.get(user_id.removeprefix("US."), "")
        ids = {"user_id": user_id, **({"wa_id": number} if number else {})}
        found[user_id] = {**({"profile": {"name": name}} if name else {}), **ids}
    return list(found.values())
