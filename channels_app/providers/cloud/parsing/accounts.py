"""News of the account and the number, and the number's own status."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from channels_app.providers.base import Health, Inbound, InboundConnection, InboundNotice
from channels_app.providers.cloud.parsing.people import Place
from channels_app.providers.errors import ProviderError
from channels_app.providers.reading import Malformed, mapping, moment, sequence, text
from channels_app.providers.reading import wa_id as normal_wa_id
from channels_app.states import ChannelStatus

STATUS_OF_NUMBER = {
    "CONNECTED": ChannelStatus.CONNECTED,
    "FLAGGED": ChannelStatus.DEGRADED,
    "RESTRICTED": ChannelStatus.DEGRADED,
    "RATE_LIMITED": ChannelStatus.DEGRADED,
    "UNKNOWN": ChannelStatus.DEGRADED,
    "PENDING": ChannelStatus.ERROR,
    "UNVERIFIED": ChannelStatus.ERROR,
    "MIGRATED": ChannelStatus.ERROR,
    "DISCONNECTED": ChannelStatus.ERROR,
    "BANNED": ChannelStatus.ERROR,
    "DELETED": ChannelStatus.LOGGED_OUT,
}
WORDS = {
    "FLAGGED": "Meta flagged the number because of its quality.",
    "RESTRICTED": "Meta restricted the number; it may not begin new conversations now.",
    "RATE_LIMITED": "Meta limits how much the number may send.",
    "UNKNOWN": "Meta does not say how the number is.",
    "PENDING": "The number is not registered yet. Register it in the WhatsApp Manager.",
    "UNVERIFIED": "The number is not verified yet. Verify it in the WhatsApp Manager.",
    "MIGRATED": "The number was moved to another account.",
    "DISCONNECTED": "Meta says that the number is disconnected. Register it again in the WhatsApp Manager.",
    "BANNED": "WhatsApp banned the number.",
    "DELETED": "The number was deleted at Meta.",
}
BANS = {
    "SCHEDULE_FOR_DISABLE": (ChannelStatus.DEGRADED, "Meta will disable the account. Appeal in the Business Manager."),
    "DISABLE": (ChannelStatus.ERROR, "Meta disabled the account."),
    "REINSTATE": (ChannelStatus.CONNECTED, "Meta reinstated the account."),
}
NOTICES = {
    "account_alerts": (
        "Meta warns about the account",
        ("alert_severity", "alert_type", "alert_description", "alert_status"),
    ),
    "account_review_update": ("Meta has reviewed the account", ("decision",)),
    "business_capability_update": (
        "Meta changed how many people the account may write to in a day",
        ("max_daily_conversations_per_business", "max_daily_conversation_per_phone"),
    ),
    # Named after quality, but about limits. It names a number of the account by its digits alone.
    "phone_number_quality_update": (
        "Meta changed what a number may send",
        ("display_phone_number", "event", "max_daily_conversations_per_business", "current_limit"),
    ),
    "phone_number_name_update": (
        "Meta has decided about a display name",
        ("display_phone_number", "requested_verified_name", "decision", "rejection_reason"),
    ),
    "security": ("Meta reports a change of a number's security", ("display_phone_number", "event")),
    "message_template_quality_update": (
        "The quality of a template changed",
        ("message_template_name", "message_template_language", "new_quality_score"),
    ),
}
"""What some news mean, and which of their values say more."""

ENDED = {
    "ACCOUNT_DELETED": "The WhatsApp Business account was deleted.",
    "PARTNER_REMOVED": "The account was disconnected from the app.",
    "PARTNER_APP_UNINSTALLED": "The app was removed from the account.",
    "ACCOUNT_OFFBOARDED": "The number was disconnected in the WhatsApp Business app.",
}


def health_of(answer: dict[str, Any]) -> Health:
    """The answer of GET /{phone_number_id}. Raises ProviderError for one without a number."""
    digits = "".join(c for c in text(answer, "display_phone_number", 40) if c.isdecimal())
    if not digits:
        raise ProviderError("unreadable_answer", "Meta describes no phone number.")
    said = text(answer, "status", 40).upper()
    status = STATUS_OF_NUMBER.get(said, ChannelStatus.CONNECTED if not said else ChannelStatus.DEGRADED)
    return Health(
        status=status,
        detail=WORDS.get(said) or _quality(answer),
        own_wa_id=normal_wa_id(digits),
        provider_channel_id=text(answer, "id", 80),
    )


def _quality(answer: dict[str, Any]) -> str:
    """E.g. "Quality green. Throughput standard. Limit tier 1k."."""
    parts = {
        "Quality": text(answer, "quality_rating", 20),
        "Throughput": text(mapping(answer, "throughput"), "level", 20),
        "Limit": text(answer, "messaging_limit_tier", 40).replace("_", " "),
    }
    return " ".join(f"{name} {value.lower()}." for name, value in parts.items() if value)


def account_values(item: Any, place: Place) -> Iterable[Inbound]:
    """What happened to the account, as far as it changes whether a number can send. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("News of an account is not an object.")
    event = text(item, "event", 60).upper()
    if event == "ACCOUNT_RESTRICTION":
        return [InboundConnection(ChannelStatus.DEGRADED, _restricted(item))]
    if event == "DISABLED_UPDATE":
        state = text(mapping(item, "ban_info"), "waba_ban_state", 40).upper()
        if state in BANS:
            return [InboundConnection(*BANS[state])]
    if event in ENDED:
        reason = text(mapping(item, "disconnection_info"), "reason", 100).replace("_", " ").lower()
        return [InboundConnection(ChannelStatus.LOGGED_OUT, f"{ENDED[event]}{f' Reason: {reason}.' if reason else ''}")]
    if event == "ACCOUNT_VIOLATION":
        kind = text(mapping(item, "violation_info"), "violation_type", 60).replace("_", " ").lower()
        return [InboundConnection(ChannelStatus.DEGRADED, f"Meta reports a violation of its policies: {kind}.")]
    return [InboundNotice(f"News of the account: {_plain(event) or 'no details'}.")]


def _restricted(item: dict[str, Any]) -> str:
    restrictions = [one for one in sequence(item, "restriction_info") if isinstance(one, dict)]
    names = [text(one, "restriction_type", 80).replace("_", " ").lower() for one in restrictions]
    ends: list[datetime] = [at for one in restrictions if (at := moment(one, "expiration")) is not None]
    until = f" until {max(ends):%Y-%m-%d %H:%M} UTC" if ends else ""
    return f"Meta restricted the account{until}: {', '.join(filter(None, names)) or 'no reason given'}."


def notice_values(field: str) -> Callable[[Any, Place], Iterable[Inbound]]:
    """Reads news of one of NOTICES: they move nothing, and an admin wants to have seen them."""
    meaning, names = NOTICES[field]

    def read(item: Any, place: Place) -> Iterable[Inbound]:
        if not isinstance(item, dict):
            raise Malformed("News of an account is not an object.")
        told = {**item, **mapping(item, "alert_info")}
        said = filter(None, (_plain(_word(told.get(name))) for name in names))
        return [InboundNotice(f"{meaning}: {', '.join(dict.fromkeys(said)) or 'no details'}.")]

    return read


def _word(value: Any) -> str:
    return str(value)[:100] if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _plain(word: str) -> str:
    """Meta's CONSTANT_NAMES as words; names that people gave stay as they are."""
    return word.replace("_", " ").lower() if word.isupper() else word
