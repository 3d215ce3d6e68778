"""A session's webhook among the rest of its configuration; pure."""

from typing import Any

from channels_app.providers.reading import mapping, sequence, text
from channels_app.providers.waha import limits
from kernel import signing

WEBHOOK_PATH = "/api/webhooks/waha/"
EVENTS = [
    "message.any",
    "message.ack",
    "message.ack.group",
    "message.reaction",
    "message.edited",
    "message.revoked",
    "poll.vote",
    "group.v2.join",
    "group.v2.leave",
    "group.v2.update",
    "group.v2.participants",
    "presence.update",
    "call.received",
    "session.status",
]
"""Not `message`, which `message.any` holds, and not `*`, which brings every event of the engine."""

NEW_SESSION = {
    "ignore": {"status": True, "channels": True, "broadcast": True},
    "noweb": {"store": {"enabled": True, "fullSync": False}},
}
"""Of a session that Waybill makes. Without its store, NOWEB can neither look up a message nor list a chat."""


def with_webhook(config: dict[str, Any], url: str, secret: str) -> dict[str, Any]:
    """The configuration with our webhook in place of our older ones. The rest stays, because a change replaces all."""
    without = without_webhook(config, url)
    ours = {"url": url, "events": EVENTS, "hmac": {"key": secret}, "retries": limits.WEBHOOK_RETRIES}
    return {**without, "webhooks": [*without["webhooks"], ours]}


def without_webhook(config: dict[str, Any], url: str) -> dict[str, Any]:
    """The configuration with other programs' webhooks alone."""
    return {**config, "webhooks": [hook for hook in _hooks(config) if not _is_ours(hook, url)]}


def has_webhook(config: dict[str, Any], url: str, secret: str) -> bool:
    """Whether the session calls `url`, with the key and for all our events. A key that is not shown is believed."""
    return any(
        text(hook, "url", 2000) == url
        and _same_key(mapping(hook, "hmac"), secret)
        and ("*" in sequence(hook, "events") or set(EVENTS) <= {e for e in sequence(hook, "events") if _is_text(e)})
        for hook in _hooks(config)
    )


def _same_key(hmac: dict[str, Any], secret: str) -> bool:
    shown = hmac.get("key")
    if not isinstance(shown, str) or not shown.strip("*"):
        return "key" in hmac
    return signing.matches(shown, secret)


def _hooks(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [hook for hook in sequence(config, "webhooks") if isinstance(hook, dict)]


def _is_ours(hook: dict[str, Any], url: str) -> bool:
    """The same address, or the same channel of ours under another public URL."""
    there = text(hook, "url", 2000)
    return there == url or (WEBHOOK_PATH in url and there.endswith(WEBHOOK_PATH + url.split(WEBHOOK_PATH)[-1]))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
