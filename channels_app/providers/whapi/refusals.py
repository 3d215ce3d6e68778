"""What an answer of Whapi that is not a success means, as a ProviderError."""

import re
from collections.abc import Mapping
from typing import Any

from channels_app.providers.errors import ProviderError
from channels_app.providers.retry_after import retry_after_seconds
from channels_app.providers.whapi import limits
from channels_app.providers.whapi.parsing.reading import storable

DETAIL_LIMIT = 300
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)

PERMANENT = {
    400: ("bad_request", "Whapi refused the request"),
    403: ("forbidden", "Whapi forbids this"),
    404: ("not_found", "Whapi does not find it"),
    405: ("not_found", "Whapi does not offer this"),
    406: ("wrong_channel_type", "This kind of channel cannot do it"),
    409: ("conflict", "It was done already"),
    413: ("too_large", "It is too large for Whapi"),
    415: ("unsupported_media", "WhatsApp does not take this kind of file"),
}
"""Answers for which no repetition helps."""


def refusal(status: int, headers: Mapping[str, str], body: Any, *, acting: bool) -> ProviderError:
    """For an answer outside 2xx. `body` is the JSON value, or text. `acting`: the request would change something.

    401 is the WhatsApp session; a bad token, an unpaid channel and one that is not ready yet all give 404
    "Channel not found" (observed, 2024 and 2025; the published file does not say so).
    """
    said = message_of(body)
    if status == 401:
        detail = "WhatsApp is not linked to this channel. Scan the QR code again."
        return ProviderError("session_lost", detail, unauthorized=True, http_status=status)
    if status == 404 and "channel not found" in said.lower():
        detail = (
            "Whapi does not know this channel. Check the token and the subscription; a new channel needs 90 seconds."
        )
        return ProviderError("channel_not_found", detail, unauthorized=True, http_status=status)
    if status == 429:
        return ProviderError(
            "rate_limited",
            _sentence("Whapi asks to slow down", said),
            retry_after=retry_after_seconds(headers),
            http_status=status,
        )
    if status == 402:  # true for every message until somebody pays; none of them is at fault
        detail = "The trial's limit is used up, or the channel is not paid. Look at the billing page of Whapi's panel."
        return ProviderError("payment_required", detail, retry_after=limits.UNPAID_SECONDS, http_status=status)
    if status in PERMANENT:
        code, meaning = PERMANENT[status]
        return ProviderError(code, _sentence(meaning, said), permanent=True, http_status=status)
    if 300 <= status < 400:
        return ProviderError("redirected", "Whapi's address leads elsewhere. Check WHAPI_BASE_URL.", http_status=status)
    if 400 <= status < 500 and status not in (408, 422, 425):
        return ProviderError(
            "refused", _sentence("Whapi refused the request", said), permanent=True, http_status=status
        )
    return ProviderError(
        "provider_error",
        _sentence(f"Whapi answered {status}", said),
        outcome_unknown=acting and status != 422,
        http_status=status,
    )


def error_inside(headers: Mapping[str, str], body: Any, *, acting: bool) -> ProviderError | None:
    """The error that an HTTP 200 may carry, e.g. {"error": "operation_timeout"}."""
    if not isinstance(body, dict) or not body.get("error"):
        return None
    error = body["error"]
    code = error.get("code") if isinstance(error, dict) else body.get("code")
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 500:
        return refusal(code, headers, body, acting=acting)
    said = _sentence("Whapi accepted the request and then reported a problem", message_of(body))
    return ProviderError("error_in_answer", said, outcome_unknown=acting, http_status=200)


def message_of(body: Any) -> str:
    """The words of an error in its nested, its flat and its HTML form; without control characters, and short."""
    said: Any = body
    if isinstance(body, dict):
        error = body.get("error") or body.get("message") or ""
        said = error
        if isinstance(error, dict):
            said = ": ".join(str(error[k]) for k in ("message", "details") if isinstance(error.get(k), (str, int)))
    if not isinstance(said, str):
        return ""
    words = _TAG.sub(" ", said[:20_000]) if "<" in said else said
    return " ".join(storable(words).split())[:DETAIL_LIMIT]


def _sentence(meaning: str, said: str) -> str:
    return f"{meaning}: {said}" if said else f"{meaning}."
