"""Message objects: every type of the reference, and those that no reference knows."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from channels_app.providers.base import Ignored, Inbound, InboundMedia, InboundMessage
from channels_app.providers.cards import phones_of
from channels_app.providers.whapi.parsing import reading
from channels_app.providers.whapi.parsing.actions import action_values, poll_update_values
from channels_app.providers.whapi.parsing.reading import Malformed, decimal, integer, mapping, sequence, storable, text

STATUSES = {"pending", "sent", "delivered", "read", "played", "failed"}
NOT_A_CHAT = "Stories, broadcasts and newsletters are not chats of a team."

MEDIA_KINDS = {
    "image": "image",
    "video": "video",
    "gif": "video",
    "short": "video",
    "audio": "audio",
    "voice": "voice",
    "ptt": "voice",
    "document": "document",
    "documentWithCaption": "document",
    "sticker": "sticker",
}
LINK_TYPES = ("link_preview", "group_invite", "newsletter_invite", "admin_invite", "catalog")
MENU_TYPES = ("interactive", "buttons", "list", "carousel", "order", "product", "product_items", "event")
BUTTON_PREFIXES = ("ButtonsV3:", "ListV3:")

Content = dict[str, Any]
"""The fields of InboundMessage that the type decides."""


def message_values(item: Any) -> Iterable[Inbound]:
    """A message, or what an action, a vote says about another one. Raises Malformed."""
    if not isinstance(item, dict):
        raise Malformed("A message is not an object.")
    chat_id = reading.wa_id(item.get("chat_id"))
    if not reading.is_conversation(chat_id):
        if chat_id or text(item, "chat_id") in ("stories", "status@broadcast"):
            return [Ignored(NOT_A_CHAT)]
        raise Malformed("A message names no chat.")
    kind = text(item, "type", 40)
    if kind == "action":
        return action_values(item, chat_id)
    if kind == "poll_update":
        return poll_update_values(item, chat_id)
    message_id = reading.message_id(item, "id")
    at = reading.moment(item)
    if not message_id:
        raise Malformed("A message has no usable id.")
    if at is None:
        raise Malformed("A message has no usable time.")
    return [_message(item, kind, message_id, chat_id, at)]


def _message(item: Content, kind: str, message_id: str, chat_id: str, at: datetime) -> InboundMessage:
    from_me = item.get("from_me") is True
    context = mapping(item, "context")
    content = content_of(item, kind)
    status = text(item, "status", 12)
    return InboundMessage(
        wa_message_id=message_id,
        wa_chat_id=chat_id,
        from_me=from_me,
        sender_wa_id=_sender(item, chat_id, from_me),
        at=at,
        sender_name=reading.name(item, "from_name"),
        chat_name=reading.name(item, "chat_name"),
        source=text(item, "source", 16),
        status=status if from_me and status in STATUSES else "",
        quoted_wa_id=reading.message_id(context, "quoted_id"),
        extra={**content.pop("extra", {}), **_context(context)},
        **content,
    )


def _sender(item: Content, chat_id: str, from_me: bool) -> str:
    """In a chat with one person the other side is the author, also when the provider does not say so."""
    sender = reading.wa_id(item.get("from"))
    return sender or ("" if from_me or chat_id.endswith("@g.us") else chat_id)


def _context(context: Content) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if context.get("forwarded") is True:
        found["forwarded"] = True
    if mapping(context, "ad"):
        found["referral"] = _without_pictures(mapping(context, "ad"))
    mentions = [who for who in map(reading.wa_id, sequence(context, "mentions")[:1024]) if who]
    if mentions:
        found["mentions"] = mentions
    return found


def content_of(item: Content, kind: str) -> Content:
    """{type, text, media, …} of a message object. What cannot be shown is `unsupported`, with the original in raw."""
    content = mapping(item, kind)
    if kind in MEDIA_KINDS:
        return _media(MEDIA_KINDS[kind], content or mapping(item, MEDIA_KINDS[kind]))
    if kind == "system":
        return {"type": "system", "text": text(content, "body") or text(item, "subtype", 100).replace("_", " ")}
    reader = _READERS.get(kind)
    found = reader(content) if reader else None
    return found or _unsupported(item, kind)


def _unsupported(item: Content, kind: str) -> Content:
    raw = {"type": kind, kind: _without_pictures(item[kind])} if kind and kind in item else {"type": kind}
    return {"type": "unsupported", "extra": {"raw": raw}}


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_pictures(v) for k, v in value.items() if k not in ("preview", "thumbnail")}
    if isinstance(value, list):
        return [_without_pictures(v) for v in value]
    return storable(value)


def _text(content: Content) -> Content | None:
    body = text(content, "body")
    return {"type": "text", "text": body} if body else None


def _link(content: Content) -> Content | None:
    """A text that holds a link comes as a link preview with the whole text in `body`."""
    body = text(content, "body") or "\n".join(filter(None, (text(content, "title"), text(content, "url"))))
    return {"type": "text", "text": body} if body else None


def _media(kind: str, content: Content) -> Content:
    found = InboundMedia(
        kind=kind,
        provider_media_id="" if content.get("id") == "media_init" else text(content, "id", 300),
        link=_link_of(content),
        mime_type=text(content, "mime_type", 120),
        file_name=(text(content, "file_name", 255) or text(content, "filename", 255)),
        size=integer(content, "file_size", 2**63 - 1),
        seconds=integer(content, "seconds"),
        sha256=text(content, "sha256", 88),
    )
    extra = {"extra": {"view_once": True}} if content.get("view_once") is True else {}
    return {"type": kind, "text": text(content, "caption"), "media": found, **extra}


def _link_of(content: Content) -> str:
    link = text(content, "link", 2000)
    return link if link.startswith(("https://", "http://")) else ""


def _location(content: Content) -> Content | None:
    latitude, longitude = decimal(content, "latitude"), decimal(content, "longitude")
    if latitude is None or longitude is None:
        return None
    place = {
        "latitude": latitude,
        "longitude": longitude,
        "name": text(content, "name", 500),
        "address": text(content, "address", 500),
    }
    return {"type": "location", "text": text(content, "caption") or text(content, "comment"), "location": place}


def _contact(content: Content) -> Content | None:
    return _contacts({"list": [content]})


def _contacts(content: Content) -> Content | None:
    cards = [card for card in sequence(content, "list") if isinstance(card, dict)]
    people = [
        {"name": reading.name(card, "name"), "phones": phones_of(text(card, "vcard"))}
        for card in cards
        if text(card, "name") or text(card, "vcard")
    ]
    return {"type": "contacts", "contacts": people} if people else None


def _poll(content: Content) -> Content | None:
    question = text(content, "title", 1000)
    options = [option[:500] for option in sequence(content, "options")[:100] if isinstance(option, str)]
    if not question or not options:
        return None
    votes = {
        text(result, "name", 500): integer(result, "count") or 0
        for result in sequence(content, "results")
        if isinstance(result, dict)
    }
    multiple = integer(content, "vote_limit") != 1
    counted = [{"text": option, "votes": votes.get(option, 0)} for option in options]
    return {"type": "poll", "poll": {"question": question, "options": counted, "multiple": multiple}}


def _reply(content: Content) -> Content | None:
    """A pressed button or a chosen list row. Whapi puts a prefix before the id that was sent."""
    kind = text(content, "type", 40)
    chosen = next(
        (
            mapping(content, key)
            for key in (kind, "buttons_reply", "button_reply", "list_reply")
            if mapping(content, key)
        ),
        {},
    )
    title, payload = text(chosen, "title"), text(chosen, "id", 1000)
    if not title and not payload:
        return None
    plain = next((payload.removeprefix(p) for p in BUTTON_PREFIXES if payload.startswith(p)), payload)
    return {
        "type": "interactive",
        "text": title,
        "button": {"id": plain, "title": title, "payload": payload},
    }


def _menu(content: Content) -> Content | None:
    """Something with buttons: its words are shown, the rest is kept."""
    words = [_words(content, key) for key in ("header", "title", "body", "text", "footer")]
    shown = "\n".join(word for word in words if word)
    return {"type": "interactive", "text": shown, "extra": {"raw": _without_pictures(content)}} if shown else None


def _words(content: Content, key: str) -> str:
    return text(content, key) or text(mapping(content, key), "text") or text(mapping(content, key), "body")


def _template(content: Content) -> Content | None:
    found = _menu({**content, "header": mapping(mapping(content, "header"), "text").get("body", "")})
    return {**found, "type": "template", "extra": {"raw": _without_pictures(content)}} if found else None


_READERS: dict[str, Callable[[Content], Content | None]] = {
    "text": _text,
    **dict.fromkeys(LINK_TYPES, _link),
    "location": _location,
    "live_location": _location,
    "contact": _contact,
    "contact_list": _contacts,
    "poll": _poll,
    "reply": _reply,
    **dict.fromkeys(MENU_TYPES, _menu),
    "hsm": _template,
    "call": lambda content: {"type": "call", "text": text(content, "body")},
}
