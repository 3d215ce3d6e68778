"""Delivery reports, presences and calls."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers.base import Ignored, Inbound, InboundMessage, InboundPresence, InboundStatus
from channels_app.providers.whapi.parsing import reading
from channels_app.providers.whapi.parsing.reading import Malformed, moment, sequence, text

STATUSES = {"pending", "sent", "delivered", "read", "played", "failed", "deleted"}
PRESENCES = {"online", "offline", "typing", "recording"}


def status_values(item: Any) -> Iterable[Inbound]:
    """Of a message of ours, or (`read`) of a customer's message that our side has read. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A status is not an object.")
    if text(item, "recipient_id") in ("stories", "status@broadcast"):
        return [Ignored("Somebody saw a story.")]
    message_id, status = reading.message_id(item, "id"), text(item, "status", 20).lower()
    if not message_id:
        raise Malformed("A status names no message.")
    if status not in STATUSES:
        return [Ignored(f"Waybill knows no status {status!r}.")]
    code, detail = _error(item)
    return [
        InboundStatus(
            wa_message_id=message_id,
            status=status,
            at=moment(item),
            wa_chat_id=reading.wa_id(item.get("recipient_id")),
            viewer_wa_id=reading.wa_id(item.get("viewer_id")),
            error_code=code,
            error_detail=detail,
        )
    ]


def _error(item: dict[str, Any]) -> tuple[str, str]:
    error = next((e for e in sequence(item, "errors") if isinstance(e, dict)), {})
    code = error.get("code")
    detail = " ".join(filter(None, (text(error, "message", 300), text(error, "details", 190))))
    return (str(code)[:60] if isinstance(code, (int, str)) and not isinstance(code, bool) else ""), detail


def presence_values(item: Any) -> Iterable[Inbound]:
    """Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A presence is not an object.")
    who, status = reading.wa_id(item.get("contact_id")), text(item, "status", 20).lower()
    if not who:
        raise Malformed("A presence names nobody.")
    return [InboundPresence(who, status)] if status in PRESENCES else [Ignored(f"No use for presence {status!r}.")]


def call_values(item: Any) -> Iterable[Inbound]:
    """A call is one message, whichever of its states comes first: nothing in it depends on them. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A call is not an object.")
    call_id, at = reading.message_id(item, "id"), moment(item)
    chat_id = reading.wa_id(item.get("chat_id")) or reading.wa_id(item.get("from"))
    if not call_id or at is None or not reading.is_conversation(chat_id):
        raise Malformed("A call has no id, time or chat.")
    facts = {name: True for name in ("video_call", "group_call") if item.get(name) is True}
    return [
        InboundMessage(
            wa_message_id=call_id,
            wa_chat_id=chat_id,
            from_me=False,
            sender_wa_id=reading.wa_id(item.get("from")),
            at=at,
            type="call",
            text="Video call" if "video_call" in facts else "Call",
            extra={"raw": {"type": "call", **facts}},
        )
    ]
