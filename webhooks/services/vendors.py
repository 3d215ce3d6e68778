"""How each vendor proves that a request is its own, and how many items its body holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from channels_app.selectors.channels import WebhookTarget
from channels_app.services.gateway import webhook_key
from kernel import signing


@dataclass(frozen=True)
class Vendor:
    """What the door must know of a vendor.

    proves: whether the headers and the raw body show the channel's secret; compares in constant time.
    refusal: the rule, in one sentence, for a request that does not.
    count: the number of items in a decoded body.
    """

    provider: str
    proves: Callable[[Mapping[str, str], bytes, WebhookTarget], bool]
    refusal: str
    count: Callable[[dict[str, Any]], int]


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
            provider="waha",
            proves=_signs_for_waha,
            refusal="The header X-Webhook-Hmac must hold the HMAC-SHA512 of the raw body with the key of this channel.",
            count=lambda document: 1,
        ),
    )
}
