"""A webhook request: its kind in all three modes, and the values of everything it holds."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from channels_app.providers.base import Ignored, Inbound, Parsed
from channels_app.providers.errors import Unreadable
from channels_app.providers.whapi.parsing import chats, connection, statuses
from channels_app.providers.whapi.parsing.messages import message_values
from channels_app.providers.whapi.parsing.reading import Malformed, load, mapping, sequence, text
from channels_app.providers.whapi.parsing.updates import cleared_values, removed_values, update_values

METHODS = {"post", "put", "patch", "delete"}
_WORD = re.compile(r"[a-z_]{1,30}")

KIND_OF_KEY = {
    "messages": "messages.post",
    "messages_updates": "messages.patch",
    "messages_removed": "messages.delete",
    "messages_removed_all": "messages.delete",
    "statuses": "statuses.post",
    "chats": "chats.post",
    "chats_updates": "chats.patch",
    "chats_removed": "chats.delete",
    "contacts": "contacts.post",
    "contacts_updates": "contacts.patch",
    "groups": "groups.post",
    "groups_participants": "groups.put",
    "groups_updates": "groups.patch",
    "presences": "presences.post",
    "labels": "labels.post",
    "labels_removed": "labels.delete",
    "calls": "calls.post",
    "health": "channel.post",
    "qr": "channel.patch",
    "user": "users",
}
"""What a body is about when neither `event` nor the path says so. `user` alone does not tell linked from unlinked."""

Reader = Callable[[Any], Iterable[Inbound]]
READERS: dict[str, Reader] = {
    "messages": message_values,
    "messages_updates": update_values,
    "messages_removed": removed_values,
    "messages_removed_all": cleared_values,
    "statuses": statuses.status_values,
    "chats": chats.chat_values,
    "chats_updates": chats.chat_update_values,
    "chats_removed": chats.chat_removed_values,
    "contacts": chats.contact_values,
    "contacts_updates": chats.contact_update_values,
    "groups": chats.group_values,
    "groups_participants": chats.participant_values,
    "groups_updates": chats.group_update_values,
    "presences": statuses.presence_values,
    "labels": lambda item: [Ignored("Labels are kept in Waybill, not taken from the phone.")],
    "labels_removed": lambda item: [Ignored("Labels are kept in Waybill, not taken from the phone.")],
    "calls": statuses.call_values,
    "errors": lambda item: [Ignored(f"Whapi attached an error: {_error_text(item)}")],
}


def parse(*, method: str, suffix: str, body: bytes) -> Parsed:
    """All values of a webhook request, in the body's order.

    `suffix` is what the URL has after the channel: nothing (body mode), `type` (method mode: the verb is the event)
    or `type/method` (path mode). An item that cannot be understood becomes Ignored beside others that can; Unreadable
    is raised when nothing else is left, so that the body is kept and can be replayed.
    """
    try:
        data = load(body)
        kind = _kind(method, suffix, data)
        values = _values(kind, data)
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    if not values:
        known = [key for key in data if key in KIND_OF_KEY]
        reason = "The event is empty." if known else f"Waybill has no use for {kind} events."
        values = [Ignored(reason)]
    return Parsed(kind=kind, values=tuple(values))


def _kind(method: str, suffix: str, data: dict[str, Any]) -> str:
    event = mapping(data, "event")
    named = text(event, "type", 30).lower(), (text(event, "event", 30) or text(event, "method", 30)).lower()
    if _WORD.fullmatch(named[0]) and named[1] in METHODS:
        return ".".join(named)
    words = [word.lower() for word in suffix.split("/") if word]
    if words and _WORD.fullmatch(words[0]):
        verb = words[1] if len(words) > 1 else method.lower()
        if verb in METHODS:
            return f"{words[0]}.{verb}"
    return next((KIND_OF_KEY[key] for key in data if key in KIND_OF_KEY), "unknown")


def _values(kind: str, data: dict[str, Any]) -> list[Inbound]:
    values: list[Inbound] = []
    malformed: list[str] = []
    for key in data:
        if key in READERS:
            reader = READERS[key]
            if key == "messages" and kind == "messages.patch":
                reader = _patched_message
            for item in sequence(data, key):
                try:
                    values.extend(reader(item))
                except Malformed as trouble:
                    malformed.append(str(trouble))
        elif key in ("health", "qr", "user"):
            values.extend(connection.connection_values(kind, key, data))
    if malformed and not values:
        raise Unreadable(malformed[0])
    return values + [Ignored(reason) for reason in dict.fromkeys(malformed)]


def _patched_message(item: Any) -> Iterable[Inbound]:
    """One form of messages.patch has whole messages instead of updates; they are the state after the change."""
    return update_values({"id": item.get("id"), "after_update": item} if isinstance(item, dict) else item)


def _error_text(item: Any) -> str:
    return text(item, "message", 200) if isinstance(item, dict) else "without a text"
