"""The other side: what customers do when they are told to, and talkative ones that answer by themselves."""

import base64
import random
import time
from typing import Any

from channels_app.providers.simulating.samples import sample_file
from channels_app.providers.simulating.webhooks import Event, Webhooks
from channels_app.providers.whapi.simulator import payloads
from channels_app.providers.whapi.simulator.state import Channel, State, new_message_id

DEFAULT_CUSTOMER = "15550100201"
PARTICIPANT_ACTIONS = {"leave": "remove", "join": "add", "promote": "promote", "demote": "demote"}


class Customers:
    """Does what POST /_sim/inbound asks for."""

    def __init__(self, state: State, webhooks: Webhooks, base_url):
        self._state = state
        self._webhooks = webhooks
        self._base_url = base_url

    def act(self, channel: Channel, deed: dict[str, Any]) -> list[str]:
        """One deed, `count` times; the ids of the messages that came of it. Raises ValueError.

        type       a message type, or reaction, edit, revoke, vote, read, played, delivered, failed, typing, recording,
                   online, offline, leave, join, promote, demote, group, rename, contact_name, call
        who        from (digits), name, chat_id (a group), from_me (typed on our own phone)
        what       text, target (a message id), emoji, options, quoted, media (base64), mime_type, file_name,
                   raw (a whole message)
        how        id, timestamp, late (told as from before a reconnect), count ({n} in texts is the number),
                   webhooks (as in a fault rule)
        """
        deed = dict(deed)
        tweaks = deed.pop("webhooks", {})
        events: list[Event] = []
        for number in range(int(deed.pop("count", 1))):
            values = {k: v.replace("{n}", str(number + 1)) if isinstance(v, str) else v for k, v in deed.items()}
            events += self._events(channel, values)
        self._webhooks.tell(channel, events, tweaks)
        return [item["id"] for e in events if e.key == "messages" for item in e.items]

    def _events(self, channel: Channel, deed: dict[str, Any]) -> list[Event]:
        kind = deed.get("type", "text")
        sender = payloads.digits(str(deed.get("from", DEFAULT_CUSTOMER)))
        chat_id = payloads.full_id(deed.get("chat_id") or str(deed.get("from", DEFAULT_CUSTOMER)))
        if deed.get("name"):
            channel.names[sender] = deed["name"]
        if kind in ("typing", "recording", "online", "offline"):
            return [Event("presences", "post", "presences", [{"contact_id": sender, "status": kind}])]
        if kind in ("read", "played", "delivered", "sent", "failed"):
            return self._reports(channel, kind, chat_id, deed)
        if kind in PARTICIPANT_ACTIONS:
            return self._membership(channel, PARTICIPANT_ACTIONS[kind], chat_id, sender)
        if kind == "group":
            return self._group(channel, chat_id, deed)
        if kind == "rename":
            return self._renamed(channel, chat_id, deed["text"])
        if kind == "contact_name":
            return [Event("contacts", "post", "contacts", [{"id": sender, "name": deed["text"]}])]
        if kind == "call":
            return self._call(chat_id, deed)
        return self._said(channel, kind, chat_id, sender, deed)

    def _said(self, channel: Channel, kind: str, chat_id: str, sender: str, deed: dict[str, Any]) -> list[Event]:
        more: dict[str, Any] = {name: deed[name] for name in ("id", "timestamp") if name in deed}
        if deed.get("quoted"):
            more["context"] = {"quoted_id": deed["quoted"], "quoted_author": channel.number}
        if deed.get("from_me"):
            more |= {"from_me": True, "status": "sent", "from": channel.number}
        if "raw" in deed:
            kind, content = deed["raw"]["type"], deed["raw"].get(deed["raw"]["type"], {})
            more |= deed["raw"]
        else:
            kind, content = self._content(channel, kind, deed)
        name = channel.names.get(sender, "") if not deed.get("from_me") else channel.name
        message = payloads.received_message(channel, chat_id, sender, name, kind, content, **more)
        if kind == "action":
            events = self._updates(channel, message, deed)
        else:
            self._state.keep_message(channel, message)
            events = []
        return [Event("messages", "put" if deed.get("late") else "post", "messages", [message]), *events]

    def _content(self, channel: Channel, kind: str, deed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        text = str(deed.get("text", ""))
        if kind == "text":
            return payloads.text_content(text or "Hello")
        if kind in payloads.MEDIA_TYPES:
            mime_type, content, name = sample_file(kind)
            if deed.get("media"):
                content = base64.b64decode(deed["media"])
            file = self._state.keep_file(
                channel, deed.get("mime_type", mime_type), content, deed.get("file_name", name)
            )
            more = {"seconds": 2} if kind in ("audio", "voice") else {"caption": text}
            return kind, payloads.file_content(self._state, channel, kind, file, self._base_url(), **more)
        if kind == "location":
            return kind, {
                "latitude": 51.5,
                "longitude": -0.12,
                "name": text or "Demo square",
                "address": "1 Demo street",
            }
        if kind == "contact":
            name = text or "Demo Person"
            telephone = "TEL;type=CELL;waid=15550100250:+1 555 0100 250"
            card = f"BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\n{telephone}\nEND:VCARD"
            return kind, {"name": name, "vcard": card}
        if kind == "poll":
            options = deed.get("options") or ["Yes", "No"]
            return kind, {"title": text or "Shall we?", "options": options, "vote_limit": 1, "total": 0}
        if kind == "button":
            reply = {"id": "ButtonsV3:demo-1", "title": text or "Confirm"}
            return "reply", {"type": "buttons_reply", "buttons_reply": reply}
        return "action", self._action(channel, kind, deed, text)

    def _action(self, channel: Channel, kind: str, deed: dict[str, Any], text: str) -> dict[str, Any]:
        target = deed.get("target", "")
        if kind == "reaction":
            return {"target": target, "type": "reaction", "emoji": deed.get("emoji", "👍")}
        if kind == "revoke":
            return {"target": target, "type": "delete"}
        if kind == "edit":
            return {"target": target, "type": "edit", "edited_type": "text", "edited_content": {"body": text}}
        if kind == "vote":
            return {"target": target, "type": "vote", "votes": list(deed.get("options", []))}
        raise ValueError(f"A customer cannot do {kind!r}.")

    def _updates(self, channel: Channel, message: dict[str, Any], deed: dict[str, Any]) -> list[Event]:
        """A revoke comes from the system; an edit is told twice, as the provider does."""
        action = message["action"]
        if action["type"] == "delete":
            message["source"] = "system"
        before = channel.messages.get(action["target"])
        if action["type"] != "edit" or before is None:
            return []
        key = "caption" if before["type"] in payloads.MEDIA_TYPES else "body"
        after = {**before, before["type"]: {**before[before["type"]], key: action["edited_content"]["body"]}}
        self._state.keep_message(channel, after)
        update = {"id": before["id"], "trigger": message, "before_update": before, "after_update": after}
        return [Event("messages", "patch", "messages_updates", [{**update, "changes": ["text"]}])]

    def _reports(self, channel: Channel, name: str, chat_id: str, deed: dict[str, Any]) -> list[Event]:
        """About `target`, or about every message of ours in the chat."""
        ids = (
            [deed["target"]]
            if deed.get("target")
            else [m["id"] for m in list(channel.messages.values()) if m["from_me"] and m["chat_id"] == chat_id]
        )
        viewer = payloads.digits(deed["from"]) if chat_id.endswith("@g.us") and deed.get("from") else ""
        error = str(deed.get("text", "message was not accepted")) if name == "failed" else ""
        at = float(deed.get("timestamp", 0))
        reports = [payloads.status(i, name, chat_id, viewer=viewer, error=error, at=at) for i in ids]
        return [Event("statuses", "post", "statuses", [report]) for report in reports]

    def _group(self, channel: Channel, chat_id: str, deed: dict[str, Any]) -> list[Event]:
        group = new_group(chat_id if chat_id.endswith("@g.us") else new_group_id(), deed.get("text", "Demo group"))
        members = [channel.number, *map(str, deed.get("options") or [DEFAULT_CUSTOMER])]
        group["participants"] = [
            {"id": payloads.digits(m), "rank": "creator" if m == channel.number else "member"} for m in members
        ]
        channel.groups[group["id"]] = group
        self._state.save()
        return [Event("groups", "post", "groups", [group])]

    def _renamed(self, channel: Channel, chat_id: str, name: str) -> list[Event]:
        before = channel.groups.get(chat_id) or new_group(chat_id, "")
        after = {**before, "name": name, "name_at": int(time.time())}
        channel.groups[chat_id] = after
        update = {"before_update": before, "after_update": after, "changes": ["name"]}
        return [Event("groups", "patch", "groups_updates", [update])]

    def _membership(self, channel: Channel, action: str, chat_id: str, person: str) -> list[Event]:
        people = channel.groups.setdefault(chat_id, new_group(chat_id, "Demo group"))["participants"]
        if action == "remove":
            people[:] = [p for p in people if p["id"] != person]
        elif action == "add":
            people.append({"id": person, "rank": "member"})
        else:
            for p in people:
                if p["id"] == person:
                    p["rank"] = "admin" if action == "promote" else "member"
        event = {"group_id": chat_id, "participants": [person], "action": action}
        return [Event("groups", "put", "groups_participants", [event])]

    def _call(self, chat_id: str, deed: dict[str, Any]) -> list[Event]:
        call = {
            "id": new_message_id(chat_id).replace("-", "").upper(),
            "from": chat_id,
            "chat_id": chat_id,
            "status": deed.get("text") or "ringing",
            "timestamp": int(time.time() * 1000),
            "group_call": False,
            "video_call": False,
            "offline_call": False,
        }
        return [Event("calls", "post", "calls", [call])]


def new_group_id() -> str:
    return f"120363{random.randrange(10**12):012d}@g.us"


def new_group(group_id: str, name: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "id": group_id,
        "name": name,
        "type": "group",
        "timestamp": now,
        "participants": [],
        "name_at": now,
        "created_at": now,
    }
