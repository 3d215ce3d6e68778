"""What an answer of WAHA that is not a success means, as a ProviderError.

WAHA quotes the whole request in the body of a 500, so only its few fields with words are ever read.
"""

import re
from collections.abc import Mapping
from typing import Any

from channels_app.providers.errors import ProviderError
from channels_app.providers.reading import storable
from channels_app.providers.retry_after import retry_after_seconds
from channels_app.providers.waha import limits

DETAIL_LIMIT = 300
STARTING_SECONDS = 5.0
"""How long to wait for a session that is connecting before the lane tries again."""

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_NO_SESSION = re.compile(r"session\b.*\b(not exist|not found|didn't find)|didn't find a session", re.IGNORECASE)
_SERVER_ERROR = re.compile(r"server returned error (\d{3})\b")
"""WhatsApp's own refusal, as GOWS passes it on inside a 500."""

PERMANENT = {
    400: ("bad_request", "WAHA refused the request"),
    404: ("not_found", "WAHA does not find it"),
    405: ("not_found", "WAHA does not offer this"),
    413: ("too_large", "It is too large for WAHA"),
    415: ("unsupported_media", "WAHA does not take this kind of file"),
    422: ("unprocessable", "WAHA cannot do this"),
    501: ("unsupported_by_engine", "The engine of this WAHA cannot do this"),
}
"""Answers for which no repetition helps."""

UNLINKED = {
    "SCAN_QR_CODE": "WhatsApp is not linked to this session. Scan the QR code again.",
    "PASSKEY_REQUIRED": "WhatsApp waits for the passkey of this account.",
    "PASSKEY_CONFIRMATION_REQUIRED": "WhatsApp waits until the passkey's code is confirmed.",
    "STOPPED": "The session is stopped at WAHA. Connect it again.",
    "FAILED": "The session failed at WAHA. Connect it again.",
}


def refusal(status: int, headers: Mapping[str, str], body: Any, *, acting: bool) -> ProviderError:
    """For an answer outside 2xx. `body` is the JSON value, or text. `acting`: the request would change something."""
    said = words_of(body)
    known = {"http_status": status}
    if status == 401:
        detail = "WAHA does not accept the API key. Paste the key that it was started with."
        return ProviderError("wrong_key", detail, unauthorized=True, **known)
    if status == 403:
        detail = "WAHA does not let this API key use the session."
        return ProviderError("forbidden", detail, unauthorized=True, **known)
    if status in (404, 422) and (lost := _session_lost(body, said, known)):
        return lost
    if status == 429:
        wait = retry_after_seconds(headers)
        return ProviderError("rate_limited", _sentence("WAHA asks to slow down", said), retry_after=wait, **known)
    if status == 500 and (refused := _SERVER_ERROR.search(said)):
        return _refused_by_whatsapp(refused[1], known)
    if status in PERMANENT:
        code, meaning = PERMANENT[status]
        return ProviderError(code, _sentence(meaning, said), permanent=True, **known)
    if 300 <= status < 400:
        detail = "WAHA's address leads elsewhere. Check the address of the channel."
        return ProviderError("redirected", detail, **known)
    if 400 <= status < 500 and status not in (408, 425):
        return ProviderError("refused", _sentence("WAHA refused the request", said), permanent=True, **known)
    said = _sentence(f"WAHA answered {status}", said)
    return ProviderError("provider_error", said, outcome_unknown=acting, **known)


def _session_lost(body: Any, said: str, known: dict[str, Any]) -> ProviderError | None:
    """A session that is not working can send nothing, whatever the message. While it connects, the lane waits."""
    state = body.get("status") if isinstance(body, dict) and "expected" in body else None
    if state == "STARTING":
        detail = "WAHA is connecting this session to WhatsApp."
        return ProviderError("session_starting", detail, retry_after=STARTING_SECONDS, **known)
    if isinstance(state, str):
        detail = UNLINKED.get(state, "The session does not work at WAHA. Connect it again.")
        return ProviderError("session_lost", detail, unauthorized=True, **known)
    if _NO_SESSION.search(said):
        detail = "WAHA has no session of this name. Connect the channel to make it."
        return ProviderError("session_missing", detail, unauthorized=True, **known)
    return None


def _refused_by_whatsapp(code: str, known: dict[str, Any]) -> ProviderError:
    """Certainly not sent. 463: the number may not write to new people for some time, and trying makes that longer."""
    if code == "463":
        detail = "WhatsApp does not let this number write to new people at the moment."
        return ProviderError("whatsapp_463", detail, permanent=True, **known)
    if code == "429":
        return ProviderError("whatsapp_429", "WhatsApp asks to slow down.", retry_after=0.0, **known)
    return ProviderError(f"whatsapp_{code}", f"WhatsApp refused it with error {code}.", permanent=True, **known)


def words_of(body: Any) -> str:
    """The words of an error in each of its forms; without control characters, and short."""
    said = body
    if isinstance(body, dict):
        exception, error = body.get("exception"), body.get("error")
        said = body.get("message") or error
        if isinstance(exception, dict):
            said = exception.get("details") or exception.get("message")
        elif isinstance(error, dict):
            said = error.get("message")
    if isinstance(said, list):
        said = "; ".join(one for one in said[:5] if isinstance(one, str))
    if not isinstance(said, str):
        return ""
    words = _TAG.sub(" ", said[: limits.SMALL_ANSWER_LIMIT_BYTES // 50]) if "<" in said else said
    return " ".join(storable(words).split())[:DETAIL_LIMIT]


def _sentence(meaning: str, said: str) -> str:
    return f"{meaning}: {said}" if said else f"{meaning}."
