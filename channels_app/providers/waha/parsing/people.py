"""Whose chat it is and who wrote, with the phone number in place of the hidden id where the event gives it.

A person has a phone number and a hidden id (`@lid`); an event may name either. Where it names both, the number is used,
so that what we sent to a number and what comes back under the hidden id meet in one chat.
"""

from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import InboundIdentity
from channels_app.providers.reading import mapping
from channels_app.providers.waha.ids import Key, key_of


def chat_of(item: dict[str, Any]) -> str:
    """The chat of a message, reaction, vote or edit; "" when it is not told."""
    key, from_me = key_of(item.get("id")), item.get("fromMe") is True
    chat_id = key.chat if key else ""
    if not chat_id:
        named = reading.wa_id(item.get("to")) if from_me else ""
        chat_id = named or reading.wa_id(item.get("from"))
    return _phone(chat_id, *_chat_numbers(item, from_me))


def author_of(item: dict[str, Any], chat_id: str, own_wa_id: str) -> str:
    """Who wrote: in a chat with one person the other side, unless it was us."""
    if item.get("fromMe") is True:
        return own_wa_id
    if not chat_id.endswith("@g.us"):
        return chat_id
    key: Key | None = key_of(item.get("id"))
    written = reading.wa_id(item.get("participant")) or reading.wa_id(item.get("author"))
    return _phone(written or (key.participant if key else ""), *_author_numbers(item))


def identities_of(item: dict[str, Any]) -> list[InboundIdentity]:
    """Which hidden ids belong to which numbers, where the event names both: of the chat and of who wrote."""
    key, from_me = key_of(item.get("id")), item.get("fromMe") is True
    named = [
        (key.chat if key else reading.wa_id(item.get("to" if from_me else "from")), _chat_numbers(item, from_me)),
        (reading.wa_id(item.get("participant")) or (key.participant if key else ""), _author_numbers(item)),
    ]
    pairs = {(hidden, _phone(hidden, *numbers)) for hidden, numbers in named if hidden}
    return [InboundIdentity(hidden, number) for hidden, number in sorted(pairs) if number != hidden]


def _chat_numbers(item: dict[str, Any], from_me: bool) -> tuple[Any, ...]:
    """NOWEB writes it beside the key, GOWS into its info: of the sender, or of whom we wrote to."""
    raw = mapping(item, "_data")
    info = mapping(raw, "Info")
    gows = info.get("RecipientAlt") if from_me else None if info.get("IsGroup") is True else info.get("SenderAlt")
    return mapping(raw, "key").get("remoteJidAlt"), gows


def _author_numbers(item: dict[str, Any]) -> tuple[Any, ...]:
    raw = mapping(item, "_data")
    return mapping(raw, "key").get("participantAlt"), mapping(raw, "Info").get("SenderAlt")


def _phone(wa_id: str, *numbers: Any) -> str:
    if not wa_id.endswith("@lid"):
        return wa_id
    known = (reading.wa_id(number) for number in numbers)
    return next((number for number in known if number.endswith("@s.whatsapp.net")), wa_id)


def participant(entry: Any) -> str:
    """A person in a group, as each engine writes one: an id, or an object with the number beside the hidden id."""
    if not isinstance(entry, dict):
        return reading.wa_id(entry)
    named = entry.get("id") or entry.get("JID")
    named = named.get("_serialized") if isinstance(named, dict) else named
    return _phone(reading.wa_id(named), entry.get("pn"), entry.get("PhoneNumber"), entry.get("phoneNumber"))
