"""What happens when a client sends or acts on a message: the deed, and the webhooks that follow from it."""

import base64
import binascii
import random
import re
import time
from collections.abc import Callable
from typing import Any

from channels_app.providers.simulating.exchange import Done, Refusal
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.simulating.webhooks import Event, Webhooks
from channels_app.providers.whapi.simulator import payloads
from channels_app.providers.whapi.simulator.state import Channel, State

TO = re.compile(r"[\d-]{9,31}(@[\w.]+)?")
MESSAGE_ID = re.compile(r"[A-Za-z0-9._]{4,30}-[A-Za-z0-9._]{4,14}(-[A-Za-z0-9._]{4,10})?(-[A-Za-z0-9._]{2,10})?")
REQUIRED = {
    "text": ("body",),
    "link_preview": ("body", "title"),
    "location": ("latitude", "longitude"),
    "live_location": ("latitude", "longitude"),
    "contact": ("name", "vcard"),
    "contact_list": ("list",),
    "poll": ("title", "options"),
    "interactive": ("action",),
    **dict.fromkeys(payloads.MEDIA_TYPES, ("media",)),
}


class Sending:
    """The deeds of the /messages part of the API."""

    def __init__(self, state: State, webhooks: Webhooks, base_url: Callable[[], str]):
        self._state = state
        self._webhooks = webhooks
        self._base_url = base_url
        self.reached: list[Callable[[Channel, dict[str, Any]], None]] = []

    def send(self, channel: Channel, type: str, data: Any, rule: Rule) -> Done:
        """A new message, or with `edit` the change of an old one."""
        self._authorised(channel, "send message")
        self._checked(type, data)
        chat_id = payloads.full_id(data["to"])
        if chat_id.endswith("@g.us"):
            group = channel.groups.get(chat_id)
            if group is not None and not any(p["id"] == channel.number for p in group["participants"]):
                raise Refusal(403, "forbidden to send to this group")
        if data.get("edit"):
            return self._edit(channel, data["edit"], data, rule)
        kind, content = self._content(channel, type, data)
        context = {"quoted_id": data["quoted"]} if data.get("quoted") else None
        message = payloads.sent_message(channel, chat_id, kind, content, **({"context": context} if context else {}))
        self._state.keep_message(channel, message)
        # The answer is always of the type that was asked for; only the webhook shows a link preview.
        answer = {**message, "type": type, type: content}
        return Done({"sent": True, "message": answer}, self._consequences(channel, message, rule))

    def react(self, channel: Channel, message_id: str, emoji: str, rule: Rule) -> Done:
        self._authorised(channel, "react to message")
        message = self._message(channel, message_id)
        if message is not None:
            action = {"target": message_id, "type": "reaction", "emoji": emoji}
            self._act(channel, message["chat_id"], action, rule, source="api")
        return Done({"success": True})

    def delete(self, channel: Channel, message_id: str, rule: Rule) -> Done:
        self._authorised(channel, "delete message")
        message = self._message(channel, message_id)
        if message is not None:
            message["deleted"] = True
            self._act(channel, message["chat_id"], {"target": message_id, "type": "delete"}, rule, source="system")
        return Done({"success": True})

    def mark_read(self, channel: Channel, message_id: str, rule: Rule) -> Done:
        """Our own reading is told as a status of the customer's message."""
        self._authorised(channel, "mark as read message")
        message = self._message(channel, message_id)
        if message is not None:
            message["read_by_us"] = True
            report = payloads.status(message_id, "read", message["chat_id"])
            self._webhooks.tell(channel, [Event("statuses", "post", "statuses", [report])], rule.webhooks)
        return Done({"success": True})

    def _edit(self, channel: Channel, message_id: str, data: dict[str, Any], rule: Rule) -> Done:
        before = self._message(channel, message_id)
        if before is None:
            return Done({"sent": True, "message": {"id": message_id, "chat_id": payloads.full_id(data["to"])}})
        if not before["from_me"]:
            raise Refusal(403, "forbidden to edit this message")
        field_name = "caption" if before["type"] in payloads.MEDIA_TYPES else "body"
        text = data.get("body", data.get("caption", ""))
        after = {**before, before["type"]: {**before[before["type"]], field_name: text}}
        self._state.keep_message(channel, after)
        action = {
            "target": message_id,
            "type": "edit",
            "edited_type": "text",
            "edited_content": {"body": text},
        }
        trigger = self._act(channel, before["chat_id"], action, rule, source="api")
        update = {
            "id": message_id,
            "trigger": trigger,
            "before_update": before,
            "after_update": after,
            "changes": ["text"],
        }
        self._webhooks.tell(channel, [Event("messages", "patch", "messages_updates", [update])], rule.webhooks)
        return Done({"sent": True, "message": after})

    def _act(
        self, channel: Channel, chat_id: str, action: dict[str, Any], rule: Rule, *, source: str
    ) -> dict[str, Any]:
        message = payloads.sent_message(channel, chat_id, "action", action)
        message["source"] = source
        self._webhooks.tell(channel, [Event("messages", "post", "messages", [message])], rule.webhooks)
        return message

    def _consequences(self, channel: Channel, message: dict[str, Any], rule: Rule) -> list[Callable[[], None]]:
        """The echo and the delivery reports; the echo at once when it is to come before the answer."""
        echo_when = rule.echo or ("before" if random.random() < self._state.options.echo_before else "after")
        told = dict(message)
        group = channel.groups.get(message["chat_id"])
        if group is not None:
            told["chat_name"] = group["name"]
        echo = [Event("messages", "post", "messages", [told])]
        if echo_when == "before":
            self._webhooks.tell_now(channel, echo[0], {k: v for k, v in rule.webhooks.items() if k != "delay_ms"})
        events = (echo if echo_when == "after" else []) + self._reports(channel, message)

        def afterwards() -> None:
            self._webhooks.tell(channel, events, rule.webhooks)
            for listener in self.reached:
                listener(channel, message)

        return [afterwards]

    def _reports(self, channel: Channel, message: dict[str, Any]) -> list[Event]:
        options = self._state.options
        if not options.statuses:
            return []
        now, chat_id = time.time(), message["chat_id"]
        viewers = [
            p["id"] for p in channel.groups.get(chat_id, {}).get("participants", []) if p["id"] != channel.number
        ]
        reports = [payloads.status(message["id"], "sent", chat_id, at=now + options.sent_seconds)]
        seconds = [options.sent_seconds]
        for name, delay in (("delivered", options.delivered_seconds), ("read", options.read_seconds)):
            for viewer in viewers or [""]:
                reports.append(payloads.status(message["id"], name, chat_id, viewer=viewer, at=now + delay))
                seconds.append(delay)
        message["status"] = "read"  # as the provider's history will show it
        return [
            Event("statuses", "post", "statuses", [report], delay)
            for report, delay in zip(reports, seconds, strict=True)
        ]

    def _content(self, channel: Channel, type: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if type == "text":
            return payloads.text_content(data["body"])
        content = {k: v for k, v in data.items() if k not in ("to", "quoted", "edit", "media", "typing_time", "count")}
        if type == "poll":
            results = [
                {"id": f"option-{n}", "name": option, "count": 0, "voters": []}
                for n, option in enumerate(data["options"])
            ]
            return type, {**content, "vote_limit": data.get("count", 1), "total": 0, "results": results}
        if type in payloads.MEDIA_TYPES:
            file = self.file(channel, data["media"], data.get("mime_type", ""), data.get("filename", ""))
            content.pop("mime_type", None)
            return type, payloads.file_content(self._state, channel, type, file, self._base_url(), **content)
        return type, content

    def file(self, channel: Channel, media: str, mime_type: str, name: str) -> Any:
        if media in channel.files:
            file = channel.files[media]
            file.name = name or file.name
            return file
        if media.startswith("data:"):
            head, _, encoded = media.partition(",")
            mime_type = mime_type or head[5:].split(";")[0]
        elif re.fullmatch(r"[a-zA-Z0-9]+-[0-9a-fA-F-]+", media):
            raise Refusal(404, "media not found")
        else:
            encoded = media
        if encoded.startswith(("http://", "https://")):
            raise Refusal(400, "media link is not available")
        try:
            content = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise Refusal(400, "wrong request parameters", "/body/media must match format") from None
        return self._state.keep_file(channel, mime_type or "application/octet-stream", content, name)

    def _checked(self, type: str, data: Any) -> None:
        wrong = "wrong request parameters"
        if not isinstance(data, dict):
            raise Refusal(400, wrong, "/body must be object")
        for name in ("to", *REQUIRED[type]):
            if name not in data:
                raise Refusal(400, wrong, f"/body/{name} must have required property '{name}'")
        if not isinstance(data["to"], str) or not TO.fullmatch(data["to"]):
            raise Refusal(400, wrong, r'/body/to must match pattern "^[\d-]{9,31}(@[\w\.]{1,})?$"')
        for name in ("quoted", "edit"):
            if data.get(name) and not MESSAGE_ID.fullmatch(str(data[name])):
                raise Refusal(400, wrong, f"/body/{name} must match pattern")
        if type == "poll" and not 2 <= len(data["options"]) <= 12:
            raise Refusal(400, wrong, "/body/options must NOT have fewer than 2 items")

    def _authorised(self, channel: Channel, deed: str) -> None:
        if channel.state not in ("AUTH", "SYNC_ERROR"):
            raise Refusal(401, f"need channel authorization for {deed}")

    def _message(self, channel: Channel, message_id: str) -> dict[str, Any] | None:
        """In the demo an id from before the last restart is accepted without effect."""
        message = channel.messages.get(message_id)
        if message is None and not self._state.options.demo:
            raise Refusal(404, "specified message not found")
        return message
