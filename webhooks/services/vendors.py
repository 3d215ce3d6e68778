"""How each vendor proves that a request is its own, tries an address, and how many items its body holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from channels_app.selectors.channels import WebhookTarget
from channels_app.services.gateway import webhook_key
from kernel import signing

CHALLENGE_LIMIT = 200
META_LISTS = ("messages", "statuses", "message_echoes", "history", "state_sync", "calls", "user_preferences")


@dataclass(frozen=True)
class Vendor:
    """What the door must know of a vendor.

    proves: whether the headers and the raw body show the channel's secret; compares in constant time.
    refusal: the rule, in one sentence, for a request that does not.
    count: the number of items in a decoded body.
    echo: what to answer to the GET with which a vendor tries the address before it uses it, from its query; None for a
    try that does not know the channel's secret.
    """

    provider: str
    proves: Callable[[Mapping[str, str], bytes, WebhookTarget], bool]
    refusal: str
    count: Callable[[dict[str, Any]], int]
    echo: Callable[[Mapping[str, str], WebhookTarget], str | None] | None = None


def _sends_shared_secret(headers: Mapping[str, str], body: bytes, target: WebhookTarget) -> bool:
    return bool(target.secret_digest) and signing.matches_digest(
        headers.get("X-Webhook-Secret", ""), target.secret_digest
    )


def _signs_for_waha(headers: Mapping[str, str], body: bytes, target: WebhookTarget) -> bool:
    key = webhook_key(target.channel_id, "hmac_key")
    algorithm = headers.get("X-Webhook-Hmac-Algorithm", "sha512").lower()
    return (
        bool(key)
        and algorithm == "sha512"
        and signing.matches(headers.get("X-Webhook-Hmac", "").lower(), signing.hmac_hex(key, body, algorithm))
    )


def _signs_for_meta(headers: Mapping[str, str], body: bytes, target: WebhookTarget) -> bool:
    """Over the bytes as they came: parsing and writing the JSON again would change its escapes."""
    secret = webhook_key(target.channel_id, "app_secret")
    algorithm, _, signature = headers.get("X-Hub-Signature-256", "").partition("=")
    return (
        bool(secret) and algorithm == "sha256" and signing.matches(signature, signing.hmac_hex(secret, body, "sha256"))
    )


def _challenge_of_meta(query: Mapping[str, str], target: WebhookTarget) -> str | None:
    token = webhook_key(target.channel_id, "verify_token")
    known = bool(token) and signing.matches(query.get("hub.verify_token", ""), token)
    return query.get("hub.challenge", "")[:CHALLENGE_LIMIT] if known and query.get("hub.mode") == "subscribe" else None


def _batched_items(document: dict[str, Any]) -> int:
    """Meta sends entries with changes, whose values hold lists; news of an account are a single object."""
    return sum(_items_in(change) for entry in _dicts(document, "entry") for change in _dicts(entry, "changes")) or 1


def _items_in(change: dict[str, Any]) -> int:
    value = change.get("value")
    lists = [value.get(name) for name in META_LISTS] if isinstance(value, dict) else []
    return sum(len(items) for items in lists if isinstance(items, list)) or 1


def _dicts(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _listed_items(document: dict[str, Any]) -> int:
    """Whapi sends arrays of one kind; connection news is a single object."""
    return sum(len(value) for value in document.values() if isinstance(value, list)) or 1


VENDORS = {
    vendor.provider: vendor
    for vendor in (
        Vendor(
            provider="whapi",
            proves=_sends_shared_secret,
            refusal="The header X-Webhook-Secret must hold the secret of this channel.",
            count=_listed_items,
        ),
        Vendor(
            provider="cloud",
            proves=_signs_for_meta,
            refusal="The header X-Hub-Signature-256 must hold the HMAC-SHA256 of the raw body with the app secret.",
            count=_batched_items,
            echo=_challenge_of_meta,
        ),
        Vendor(
            provider="waha",
            proves=_signs_for_waha,
            refusal="The header X-Webhook-Hmac must hold the HMAC-SHA512 of the raw body with the key of this channel.",
            count=lambda document: 1,
        ),
    )
}
