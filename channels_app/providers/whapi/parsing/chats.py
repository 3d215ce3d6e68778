"""Chats, contacts, groups and who is in them."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers.base import (
    Ignored,
    Inbound,
    InboundChat,
    InboundContact,
    InboundGroup,
    InboundParticipants,
    Participant,
)
from channels_app.providers.whapi.parsing import reading
from channels_app.providers.whapi.parsing.messages import NOT_A_CHAT
from channels_app.providers.whapi.parsing.reading import Malformed, mapping, moment, sequence, text

RANKS = {"member", "admin", "creator"}
PARTICIPANT_LIMIT = 5000


def chat_values(item: Any) -> Iterable[Inbound]:
    """Name and mute of a chat; groups may bring their participants along. Raises Malformed."""
    chat = _object(item, "A chat")
    chat_id = _chat_id(chat)
    if not reading.is_conversation(chat_id):
        return [Ignored(NOT_A_CHAT)]
    if chat_id.endswith("@g.us"):
        return group_values(chat)
    muted_until = moment(chat, "mute_until")
    name = reading.name(chat, "name")
    if not name and muted_until is None:
        return [Ignored("The chat says nothing that its messages do not say.")]
    return [InboundChat(chat_id, name, moment(chat, "name_at"), muted_until)]


def chat_update_values(item: Any) -> Iterable[Inbound]:
    """Raises Malformed."""
    return chat_values(mapping(_object(item, "An update of a chat"), "after_update"))


def chat_removed_values(item: Any) -> Iterable[Inbound]:
    return [Ignored("A chat was deleted on the phone. Waybill keeps it.")]


def contact_values(item: Any) -> Iterable[Inbound]:
    """Raises Malformed."""
    contact = _object(item, "A contact")
    wa_id = reading.wa_id(contact.get("id"))
    if not wa_id:
        raise Malformed("A contact has no usable id.")
    name, push_name = reading.name(contact, "name"), reading.name(contact, "pushname")
    if not name and not push_name:
        return [Ignored("The contact has no name.")]
    return [InboundContact(wa_id, name, push_name)]


def contact_update_values(item: Any) -> Iterable[Inbound]:
    """Raises Malformed."""
    return contact_values(mapping(_object(item, "An update of a contact"), "after_update"))


def group_values(item: Any) -> Iterable[Inbound]:
    """A group. Its list of participants, when there is one, is the whole list. Raises Malformed."""
    group = _object(item, "A group")
    chat_id = _chat_id(group)
    if not chat_id.endswith("@g.us"):
        return [Ignored(NOT_A_CHAT)]
    announcements = group.get("announcements")
    return [
        InboundGroup(
            wa_chat_id=chat_id,
            name=reading.name(group, "name"),
            name_at=moment(group, "name_at"),
            participants=_participants(group),
            complete=isinstance(group.get("participants"), list) and bool(group["participants"]),
            only_admins_write=announcements if isinstance(announcements, bool) else None,
        )
    ]


def group_update_values(item: Any) -> Iterable[Inbound]:
    """Raises Malformed."""
    return group_values(mapping(_object(item, "An update of a group"), "after_update"))


def participant_values(item: Any) -> Iterable[Inbound]:
    """Raises Malformed."""
    event = _object(item, "A change of participants")
    chat_id = reading.wa_id(event.get("group_id"))
    people = tuple(_person(p) for p in sequence(event, "participants")[:PARTICIPANT_LIMIT])
    people = tuple(wa_id for wa_id in people if wa_id)
    action = text(event, "action", 30)
    if not chat_id or not people:
        raise Malformed("A change of participants names no group or nobody.")
    if action not in ("add", "remove", "promote", "demote"):
        return [Ignored("Somebody asked to join a group.")]
    return [InboundParticipants(chat_id, action, people)]


def _participants(group: dict[str, Any]) -> tuple[Participant, ...]:
    found = {}
    for entry in sequence(group, "participants")[:PARTICIPANT_LIMIT]:
        rank = text(entry, "rank", 20) if isinstance(entry, dict) else ""
        wa_id = _person(entry)
        if wa_id:
            found[wa_id] = Participant(wa_id, rank if rank in RANKS else "member")
    return tuple(found.values())


def _person(entry: Any) -> str:
    return reading.wa_id(entry.get("id") if isinstance(entry, dict) else entry)


def _chat_id(chat: dict[str, Any]) -> str:
    chat_id = reading.wa_id(chat.get("id"))
    if not chat_id:
        raise Malformed("A chat has no usable id.")
    return chat_id


def _object(item: Any, what: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Malformed(f"{what} is not an object.")
    return item
