"""What an error of the Cloud API means: the code decides, never the HTTP status or the words (they change)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels_app.providers.cloud import limits
from channels_app.providers.errors import ProviderError
from channels_app.providers.reading import mapping, storable, text
from channels_app.providers.retry_after import retry_after_seconds

DETAIL_LIMIT = 300

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Meaning:
    """`how` is one of: permanent, closed (nothing works until a person reconnects), slow (wait, then go on), again
    (not sent, safe to repeat), unknown (may have been sent)."""

    code: str
    how: str
    words: str
    seconds: float = 0.0
    scope: str = "lane"


def _permanent(code: str, words: str) -> Meaning:
    return Meaning(code, "permanent", words)


_TOKEN = Meaning("token_invalid", "closed", "Meta does not accept the access token. Make a new one and paste it.")
_PERMISSION = Meaning(
    "permission_missing",
    "closed",
    "The access token may not do this. It needs whatsapp_business_messaging and whatsapp_business_management for "
    "this account.",
)
_AWAY = Meaning("unavailable", "again", "Meta is overloaded or away for a moment")
_GENERIC = Meaning("provider_error", "unknown", "Meta reports a problem of its own")
_PARAMETER = _permanent("bad_request", "Meta refused the message as it is")
_TEMPLATE = _permanent("template_refused", "Meta refused the template")
_GROUP = _permanent("group_refused", "Meta refused a message to this group")

MEANINGS: dict[int, Meaning] = {
    0: _TOKEN,
    190: _TOKEN,
    3: _PERMISSION,
    10: _PERMISSION,
    **dict.fromkeys(range(200, 300), _PERMISSION),
    33: Meaning(
        "unknown_object",
        "closed",
        "Meta does not know this id, or the token may not see it. Check phone number id, account id and token.",
    ),
    1: Meaning("provider_error", "again", "Meta could not handle the request"),
    2: _AWAY,
    131016: _AWAY,
    133004: _AWAY,
    131057: Meaning("maintenance", "slow", "Meta is working on this number", limits.MAINTENANCE_SECONDS),
    131000: _GENERIC,
    135000: _GENERIC,
    4: Meaning("app_rate_limited", "slow", "Meta's limit of calls for this app is reached"),
    80007: Meaning("account_rate_limited", "slow", "Meta's limit of calls for this account is reached"),
    130429: Meaning("rate_limited", "slow", "This number sends faster than Meta allows"),
    131056: Meaning(
        "pair_rate_limited",
        "slow",
        "Too many messages to this person in a short time",
        limits.PAIR_SECONDS,
        scope="chat",
    ),
    131048: Meaning(
        "spam_limited",
        "slow",
        "Meta limits this number because people block or report it",
        limits.SPAM_SECONDS,
    ),
    131064: Meaning(
        "template_misuse",
        "slow",
        "Meta limits this number because of how its templates are used",
        limits.SPAM_SECONDS,
    ),
    133016: Meaning("registration_limited", "slow", "The number was registered too often", limits.SPAM_SECONDS),
    368: Meaning("policy_block", "slow", "Meta blocked this account for its policies", limits.ACCOUNT_SECONDS),
    131031: Meaning("account_locked", "slow", "Meta locked this account", limits.ACCOUNT_SECONDS),
    131042: Meaning(
        "payment_required",
        "slow",
        "Meta cannot charge this account. Look at the payment method in the Business Manager",
        limits.ACCOUNT_SECONDS,
    ),
    131037: Meaning(
        "display_name_missing", "slow", "The number's display name is not approved yet", limits.ACCOUNT_SECONDS
    ),
    131045: Meaning("not_registered", "slow", "The number is not registered with Meta", limits.ACCOUNT_SECONDS),
    133010: Meaning("not_registered", "slow", "The number is not registered with Meta", limits.ACCOUNT_SECONDS),
    130497: _permanent("country_restricted", "This account may not write to people of that country"),
    100: _PARAMETER,
    131008: _PARAMETER,
    131009: _PARAMETER,
    131021: _permanent("own_number", "A number cannot write to itself"),
    131026: _permanent(
        "undeliverable",
        "WhatsApp cannot deliver to this person: no WhatsApp, an old version, its terms not accepted, or blocked",
    ),
    131030: _permanent(
        "not_allowed_yet",
        "This is a test number, and the recipient is not on its list. Add them in the app's WhatsApp settings",
    ),
    131047: _permanent(
        "window_closed",
        "The customer last wrote more than 24 hours ago. Only a template can be sent until they write again",
    ),
    131049: _permanent(
        "marketing_limited", "Meta did not deliver it, to spare this person too much marketing. Try it tomorrow"
    ),
    131050: _permanent("opted_out", "This person does not want marketing messages"),
    130472: _permanent("experiment", "Meta leaves this person out of marketing messages for an experiment"),
    131051: _permanent("unsupported_type", "WhatsApp does not take this kind of message"),
    131052: Meaning("media_unavailable", "again", "Meta could not fetch the customer's file"),
    131053: _permanent("media_refused", "Meta could not use the file"),
    131062: _permanent("address_refused", "A message of this kind cannot go to somebody without a phone number"),
    137000: _permanent("identity_changed", "The recipient's identity has changed since it was last confirmed"),
    **dict.fromkeys((132000, 132012), _permanent("template_variables", "The template's variables do not fit it")),
    132001: _permanent("template_unknown", "Meta has no such approved template in this language"),
    **dict.fromkeys((132005, 132007, 132008, 132068, 132069), _TEMPLATE),
    132015: _permanent("template_paused", "Meta paused the template because of its quality"),
    132016: _permanent("template_disabled", "Meta disabled the template for good"),
    **dict.fromkeys((131020, 131041, *range(131201, 131216)), _GROUP),
}
"""By Meta's code. Codes that only a change of the message or its recipient can help are permanent."""


def refusal(status: int, headers: Mapping[str, str], body: Any, *, acting: bool) -> ProviderError:
    """For an answer that is no success. `body` is the JSON value, or text. `acting`: it would have sent something."""
    error = mapping(body, "error") if isinstance(body, dict) else {}
    meaning = _meaning(error)
    said = words_of(error) if error else _plain(body)
    if meaning is not None:
        return _error(meaning, said, status, headers, acting=acting)
    if status == 429:
        return _error(MEANINGS[130429], said, status, headers, acting=acting)
    if status == 401:
        return _error(_TOKEN, said, status, headers, acting=acting)
    if 300 <= status < 400:
        return ProviderError("redirected", "Meta's address leads elsewhere. Check the base URL.", http_status=status)
    if 400 <= status < 500 and status not in (408, 425):
        return _error(_permanent("refused", "Meta refused the request"), said, status, headers, acting=acting)
    return _error(Meaning("provider_error", "unknown", f"Meta answered {status}"), said, status, headers, acting=acting)


def meaning_of(code: Any) -> Meaning | None:
    """What a code means that a webhook names; None for one that is not known."""
    if isinstance(code, str) and code.isdecimal() and len(code) < 10:
        code = int(code)
    return MEANINGS.get(code) if isinstance(code, int) and not isinstance(code, bool) else None


def explained(error: dict[str, Any]) -> tuple[str, str]:
    """(code, one sentence) for an error object of a webhook: ours where the code is known, else Meta's own."""
    meaning, said = meaning_of(error.get("code")), words_of(error)
    if meaning is not None:
        return meaning.code, _sentence(meaning.words, said)
    code = error.get("code")
    return (str(code)[:60] if isinstance(code, (int, str)) and not isinstance(code, bool) else ""), said


def words_of(error: dict[str, Any]) -> str:
    """Meta's own words for an error, the most exact there are; without control characters, and short."""
    details = text(mapping(error, "error_data"), "details") or text(error, "message") or text(error, "title")
    return _plain(details)


def _meaning(error: dict[str, Any]) -> Meaning | None:
    """An unknown object comes as code 100 with the subcode 33."""
    if error.get("error_subcode") == 33 and error.get("code") == 100:
        return MEANINGS[33]
    return meaning_of(error.get("code"))


def _error(meaning: Meaning, said: str, status: int, headers: Mapping[str, str], *, acting: bool) -> ProviderError:
    how: dict[str, Any] = {}
    if meaning.how == "permanent":
        how["permanent"] = True
    elif meaning.how == "closed":
        how["unauthorized"] = True
    elif meaning.how == "slow":
        how |= {"retry_after": retry_after_seconds(headers) or meaning.seconds, "scope": meaning.scope}
    elif meaning.how == "unknown":
        how["outcome_unknown"] = acting
    return ProviderError(meaning.code, _sentence(meaning.words, said), http_status=status, **how)


def _sentence(meaning: str, said: str) -> str:
    return f"{meaning.removesuffix('.')}: {said}" if said else f"{meaning.removesuffix('.')}."


def _plain(said: Any) -> str:
    if not isinstance(said, str):
        return ""
    words = _TAG.sub(" ", said[:20_000]) if "<" in said else said
    return " ".join(storable(words).split())[:DETAIL_LIMIT]
