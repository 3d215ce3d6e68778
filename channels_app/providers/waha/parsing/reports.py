"""Delivery reports, presences and calls."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import Ignored, Inbound, InboundMessage, InboundPresence, InboundStatus
from channels_app.providers.reading import Malformed, mapping, moment, sequence, text
from channels_app.providers.waha.ids import id_of, reference_of
from channels_app.providers.waha.parsing.people import chat_of
from channels_app.providers.waha.parsing.told import Told

ACK_STATUS = {-1: "failed", 0: "pending", 1: "sent", 2: "delivered", 3: "read", 4: "played"}
"""ERROR, PENDING, SERVER, DEVICE, READ, PLAYED. One below the scale of the library inside WAHA."""

PRESENCES = {
    "online": "online",
    "offline": "offline",
    "typing": "typing",
    "recording": "recording",
    "paused": "online",
}


def ack_of(item: dict[str, Any]) -> int | None:
    ack = item.get("ack")
    return ack if isinstance(ack, int) and not isinstance(ack, bool) else None


def status_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Of a message of ours, or (`read`) of a customer's that our side has read. Raises Malformed.

    The event has no time of its own but that of its making. The chat may be named by a number in one report and by the
    hidden id in the next, so the message is found by its id alone.
    """
    message_id, chat_id = id_of(item.get("id")), chat_of(item)
    if not message_id:
        raise Malformed("A report names no message.")
    if chat_id and not reading.is_conversation(chat_id):
        return [Ignored("Somebody saw a story.")]
    status = ACK_STATUS.get(ack_of(item))
    if status is None:
        return [Ignored("The report says neither delivered nor read.")]
    code, detail = _error(mapping(item, "error")) if status == "failed" else ("", "")
    return [
        InboundStatus(
            wa_message_id=message_id,
            status=status,
            at=around.at,
            wa_chat_id=chat_id,
            viewer_wa_id=reading.wa_id(item.get("participant")) if chat_id.endswith("@g.us") else "",
            error_code=code,
            error_detail=detail,
            client_reference=reference_of(message_id) if item.get("fromMe") is True else "",
        )
    ]


def _error(error: dict[str, Any]) -> tuple[str, str]:
    code = error.get("code")
    code = str(code)[:60] if isinstance(code, (int, str)) and not isinstance(code, bool) else ""
    if error.get("blocked") is True or code == "463":
        until = text(error, "until", 40)
        detail = "WhatsApp does not let this number write to new people"
        return code, f"{detail} until {until}." if until else f"{detail} at the moment."
    return code, f"WhatsApp refused it with error {code}." if code else "WhatsApp did not accept the message."


def presence_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Raises Malformed."""
    values: list[Inbound] = []
    for entry in sequence(item, "presences")[:1000]:
        known = entry if isinstance(entry, dict) else {}
        who = reading.wa_id(known.get("participant")) or reading.wa_id(item.get("id"))
        status = PRESENCES.get(text(known, "lastKnownPresence", 20))
        if who and status and not who.endswith("@g.us"):
            values.append(InboundPresence(who, status))
    return values or [Ignored("The presence says nothing of a person.")]


def call_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """A call is one message. Raises Malformed."""
    call_id, caller, at = id_of(item.get("id")), reading.wa_id(item.get("from")), moment(item) or around.at
    if not call_id or at is None or not reading.is_conversation(caller):
        raise Malformed("A call has no id, time or caller.")
    facts = {ours: True for ours, theirs in (("video_call", "isVideo"), ("group_call", "isGroup")) if item.get(theirs)}
    return [
        InboundMessage(
            wa_message_id=call_id,
            wa_chat_id=caller,
            from_me=False,
            sender_wa_id="" if caller.endswith("@g.us") else caller,
            at=at,
            type="call",
            text="Video call" if "video_call" in facts else "Call",
            extra={"raw": {"type": "call", **facts}},
        )
    ]
