"""WAHA's ids and ours; pure.

WAHA names a message `<fromMe>_<chat>_<id>[_<participant>]`, with persons as `<digits>@c.us`. The chat in it may be the
person's phone number in one event and their hidden id (LID) in the next, and quotes, edits and revokes name the bare id
only. So the bare id is the message's id for us, and what acts on a message builds the long form again.
"""

import re
import uuid
from dataclasses import dataclass
from typing import Any

from channels_app.providers import reading

LONGEST = 300
_LONG = re.compile(r"(true|false)_([^_]+)_([^_]+)(?:_(.+))?", re.DOTALL)
_OURS = re.compile(r"[0-9A-F]{12}7[0-9A-F]{3}[89AB][0-9A-F]{15}")


@dataclass(frozen=True)
class Key:
    """A message id taken apart. `chat` and `participant` in our form, "" when they are not named."""

    id: str
    chat: str = ""
    from_me: bool | None = None
    participant: str = ""


def key_of(value: Any) -> Key | None:
    """From the long form, the bare id, or WEBJS's object; None for what is no message id."""
    if isinstance(value, dict):
        value = value.get("_serialized") or value.get("id")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        return None
    long = _LONG.fullmatch(value)
    if long is None:
        return Key(value) if len(value) <= reading.MESSAGE_ID_LIMIT and "_" not in value else None
    if len(long[3]) > reading.MESSAGE_ID_LIMIT:
        return None
    return Key(long[3], reading.wa_id(long[2]), long[1] == "true", reading.wa_id(long[4] or ""))


def id_of(value: Any) -> str:
    """The bare id, or ""."""
    key = key_of(value)
    return key.id if key else ""


def long_id(key: Key) -> str:
    """As WAHA takes it."""
    parts = ["true" if key.from_me else "false", theirs(key.chat), key.id]
    return "_".join([*parts, theirs(key.participant)] if key.participant else parts)


def theirs(wa_id: str) -> str:
    """Our form of a WhatsApp id as WAHA writes it."""
    return wa_id.removesuffix("@s.whatsapp.net") + "@c.us" if wa_id.endswith("@s.whatsapp.net") else wa_id


def chosen_id(client_reference: str) -> str:
    """The id that a message of ours shall have at WhatsApp, or "" when the reference is no UUID.

    32 capital hex digits, as phones make them: the newest engines take an id from the caller, older ones ignore it.
    """
    try:
        chosen = uuid.UUID(client_reference).hex.upper()
    except ValueError:
        return ""
    return chosen if _OURS.fullmatch(chosen) else ""


def reference_of(message_id: str) -> str:
    """The client reference that a chosen id was made of. A phone's own id reads as one in a case out of 64."""
    return str(uuid.UUID(message_id)) if _OURS.fullmatch(message_id) else ""
