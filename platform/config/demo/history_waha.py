"""The conversations of a number at WAHA, as the webhook bodies in which WAHA would have told them."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from config.demo.cast import Number
from config.demo.history import CONVERSATIONS, US, Conversation, Line


def bodies(number: Number, now: datetime) -> Iterator[bytes]:
    """The webhook bodies of all conversations of a number, in the order in which they would have come: texts, quotes,
    reactions."""
    for conversation in CONVERSATIONS.get(number.key, ()):
        ids: dict[str, str] = {}
        if conversation.group:
            yield _body(number, "group.v2.join", _group(number, conversation))
        for position, line in enumerate(conversation.lines):
            key = _message_id(f"{number.key}:{conversation.wa_chat_id}:{position}")
            ids[line.name] = key
            message = _note(number, conversation, key, line.by, now - timedelta(minutes=line.minutes_ago))
            quoted = {"replyTo": {"id": ids[line.quotes], "body": "…"}} if line.quotes else {}
            yield _body(number, "message.any", {**message, **_text(line), **quoted})
            for count, (by, emoji) in enumerate(line.reactions):
                at = now - timedelta(minutes=line.minutes_ago - 1)
                note = _note(number, conversation, _message_id(f"{key}:{count}"), by, at)
                yield _body(number, "message.reaction", {**note, "reaction": {"text": emoji, "messageId": key}})


def _text(line: Line) -> dict[str, Any]:
    return {"body": line.text, "hasMedia": False, "ack": 3 if line.by == US else 2}


def _note(number: Number, conversation: Conversation, key: str, by: str, at: datetime) -> dict[str, Any]:
    chat = conversation.wa_chat_id.replace("@s.whatsapp.net", "@c.us")
    ours, group = by == US, bool(conversation.group)
    author = f"{_own(number) if ours else by}@c.us" if group else None
    parts = [str(ours).lower(), chat, key, *([author] if author else [])]
    name = number.name if ours else conversation.people[by]
    return {
        "id": "_".join(parts),
        "timestamp": int(at.timestamp()),
        "from": chat,
        "fromMe": ours,
        "source": "app",
        "to": chat if group else None,
        "participant": author,
        "_data": {"Info": {"PushName": name, "IsGroup": group}},
    }


def _group(number: Number, conversation: Conversation) -> dict[str, Any]:
    own = {"id": f"{_own(number)}@c.us", "role": "superadmin"}
    others = [{"id": f"{digits}@c.us", "role": "participant"} for digits in conversation.people]
    return {"group": {"id": conversation.group_id, "subject": conversation.group, "participants": [own, *others]}}


def _body(number: Number, event: str, payload: dict[str, Any]) -> bytes:
    me = {"id": f"{_own(number)}@c.us", "pushName": number.name}
    return json.dumps({"event": event, "session": number.key, "me": me, "payload": payload, "engine": "GOWS"}).encode()


def _own(number: Number) -> str:
    return number.phone_number.lstrip("+")


def _message_id(seed: str) -> str:
    """Looks like WhatsApp's ids, and is the same at every call."""
    return "3EB0" + hashlib.sha256(seed.encode()).hexdigest()[:18].upper()
