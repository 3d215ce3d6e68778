"""From what is to be sent to Whapi's endpoint and JSON; pure."""

from typing import Any

from channels_app.providers import checking
from channels_app.providers.base import Outgoing
from channels_app.providers.cards import card_of
from channels_app.providers.errors import impossible
from channels_app.providers.whapi import limits

MEDIA = ("image", "video", "audio", "voice", "document", "sticker")
CAPTIONED = ("image", "video", "document")
MENTIONING = ("text", "image", "video")


def endpoint_and_body(message: Outgoing, media_id: str = "") -> tuple[str, dict[str, Any]]:
    """(path, JSON) of a send. `media_id` names the uploaded file. Raises ProviderError(permanent)."""
    composer = _COMPOSERS.get(message.type)
    if composer is None:
        raise impossible("unsupported_type", f"Whapi cannot send messages of type {message.type!r}.")
    if not limits.RECIPIENT.fullmatch(message.to):
        raise impossible("invalid_recipient", "The recipient is not a WhatsApp id that Whapi can reach.")
    name, content = composer(message, media_id)
    body = {"to": message.to, **content}
    if message.quoted_wa_id:
        body["quoted"] = message.quoted_wa_id
    mentions = [who for who in message.mentions if limits.MENTION.fullmatch(who)]
    if mentions and message.type in MENTIONING:
        body["mentions"] = mentions
    return f"/messages/{name}", body


def _text(message: Outgoing, media_id: str) -> tuple[str, dict[str, Any]]:
    return "text", {"body": message.text}


def _media(message: Outgoing, media_id: str) -> tuple[str, dict[str, Any]]:
    media = message.media
    if media is None:
        raise impossible("file_missing", "The message has no file.")
    body: dict[str, Any] = {"media": media_id, "mime_type": media.mime_type}
    if message.type == "voice":
        body["mime_type"] = "audio/ogg; codecs=opus" if media.mime_type.startswith("audio/ogg") else media.mime_type
    if message.type in ("audio", "voice") and media.seconds:
        body["seconds"] = media.seconds
    if message.type == "document" and media.file_name:
        body["filename"] = media.file_name
    if message.type in CAPTIONED and message.text:
        body["caption"] = message.text
    return message.type, body


def _location(message: Outgoing, media_id: str) -> tuple[str, dict[str, Any]]:
    place = message.location or {}
    named = {key: place[key] for key in ("name", "address") if place.get(key)}
    return "location", checking.coordinates(message) | named


def _contacts(message: Outgoing, media_id: str) -> tuple[str, dict[str, Any]]:
    cards = [
        {"name": str(person.get("name", "")), "vcard": card_of(str(person.get("name", "")), person.get("phones", []))}
        for person in checking.people(message)
    ]
    return ("contact", cards[0]) if len(cards) == 1 else ("contact_list", {"list": cards})


def _poll(message: Outgoing, media_id: str) -> tuple[str, dict[str, Any]]:
    poll = message.poll or {}
    options = checking.poll_options(message, limits.POLL_OPTIONS)
    body = {"title": str(poll.get("question", "")), "options": options, "count": 0 if poll.get("multiple") else 1}
    return "poll", body


_COMPOSERS = {
    "text": _text,
    **dict.fromkeys(MEDIA, _media),
    "location": _location,
    "contacts": _contacts,
    "poll": _poll,
}
