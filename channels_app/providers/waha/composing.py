"""From what is to be sent to WAHA's endpoint and JSON; pure."""

import re
from typing import Any

from channels_app.providers import checking
from channels_app.providers.base import Outgoing
from channels_app.providers.cards import card_of
from channels_app.providers.errors import impossible
from channels_app.providers.waha import limits
from channels_app.providers.waha.ids import chosen_id, theirs

VOICE = "audio/ogg; codecs=opus"
ENDPOINTS = {
    "image": "sendImage",
    "video": "sendVideo",
    "audio": "sendFile",  # sendVoice would make a voice message of it
    "voice": "sendVoice",
    "document": "sendFile",
    "sticker": "sendSticker",
}
CAPTIONED = ("image", "video", "document")
MENTIONING = ("text", "image", "video")
_MENTION = re.compile(r"\d{5,20}(@s\.whatsapp\.net|@lid)?")


def endpoint_and_body(message: Outgoing, data: str = "", reply_to: str = "") -> tuple[str, dict[str, Any]]:
    """(path, JSON without the session) of a send. `data` is the file as base64, `reply_to` the quoted message in
    WAHA's long form. Raises ProviderError(permanent)."""
    composer = _COMPOSERS.get(message.type)
    if composer is None:
        raise impossible("unsupported_type", f"WAHA cannot send messages of type {message.type!r}.")
    if not limits.RECIPIENT.fullmatch(message.to):
        raise impossible("invalid_recipient", "The recipient is not a WhatsApp id that WAHA can reach.")
    endpoint, content = composer(message, data)
    body = {"chatId": theirs(message.to), **content}
    if reply_to:
        body["reply_to"] = reply_to
    mentions = [who if "@" in who else f"{who}@s.whatsapp.net" for who in message.mentions if _MENTION.fullmatch(who)]
    if mentions and message.type in MENTIONING:
        body["mentions"] = [theirs(who) for who in mentions]
    if chosen := chosen_id(message.client_reference):
        body["id"] = chosen
    return f"/api/{endpoint}", body


def _text(message: Outgoing, data: str) -> tuple[str, dict[str, Any]]:
    return "sendText", {"text": message.text}


def _media(message: Outgoing, data: str) -> tuple[str, dict[str, Any]]:
    media = message.media
    if media is None:
        raise impossible("file_missing", "The message has no file.")
    file = {"mimetype": media.mime_type, "filename": media.file_name or f"file-{message.type}", "data": data}
    body: dict[str, Any] = {"file": file}
    if message.type == "voice":
        already = media.mime_type.startswith("audio/ogg")
        file["mimetype"] = VOICE if already else media.mime_type
        body["convert"] = not already  # WhatsApp plays only Opus in Ogg as a voice message
    if message.type == "video":
        body["convert"] = not media.mime_type.startswith("video/mp4")
    if message.type in CAPTIONED and message.text:
        body["caption"] = message.text
    return ENDPOINTS[message.type], body


def _location(message: Outgoing, data: str) -> tuple[str, dict[str, Any]]:
    """WAHA knows a title only, so the address stands in it."""
    place = message.location or {}
    words = [str(place[key]) for key in ("name", "address") if place.get(key)]
    return "sendLocation", {**checking.coordinates(message), "title": ", ".join(words)}


def _contacts(message: Outgoing, data: str) -> tuple[str, dict[str, Any]]:
    cards = [
        {"vcard": card_of(str(person.get("name", "")), person.get("phones", []))} for person in checking.people(message)
    ]
    return "sendContactVcard", {"contacts": cards}


def _poll(message: Outgoing, data: str) -> tuple[str, dict[str, Any]]:
    poll = message.poll or {}
    options = checking.poll_options(message, limits.POLL_OPTIONS)
    asked = {"name": str(poll.get("question", "")), "options": options, "multipleAnswers": bool(poll.get("multiple"))}
    return "sendPoll", {"poll": asked}


_COMPOSERS = {
    "text": _text,
    **dict.fromkeys(ENDPOINTS, _media),
    "location": _location,
    "contacts": _contacts,
    "poll": _poll,
}
