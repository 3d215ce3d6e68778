"""Numbers that are also used in the WhatsApp Business app: what is written there, its history and its contacts."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import Ignored, Inbound, InboundContact, InboundReaction
from channels_app.providers.cloud.parsing.messages import edit_of, message_of, revoke_of
from channels_app.providers.cloud.parsing.people import Place, name_of, person
from channels_app.providers.reading import Malformed, mapping, message_id, moment, sequence, text

STATUSES = {"SENT": "sent", "DELIVERED": "delivered", "READ": "read", "PLAYED": "played", "ERROR": "failed"}


def echo_values(item: Any, place: Place) -> Iterable[Inbound]:
    """Something that was typed on our own phone; the other side is `to`. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("An echo is not an object.")
    chat_id = person(item.get("to"), item.get("to_user_id"))
    if not chat_id:
        raise Malformed("An echo names nobody whom it went to.")
    own = f"{place.own_digits}@s.whatsapp.net" if place.own_digits else ""
    kind = text(item, "type", 40)
    if kind == "edit":
        return [edit_of(item, chat_id)]
    if kind == "revoke":
        return [revoke_of(item, chat_id, own)]
    if kind == "reaction":
        return [_reaction(item, chat_id, own)]
    return [message_of(item, kind, chat_id, from_me=True, sender_wa_id=own, source="mobile")]


def _reaction(item: dict[str, Any], chat_id: str, own: str) -> InboundReaction:
    content = mapping(item, "reaction")
    target = message_id(content, "message_id")
    if not target:
        raise Malformed("A reaction names no message.")
    return InboundReaction(
        target_wa_id=target,
        wa_chat_id=chat_id,
        by_wa_id=own,
        by_name="",
        emoji=text(content, "emoji", 32),
        at=moment(item),
        event_wa_id=message_id(item, "id"),
        from_me=True,
    )


def history_values(item: Any, place: Place) -> Iterable[Inbound]:
    """One chunk of what the phone knew before it was connected; chunks repeat. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A piece of history is not an object.")
    found: list[Inbound] = []
    malformed: list[str] = []
    for thread in sequence(item, "threads"):
        if not isinstance(thread, dict):
            continue
        for message in sequence(thread, "messages"):
            try:
                found.extend(_past(message, thread, place))
            except Malformed as trouble:
                malformed.append(str(trouble))
    if malformed and not found:
        raise Malformed(malformed[0])
    return found or [Ignored("A piece of history without messages.")]


def _past(item: Any, thread: dict[str, Any], place: Place) -> Iterable[Inbound]:
    if not isinstance(item, dict):
        raise Malformed("A message is not an object.")
    sender = person(item.get("from"), item.get("from_user_id"))
    chat_id = person(thread.get("id"), mapping(thread, "context").get("user_id"))
    if not chat_id or not sender:
        raise Malformed("A message of the past names nobody.")
    from_me = sender != chat_id
    kind = text(item, "type", 40)
    if kind in ("reaction", "edit", "revoke"):
        return [Ignored("What was done to messages before the number was connected is not shown.")]
    status = STATUSES.get(text(mapping(item, "history_context"), "status", 20), "") if from_me else ""
    name = "" if from_me else name_of(place, item.get("from"))
    more = {"sender_wa_id": sender, "sender_name": name, "status": status}
    return [message_of(item, kind, chat_id, from_me=from_me, source="history", **more)]


def contact_values(item: Any, place: Place) -> Iterable[Inbound]:
    """The phone's address book. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A contact is not an object.")
    contact = mapping(item, "contact")
    wa_id = reading.wa_id(text(contact, "phone_number", 40))
    name = reading.name(contact, "full_name") or reading.name(contact, "first_name")
    if not wa_id or not name or text(item, "action", 20) == "remove":
        return [Ignored("A contact of the phone without a name or number, or taken away there.")]
    return [InboundContact(wa_id, name)]
