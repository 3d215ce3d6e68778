"""Delivery reports and calls."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers.base import Ignored, Inbound, InboundChat, InboundMessage, InboundStatus
from channels_app.providers.cloud.limits import REFERENCE_LIMIT
from channels_app.providers.cloud.parsing.people import Place, group, name_of, person
from channels_app.providers.cloud.refusals import explained
from channels_app.providers.reading import Malformed, mapping, message_id, moment, sequence, storable, text

STATUSES = {"sent", "delivered", "read", "played", "failed"}
BY_THE_CUSTOMER = {"service", "user_initiated", "referral_conversion"}
"""Origins of a conversation in which anything may be written; one that a template began allows templates only."""


def status_values(item: Any, place: Place) -> Iterable[Inbound]:
    """One report; in groups one per participant. An old report also says until when anything may be written.

    Raises Malformed.
    """
    if not isinstance(item, dict):
        raise Malformed("A report is not an object.")
    wa_message_id, status = message_id(item, "id"), text(item, "status", 20).lower()
    if not wa_message_id:
        raise Malformed("A report names no message.")
    if status not in STATUSES:
        return [Ignored(f"A report says {status or 'nothing'}, which changes nothing.")]
    in_group = text(item, "recipient_type", 20) == "group"
    recipient = person(item.get("recipient_id"), item.get("recipient_user_id"))
    chat_id = group(item.get("recipient_id")) if in_group else recipient
    code, detail = _error(item) if status == "failed" else ("", "")
    report = InboundStatus(
        wa_message_id=wa_message_id,
        status=status,
        at=moment(item),
        wa_chat_id=chat_id,
        viewer_wa_id=_viewer(item) if in_group else "",
        error_code=code,
        error_detail=detail,
        client_reference=text(item, "biz_opaque_callback_data", REFERENCE_LIMIT),
        extra=_price(item),
    )
    return [report, *_window(item, chat_id)]


def _viewer(item: dict[str, Any]) -> str:
    return person(item.get("recipient_participant_id"), item.get("recipient_participant_user_id"))


def _error(item: dict[str, Any]) -> tuple[str, str]:
    return explained(next((error for error in sequence(item, "errors") if isinstance(error, dict)), {}))


def _price(item: dict[str, Any]) -> dict[str, Any]:
    pricing = mapping(item, "pricing")
    kept = {key: storable(pricing[key]) for key in ("billable", "category", "type", "pricing_model") if key in pricing}
    return {"pricing": kept} if kept else {}


def _window(item: dict[str, Any], chat_id: str) -> list[Inbound]:
    """Older versions of the API name the end of the conversation."""
    conversation = mapping(item, "conversation")
    ends = moment(conversation, "expiration_timestamp")
    origin = text(mapping(conversation, "origin"), "type", 40)
    if ends is None or origin not in BY_THE_CUSTOMER or not chat_id or chat_id.endswith("@g.us"):
        return []
    return [InboundChat(chat_id, window_expires_at=ends)]


def call_values(item: Any, place: Place) -> Iterable[Inbound]:
    """A call is one message, whichever of its events comes first. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A call is not an object.")
    call_id, at = message_id(item, "id"), moment(item)
    ours = text(item, "direction", 30) == "BUSINESS_INITIATED"
    key = "to" if ours else "from"
    chat_id = person(item.get(key), item.get(f"{key}_user_id"))
    if not call_id or at is None or not chat_id:
        raise Malformed("A call has no id, time or person.")
    return [
        InboundMessage(
            wa_message_id=call_id,
            wa_chat_id=chat_id,
            from_me=ours,
            sender_wa_id="" if ours else chat_id,
            sender_name="" if ours else name_of(place, item.get("from"), item.get("from_user_id")),
            at=at,
            type="call",
            text="Call",
            extra={"raw": {"type": "call"}},
        )
    ]


def call_status_values(item: Any, place: Place) -> Iterable[Inbound]:
    status = text(item, "status", 30).lower() if isinstance(item, dict) else ""
    return [Ignored(f"A call of ours: {status or 'no state'}.")]
