"""The other side: what customers do when they are told to."""

import base64
import random
import time
from collections.abc import Callable
from typing import Any

from channels_app.providers.simulating.samples import sample_file
from channels_app.providers.simulating.webhooks import Event
from channels_app.providers.waha.simulator import payloads
from channels_app.providers.waha.simulator.sending import bare
from channels_app.providers.waha.simulator.state import Session, State, new_message_id
from channels_app.providers.waha.simulator.webhooks import WahaWebhooks, told

DEFAULT_CUSTOMER = "15550100201"
PARTICIPANT_ACTIONS = ("leave", "join", "promote", "demote")
REPORTS = {"failed": -1, "sent": 1, "delivered": 2, "read": 3, "played": 4}


class Customers:
    """Does what POST /_sim/inbound asks for."""

    def __init__(self, state: State, webhooks: WahaWebhooks, base_url: Callable[[], str]):
        self._state = state
        self._webhooks = webhooks
        self._base_url = base_url

    def act(self, session: Session, deed: dict[str, Any]) -> list[str]:
        """One deed, `count` times; the bare ids of the messages that came of it. Raises ValueError.

        type       a message type, or button, reaction, edit, revoke, vote, read, played, delivered, failed, typing,
                   recording, online, offline, leave, join, promote, demote, group, rename, call
        who        from (digits), name, chat_id (a group), from_me (typed on our own phone), lid (the person's hidden
                   id, which events name from now on)
        what       text, target (a message id), emoji, options, quoted, media (base64), mime_type, file_name,
                   raw (fields of the message, over the others), only_admins (of a group)
        how        id, timestamp, count ({n} in texts is the number), webhooks (as in a fault rule)
        """
        deed = dict(deed)
        tweaks = deed.pop("webhooks", {})
        events: list[Event] = []
        for number in range(int(deed.pop("count", 1))):
            values = {k: v.replace("{n}", str(number + 1)) if isinstance(v, str) else v for k, v in deed.items()}
            events += self._events(session, values)
        self._webhooks.tell(session, events, tweaks)
        return [e.items["_data"]["Info"]["ID"] for e in events if e.type == "message.any"]

    def _events(self, session: Session, deed: dict[str, Any]) -> list[Event]:
        kind = deed.get("type", "text")
        person = payloads.digits(str(deed.get("from", DEFAULT_CUSTOMER)))
        if deed.get("lid"):
            session.lids[person] = deed["lid"]
        if deed.get("name"):
            session.names[person] = deed["name"]
        sender = session.lids.get(person, f"{person}@c.us")
        chat = payloads.chat_id_of(deed["chat_id"]) if deed.get("chat_id") else sender
        chat = session.lids.get(payloads.digits(chat), chat)
        if kind in ("typing", "recording", "online", "offline"):
            presence = {"participant": sender, "lastKnownPresence": kind, "lastSeen": None}
            return [told("presence.update", {"id": chat, "presences": [presence]})]
        if kind in REPORTS:
            return self._reports(session, REPORTS[kind], chat, deed)
        if kind in PARTICIPANT_ACTIONS:
            return self._membership(session, kind, chat, person)
        if kind == "group":
            return self._group(session, chat, deed)
        if kind == "rename":
            return self._renamed(session, chat, deed["text"])
        if kind == "call":
            call = {"id": new_message_id(), "from": chat, "timestamp": time.time(), "isVideo": False, "isGroup": False}
            return [told("call.received", call)]
        if kind == "contact_name":
            return []  # WAHA tells nobody
        return self._said(session, kind, chat, sender, person, deed)

    def _said(
        self, session: Session, kind: str, chat: str, sender: str, person: str, deed: dict[str, Any]
    ) -> list[Event]:
        message_id = deed.get("id") or new_message_id()
        from_me = bool(deed.get("from_me"))
        content = {"proto": {}} if kind in _CHANGES else self._content(session, kind, deed, message_id)
        if deed.get("quoted"):
            content["reply_to"] = {"id": deed["quoted"], "participant": session.own_id, "body": "…"}
        message = payloads.message(
            session,
            message_id,
            chat,
            from_me=from_me,
            sender=sender,
            phone=f"{person}@c.us" if sender.endswith("@lid") else "",
            name=session.names.get(person, ""),
            at=float(deed.get("timestamp", 0)),
            ack=1 if from_me else 2,
            **content,
        ) | deed.get("raw", {})
        if kind in _CHANGES:
            return [self._change(session, kind, message, deed)]
        self._state.keep_message(session, message_id, message)
        own = [] if from_me else [told("message", message)]
        return [told("message.any", message), *own]

    def _content(self, session: Session, kind: str, deed: dict[str, Any], message_id: str) -> dict[str, Any]:
        text = str(deed.get("text", ""))
        if kind == "text":
            return {"proto": payloads.text_proto(text or "Hello"), "body": text or "Hello"}
        if kind in payloads.MEDIA:
            mime_type, content, name = sample_file(kind)
            if deed.get("media"):
                content = base64.b64decode(deed["media"])
            mime_type = deed.get("mime_type", "image/webp" if kind == "sticker" else mime_type)
            name = deed.get("file_name", name) if kind == "document" else ""
            file = self._state.keep_file(session, message_id, mime_type, content, name)
            caption = text if kind in ("image", "video", "document") else ""
            media = payloads.file_media(session, file, self._base_url())
            return {"proto": payloads.media_proto(kind, file, caption), "body": caption, "media": media}
        if kind == "location":
            place = payloads.place_of(51.5, -0.12, text or "Demo square", "1 Demo street")
            return {"proto": {"locationMessage": {"name": place["name"]}}, "location": place}
        if kind == "contact":
            name = text or "Demo Person"
            telephone = "TEL;type=CELL;waid=15550100250:+1 555 0100 250"
            card = f"BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\n{telephone}\nEND:VCARD"
            return {"proto": {"contactMessage": {"displayName": name, "vcard": card}}, "cards": [card]}
        if kind == "poll":
            options = list(deed.get("options") or ["Yes", "No"])
            question = text or "Shall we?"
            return {"proto": payloads.poll_proto(question, options, multiple=False), "body": question}
        if kind == "button":
            reply = {"selectedButtonID": "demo-1", "selectedDisplayText": text or "Confirm"}
            return {"proto": {"buttonsResponseMessage": reply}, "body": text or "Confirm"}
        raise ValueError(f"A customer cannot do {kind!r}.")

    def _change(self, session: Session, kind: str, note: dict[str, Any], deed: dict[str, Any]) -> Event:
        """`note` is the message that carries the change."""
        target = bare(str(deed.get("target", "")))
        known = session.messages.get(target)
        around = {name: note[name] for name in ("id", "timestamp", "from", "fromMe", "to", "participant", "_data")}
        named = known["id"] if known else payloads.long_id(True, note["from"], target)
        if kind == "reaction":
            reaction = {"text": deed.get("emoji", "👍"), "messageId": named}
            return told("message.reaction", {**around, "source": "app", "reaction": reaction})
        if kind == "edit":
            if known is not None:
                known["body"] = deed.get("text", "")
            return told("message.edited", {**around, "body": deed.get("text", ""), "editedMessageId": target})
        if kind == "revoke":
            return told("message.revoked", {"after": around, "before": None, "revokedMessageId": target})
        vote = {name: note[name] for name in ("id", "from", "fromMe", "to", "participant")}
        vote |= {"selectedOptions": list(deed.get("options", [])), "timestamp": int(time.time() * 1000)}
        poll = {"id": named, "from": note["from"], "to": None, "fromMe": named.startswith("true")}
        return told("poll.vote", {"vote": vote, "poll": poll, "_data": note["_data"]})

    def _reports(self, session: Session, level: int, chat: str, deed: dict[str, Any]) -> list[Event]:
        """About `target`, or about every message of ours in the chat."""
        with self._state.lock:
            known = list(session.messages.values())
        chosen = (
            [m for m in known if m["_data"]["Info"]["ID"] == bare(deed["target"])]
            if deed.get("target")
            else [m for m in known if m["fromMe"] and m["from"] == chat]
        )
        group = chat.endswith("@g.us")
        reader = payloads.chat_id_of(str(deed["from"])) if group and deed.get("from") else ""
        name = "message.ack.group" if group else "message.ack"
        return [told(name, payloads.ack(session, message, level, participant=reader)) for message in chosen]

    def _group(self, session: Session, chat: str, deed: dict[str, Any]) -> list[Event]:
        group_id = chat if chat.endswith("@g.us") else f"120363{random.randrange(10**12):012d}@g.us"
        members = [payloads.digits(str(m)) for m in deed.get("options") or [DEFAULT_CUSTOMER]]
        people = [payloads.member_raw(session, session.number, "creator")]
        people += [payloads.member_raw(session, member) for member in members]
        raw = payloads.group_raw(group_id, deed.get("text", "Demo group"), people, bool(deed.get("only_admins")))
        session.groups[group_id] = raw
        self._state.save()
        return [told("group.v2.join", {"timestamp": _now_ms(), "group": payloads.group_info(raw), "_data": raw})]

    def _renamed(self, session: Session, chat: str, name: str) -> list[Event]:
        self._raw_group(session, chat)["Name"] = name
        raw = {"JID": chat, "Name": {"Name": name}}
        return [told("group.v2.update", {"timestamp": _now_ms(), "group": {"id": chat, "subject": name}, "_data": raw})]

    def _membership(self, session: Session, action: str, chat: str, person: str) -> list[Event]:
        raw = self._raw_group(session, chat)
        people = raw["Participants"]
        if action == "leave":
            people[:] = [p for p in people if payloads.digits(p["PhoneNumber"]) != person]
        elif action == "join":
            people.append(payloads.member_raw(session, person))
        for entry in people:
            if payloads.digits(entry["PhoneNumber"]) == person and action in ("promote", "demote"):
                entry["IsAdmin"] = action == "promote"
        if action == "leave" and person == session.number:
            payload = {"timestamp": _now_ms(), "group": {"id": chat}, "_data": {"JID": chat}}
            return [told("group.v2.leave", payload)]
        roles = {"leave": "left", "promote": "admin"}
        named = {
            "id": session.lids.get(person, f"{person}@c.us"),
            "pn": f"{person}@c.us",
            "role": roles.get(action, "participant"),
        }
        payload = {"group": {"id": chat}, "type": action, "timestamp": _now_ms(), "participants": [named]}
        return [told("group.v2.participants", payload)]

    def _raw_group(self, session: Session, chat: str) -> dict[str, Any]:
        return session.groups.setdefault(chat, payloads.group_raw(chat, "Demo group", []))


_CHANGES = ("reaction", "edit", "revoke", "vote")


def _now_ms() -> int:
    return int(time.time() * 1000)
