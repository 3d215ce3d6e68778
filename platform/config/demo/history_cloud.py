"""The conversations of a number at the Cloud API, as the webhook bodies in which Meta would have told them."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from config.demo.cast import Number
from config.demo.history import CONVERSATIONS, US, Conversation, Line


def bodies(number: Number, now: datetime) -> Iterator[bytes]:
    """The webhook bodies of all conversations of a number, in the order in which they would have come: texts, quotes,
    reactions. What we said was typed in the WhatsApp Business app: only that comes back from Meta."""
    for conversation in CONVERSATIONS.get(number.key, ()):
        ids: dict[str, str] = {}
        for position, line in enumerate(conversation.lines):
            key = ids[line.name] = _message_id(f"{number.key}:{conversation.wa_chat_id}:{position}")
            message = _message(number, conversation, line, key, now)
            if line.quotes:
                message["context"] = {"id": ids[line.quotes]}
            yield _told(number, conversation, line.by, message)
            if line.by == US:
                yield _body(number, "messages", {"statuses": [_report(conversation, line, key, now)]})
            for count, (by, emoji) in enumerate(line.reactions):
                reaction = {"type": "reaction", "reaction": {"message_id": key, "emoji": emoji}}
                envelope = _envelope(number, conversation, by, line.minutes_ago - 1, now)
                reply = {**envelope, "id": _message_id(f"{key}:{count}"), **reaction}
                yield _told(number, conversation, by, reply)


def _message(number: Number, conversation: Conversation, line: Line, key: str, now: datetime) -> dict[str, Any]:
    envelope = _envelope(number, conversation, line.by, line.minutes_ago, now)
    return {**envelope, "id": key, "type": "text", "text": {"body": line.text}}


def _envelope(number: Number, conversation: Conversation, by: str, minutes_ago: float, now: datetime) -> dict[str, Any]:
    person, own = next(iter(conversation.people)), number.phone_number.lstrip("+")
    sides = {"from": own, "to": person} if by == US else {"from": person}
    return {**sides, "timestamp": _seconds(now, minutes_ago)}


def _report(conversation: Conversation, line: Line, key: str, now: datetime) -> dict[str, Any]:
    at = _seconds(now, line.minutes_ago - 1)
    return {"id": key, "status": line.status, "timestamp": at, "recipient_id": next(iter(conversation.people))}


def _told(number: Number, conversation: Conversation, by: str, message: dict[str, Any]) -> bytes:
    if by == US:
        return _body(number, "smb_message_echoes", {"message_echoes": [message]})
    contacts = [{"profile": {"name": name}, "wa_id": digits} for digits, name in conversation.people.items()]
    return _body(number, "messages", {"contacts": contacts, "messages": [message]})


def _body(number: Number, field: str, lists: dict[str, Any]) -> bytes:
    metadata = {
        "display_phone_number": number.phone_number.lstrip("+"),
        "phone_number_id": number.given["phone_number_id"],
    }
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **lists}}
    entry = {"id": number.given["waba_id"], "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def _seconds(now: datetime, minutes_ago: float) -> str:
    return str(int((now - timedelta(minutes=minutes_ago)).timestamp()))


def _message_id(seed: str) -> str:
    """Looks like the provider's ids, and is the same at every call."""
    return f"wamid.Demo{hashlib.sha256(seed.encode()).hexdigest()[:40]}=="
