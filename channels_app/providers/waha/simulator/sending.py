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
from channels_app.providers.simulating.webhooks import Event
from channels_app.providers.waha.simulator import payloads
from channels_app.providers.waha.simulator.state import Session, State, nest_error, new_message_id, server_error
from channels_app.providers.waha.simulator.webhooks import WahaWebhooks, told

CHAT_ID = re.compile(r"[\d-]{5,40}@(c\.us|g\.us|lid)")
FILES = {
    "sendImage": "image",
    "sendVideo": "video",
    "sendVoice": "voice",
    "sendFile": "document",
    "sendSticker": "sticker",
}
REQUIRED = {
    "sendText": ("text",),
    "sendLocation": ("latitude", "longitude", "title"),
    "sendContactVcard": ("contacts",),
    "sendPoll": ("poll",),
    **dict.fromkeys(FILES, ("file",)),
}


class Sending:
    """The deeds of the chatting part of the API."""

    def __init__(self, state: State, webhooks: WahaWebhooks, base_url: Callable[[], str]):
        self._state = state
        self._webhooks = webhooks
        self._base_url = base_url
        self.reached: list[Callable[[Session, dict[str, Any]], None]] = []

    def send(self, session: Session, endpoint: str, data: dict[str, Any], rule: Rule) -> Done:
        working(session)
        _checked(endpoint, data)
        chat = data["chatId"]
        group = session.groups.get(chat)
        if group is not None and not any(payloads.digits(p["JID"]) == session.number for p in group["Participants"]):
            raise Refusal(500, "", body=server_error("server returned error 403"))
        message_id = data.get("id") or new_message_id()
        sent = payloads.message(
            session,
            message_id,
            session.lids.get(payloads.digits(chat), chat),
            from_me=True,
            source="api",
            phone=chat if chat.endswith("@c.us") else "",
            **self._content(session, endpoint, data, message_id),
        )
        self._state.keep_message(session, message_id, sent)
        answer = {"id": sent["id"], "_data": sent["_data"]}
        return Done(answer, self._consequences(session, sent, rule))

    def edit(self, session: Session, message_id: str, text: str, rule: Rule) -> Done:
        working(session)
        known = self._known(session, message_id)
        if known is not None:
            known["body"] = text
            self._tell_change(session, known, rule, "message.edited", body=text, editedMessageId=bare(message_id))
        return Done({"id": message_id})

    def revoke(self, session: Session, message_id: str, rule: Rule) -> Done:
        working(session)
        known = self._known(session, message_id)
        if known is not None:
            known["revoked"] = True
            after = _own_note(session, known)
            payload = {"after": after, "before": None, "revokedMessageId": bare(message_id)}
            self._webhooks.tell(session, [told("message.revoked", payload)], rule.webhooks)
        return Done({"id": message_id})

    def react(self, session: Session, message_id: str, emoji: str, rule: Rule) -> Done:
        working(session)
        if message_id.count("_") not in (2, 3):
            raise Refusal(500, "", body=server_error("Message id be in format false_11111111111@c.us_AAAA"))
        known = self._known(session, message_id)
        if known is not None:
            reaction = {"text": emoji, "messageId": known["id"]}
            payload = {**_own_note(session, known), "source": "api", "reaction": reaction}
            self._webhooks.tell(session, [told("message.reaction", payload)], rule.webhooks)
        return Done({"id": message_id})

    def seen(self, session: Session, message_ids: list[str], rule: Rule) -> Done:
        """Our own reading is told as a report of the customer's message."""
        working(session)
        for message_id in message_ids:
            known = session.messages.get(bare(message_id))
            if known is not None and not known["fromMe"]:
                known["read_by_us"] = True
                self._webhooks.tell(session, [told("message.ack", payloads.ack(session, known, 3))], rule.webhooks)
        return Done({})

    def _tell_change(self, session: Session, known: dict[str, Any], rule: Rule, event: str, **more: Any) -> None:
        self._webhooks.tell(session, [told(event, {**_own_note(session, known), **more})], rule.webhooks)

    def _known(self, session: Session, message_id: str) -> dict[str, Any] | None:
        """In the demo an id from before the last restart is accepted without effect."""
        known = session.messages.get(bare(message_id))
        if known is None and not self._state.options.demo:
            raise Refusal(404, "Message not found", body=nest_error(404, "Message not found"))
        return known

    def _consequences(self, session: Session, sent: dict[str, Any], rule: Rule) -> list[Callable[[], None]]:
        """The echo and the delivery reports; the echo at once when it is to come before the answer."""
        echo_when = rule.echo or ("before" if random.random() < self._state.options.echo_before else "after")
        echo = told("message.any", dict(sent))
        if echo_when == "before":
            self._webhooks.tell_now(session, echo, {k: v for k, v in rule.webhooks.items() if k != "delay_ms"})
        events = ([echo] if echo_when == "after" else []) + self._reports(session, sent)

        def afterwards() -> None:
            self._webhooks.tell(session, events, rule.webhooks)
            for listener in self.reached:
                listener(session, sent)

        return [afterwards]

    def _reports(self, session: Session, sent: dict[str, Any]) -> list[Event]:
        options = self._state.options
        if not options.statuses:
            return []
        group = session.groups.get(sent["from"])
        readers = [p["JID"] for p in group["Participants"]] if group else []
        readers = [payloads.chat_id_of(r) for r in readers if payloads.digits(r) != session.number]
        name = "message.ack.group" if sent["from"].endswith("@g.us") else "message.ack"
        reports = [told(name, payloads.ack(session, sent, 1), options.sent_seconds)]
        for level, seconds in ((2, options.delivered_seconds), (3, options.read_seconds)):
            for reader in readers or [""]:
                reports.append(told(name, payloads.ack(session, sent, level, participant=reader), seconds))
        sent["ack"], sent["ackName"] = 3, "READ"  # as the history will show it
        return reports

    def _content(self, session: Session, endpoint: str, data: dict[str, Any], message_id: str) -> dict[str, Any]:
        quoted = data.get("reply_to") or ""
        reply = {"reply_to": {"id": bare(quoted), "participant": data["chatId"], "body": "…"}} if quoted else {}
        if endpoint in FILES:
            return self._file(session, FILES[endpoint], data, message_id) | reply
        if endpoint == "sendLocation":
            place = payloads.place_of(data["latitude"], data["longitude"], data["title"])
            return {"proto": {"locationMessage": {"name": data["title"]}}, "location": place, **reply}
        if endpoint == "sendContactVcard":
            cards = [str(card["vcard"]) for card in data["contacts"]]
            return {"proto": {"contactMessage": {"vcard": cards[0]}}, "cards": cards, **reply}
        if endpoint == "sendPoll":
            poll = data["poll"]
            proto = payloads.poll_proto(poll["name"], poll["options"], poll.get("multipleAnswers") is True)
            return {"proto": proto, "body": poll["name"], **reply}
        proto = payloads.text_proto(data["text"], bare(quoted), data["chatId"])
        return {"proto": proto, "body": data["text"], **reply}

    def _file(self, session: Session, kind: str, data: dict[str, Any], message_id: str) -> dict[str, Any]:
        given = data["file"]
        if "data" not in given:
            raise Refusal(400, "", body=nest_error(400, ["file.data must be a string"]))
        try:
            content = base64.b64decode(given["data"], validate=True)
        except binascii.Error:
            raise Refusal(400, "", body=nest_error(400, ["file.data must be base64"])) from None
        mime_type = "audio/ogg; codecs=opus" if kind == "voice" and data.get("convert") else given["mimetype"]
        file = self._state.keep_file(session, message_id, mime_type, content, given.get("filename", ""))
        caption = data.get("caption", "")
        return {
            "proto": payloads.media_proto(kind, file, caption),
            "body": caption,
            "media": payloads.file_media(session, file, self._base_url()),
        }


def working(session: Session) -> None:
    """Raises Refusal."""
    if session.status != "WORKING":
        body = {
            "error": "Session status is not as expected. Try again later or restart the session",
            "session": session.name,
            "status": session.status,
            "expected": ["WORKING"],
        }
        raise Refusal(422, "", body=body)


def bare(message_id: str) -> str:
    parts = message_id.split("_")
    return parts[2] if len(parts) in (3, 4) else message_id


def _own_note(session: Session, known: dict[str, Any]) -> dict[str, Any]:
    """An edit, revoke or reaction of ours: a message of its own in the same chat."""
    chat = known["from"]
    note = payloads.message(session, new_message_id(), chat, from_me=True, proto={}, source="api", at=time.time())
    return {name: note[name] for name in ("id", "timestamp", "from", "fromMe", "to", "participant", "_data")}


def _checked(endpoint: str, data: dict[str, Any]) -> None:
    missing = [f"{name} should not be empty" for name in ("session", "chatId", *REQUIRED[endpoint]) if name not in data]
    if missing:
        raise Refusal(400, "", body=nest_error(400, missing))
    if not isinstance(data["chatId"], str) or not CHAT_ID.fullmatch(data["chatId"]):
        raise Refusal(400, "", body=nest_error(400, ["chatId must be a valid chat id"]))
    for key in ("reply_to",):
        if data.get(key) and str(data[key]).count("_") not in (2, 3):
            raise Refusal(500, "", body=server_error("Message id be in format false_11111111111@c.us_AAAA"))
