"""From what is to be sent to the JSON of POST /messages; pure."""

import re
from copy import deepcopy
from typing import Any

from channels_app.providers import checking
from channels_app.providers.base import Outgoing
from channels_app.providers.cloud import limits
from channels_app.providers.errors import impossible

CAPTIONED = ("image", "video", "document")
HEADS = ("image", "video", "document")
"""What may stand in the head of a template."""
KIND_OF = {"voice": "audio"}
"""What the API calls it, where that is another word."""


def body_of(message: Outgoing, media_id: str = "") -> dict[str, Any]:
    """`media_id` names the uploaded file. Raises ProviderError(permanent)."""
    composer = _COMPOSERS.get(message.type)
    if composer is None:
        raise impossible("unsupported_type", f"The Cloud API cannot send messages of type {message.type!r}.")
    kind = KIND_OF.get(message.type, message.type)
    body = {"messaging_product": "whatsapp", **addressed(message.to), "type": kind, kind: composer(message, media_id)}
    if message.quoted_wa_id:
        body["context"] = {"message_id": message.quoted_wa_id}
    if message.client_reference:
        body["biz_opaque_callback_data"] = message.client_reference[: limits.REFERENCE_LIMIT]
    return body


def reaction_body(wa_chat_id: str, wa_message_id: str, emoji: str) -> dict[str, Any]:
    """An empty emoji takes the reaction back."""
    reaction = {"message_id": wa_message_id, "emoji": emoji}
    return {"messaging_product": "whatsapp", **addressed(wa_chat_id), "type": "reaction", "reaction": reaction}


def read_body(wa_message_id: str, *, typing: bool = False) -> dict[str, Any]:
    """Reading is told for this message and all before. Typing cannot be shown without it."""
    body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": wa_message_id}
    return {**body, "typing_indicator": {"type": "text"}} if typing else body


def addressed(wa_chat_id: str) -> dict[str, str]:
    """Whom it goes to: a number, a group, or somebody without a number (`recipient`). Raises ProviderError."""
    name = wa_chat_id.rpartition("@")[0]
    if limits.PHONE.fullmatch(wa_chat_id):
        return {"recipient_type": "individual", "to": name}
    if limits.GROUP.fullmatch(wa_chat_id):
        return {"recipient_type": "group", "to": name}
    if limits.PERSON_WITHOUT_NUMBER.fullmatch(wa_chat_id):
        return {"recipient_type": "individual", "recipient": name}
    raise impossible("invalid_recipient", "The recipient is not somebody whom the Cloud API can reach.")


def file_kind(message: Outgoing) -> str:
    """As what its file goes: the message's type, or what the head of a template waits for; "" where none goes."""
    if message.type in limits.MEDIA_BYTES:
        return message.type
    return next((kind for one in _open_heads(message.template or {}) for kind in HEADS if kind in one), "")


def check_file(message: Outgoing, kind: str) -> None:
    """Whether WhatsApp takes the message's file as `kind`, before it travels. Raises ProviderError(permanent)."""
    media = message.media
    if media is None:
        raise impossible("file_missing", "The message has no file.")
    known = limits.MEDIA_TYPES.get(kind)
    if known and bare(media.mime_type) not in known:
        raise impossible(
            "unsupported_media",
            f"WhatsApp takes {kind} files only as {', '.join(known)}. Send it as a document.",
        )
    most = limits.MEDIA_BYTES[kind]
    if media.size > most:
        shown = f"{most // 1024} KB" if most < 1024 * 1024 else f"{most // (1024 * 1024)} MB"
        raise impossible("too_large", f"WhatsApp takes {kind} files up to {shown}.")


def bare(mime_type: str) -> str:
    return mime_type.partition(";")[0].strip().lower()


def _text(message: Outgoing, media_id: str) -> dict[str, Any]:
    if len(message.text) > limits.TEXT_LIMIT:
        raise impossible("too_long", f"The Cloud API takes texts of at most {limits.TEXT_LIMIT:,} characters.")
    return {"body": message.text, "preview_url": "://" in message.text}


def _media(message: Outgoing, media_id: str) -> dict[str, Any]:
    content: dict[str, Any] = {"id": media_id}
    if message.type == "voice":
        content["voice"] = True
    if message.type == "document" and message.media and message.media.file_name:
        content["filename"] = message.media.file_name
    if message.type in CAPTIONED and message.text:
        if len(message.text) > limits.CAPTION_LIMIT:
            raise impossible("too_long", f"A caption may have at most {limits.CAPTION_LIMIT:,} characters.")
        content["caption"] = message.text
    return content


def _location(message: Outgoing, media_id: str) -> dict[str, Any]:
    place = message.location or {}
    named = {key: place[key] for key in ("name", "address") if place.get(key)}
    return checking.coordinates(message) | named


def _contacts(message: Outgoing, media_id: str) -> list[dict[str, Any]]:
    return [_card(person) for person in checking.people(message)]


def _card(person: dict[str, Any]) -> dict[str, Any]:
    """At least one part of the name is required beside the whole."""
    name = str(person.get("name", "")).strip() or "?"
    phones = []
    for phone in person.get("phones", []):
        digits = re.sub(r"\D", "", str(phone))
        phones.append({"phone": str(phone), "type": "CELL", **({"wa_id": digits} if digits else {})})
    return {"name": {"formatted_name": name, "first_name": name.split()[0]}, "phones": phones}


def _interactive(message: Outgoing, media_id: str) -> dict[str, Any]:
    """`interactive` is {buttons: [{id, title}]} or {button, rows: [{id, title, description}]}; `text` is the body."""
    asked = message.interactive or {}
    found: dict[str, Any] = {"body": {"text": message.text}}
    for part in ("header", "footer"):
        if asked.get(part):
            words = str(asked[part])
            found[part] = {"type": "text", "text": words} if part == "header" else {"text": words}
    buttons, rows = asked.get("buttons"), asked.get("rows")
    if not message.text.strip():
        raise impossible("bad_request", "A message with buttons needs a text.")
    if buttons and len(buttons) in limits.BUTTONS:
        replies = [{"type": "reply", "reply": _titled(one, limits.TITLE_LIMIT)} for one in buttons]
        return {"type": "button", **found, "action": {"buttons": replies}}
    if rows and len(rows) in limits.ROWS:
        listed = [
            {
                **_titled(one, limits.ROW_TITLE_LIMIT),
                **({"description": one["description"]} if one.get("description") else {}),
            }
            for one in rows
        ]
        opener = str(asked.get("button") or "Choose")[: limits.TITLE_LIMIT]
        return {"type": "list", **found, "action": {"button": opener, "sections": [{"rows": listed}]}}
    raise impossible("bad_request", "A message with choices needs 1 to 3 buttons or 1 to 10 rows.")


def _titled(choice: dict[str, Any], most: int) -> dict[str, str]:
    title = str(choice.get("title", "")).strip()
    if not title or len(title) > most:
        raise impossible("bad_request", f"A choice needs a title of at most {most} characters.")
    return {"id": str(choice.get("id") or title)[:256], "title": title}


def _template(message: Outgoing, media_id: str) -> dict[str, Any]:
    asked = message.template or {}
    if not asked.get("name") or not asked.get("language"):
        raise impossible("bad_request", "The message names no template.")
    found = {"name": str(asked["name"]), "language": {"code": str(asked["language"])}}
    if not asked.get("components"):
        return found
    filled = deepcopy(asked)
    for head in _open_heads(filled):
        kind = head["type"]
        head[kind] = {"id": media_id}
        if kind == "document" and message.media and message.media.file_name:
            head[kind]["filename"] = message.media.file_name
    return {**found, "components": filled["components"]}


def _open_heads(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a template that wait for the message's file."""
    components = template.get("components") or []
    parameters = [one for component in components for one in component.get("parameters", [])]
    return [one for one in parameters if one.get("type") in HEADS and one.get(one["type"]) == {}]


_COMPOSERS = {
    "text": _text,
    **dict.fromkeys(limits.MEDIA_BYTES, _media),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "template": _template,
}
