"""What is inside a message object, by its type: the same for customers' messages, echoes and history."""

import json
from collections.abc import Callable
from typing import Any

from channels_app.providers.base import InboundMedia
from channels_app.providers.reading import decimal, integer, mapping, sequence, storable, text

MEDIA = ("image", "video", "audio", "voice", "document", "sticker")

Content = dict[str, Any]
"""The fields of InboundMessage that the type decides."""


def content_of(item: Content, kind: str) -> Content:
    """What cannot be shown is `unsupported`, with the original in extra.raw."""
    if kind in MEDIA:
        return _media(kind, mapping(item, kind), item)
    reader = _READERS.get(kind)
    found = reader(item[kind]) if reader and kind in item else None
    return found or _unsupported(item, kind)


def text_of(message: Content) -> str:
    """The words of a message object: its text or its caption."""
    kind = text(message, "type", 40)
    content = mapping(message, kind)
    return text(content, "body") or text(content, "caption")


def _media(kind: str, content: Content, item: Content) -> Content:
    """A voice note is an audio file with a mark. A file that Meta could not fetch comes with errors and without id."""
    if kind == "audio" and content.get("voice") is True:
        kind = "voice"
    media = InboundMedia(
        kind=kind,
        provider_media_id=text(content, "id", 300),
        mime_type=text(content, "mime_type", 120),
        file_name=text(content, "filename", 255),
        size=integer(content, "file_size", most=2**62),
        sha256=text(content, "sha256", 100),
    )
    found: Content = {"type": kind, "text": text(content, "caption"), "media": media}
    errors = sequence(item, "errors")
    return {**found, "extra": {"raw": {"errors": storable(errors[:5])}}} if errors else found


def _text(content: Any) -> Content | None:
    body = text(content, "body") if isinstance(content, dict) else ""
    return {"type": "text", "text": body} if body else None


def _location(content: Any) -> Content | None:
    if not isinstance(content, dict):
        return None
    latitude, longitude = decimal(content, "latitude"), decimal(content, "longitude")
    if latitude is None or longitude is None:
        return None
    place = {"latitude": latitude, "longitude": longitude}
    place |= {key: text(content, key, 300) for key in ("name", "address")}
    return {"type": "location", "location": place}


def _contacts(content: Any) -> Content | None:
    cards = [_card(one) for one in content[:50] if isinstance(one, dict)] if isinstance(content, list) else []
    return {"type": "contacts", "contacts": cards} if cards else None


def _card(person: Content) -> Content:
    name = mapping(person, "name")
    called = text(name, "formatted_name", 200) or " ".join(
        filter(None, (text(name, "first_name", 100), text(name, "last_name", 100)))
    )
    phones = []
    for phone in sequence(person, "phones")[:20]:
        if isinstance(phone, dict):
            digits = text(phone, "wa_id", 20)
            phones.append(f"+{digits}" if digits.isdecimal() else text(phone, "phone", 40))
    return {"name": called, "phones": [phone for phone in dict.fromkeys(phones) if phone]}


def _quick_reply(content: Any) -> Content | None:
    """A button of a template."""
    if not isinstance(content, dict) or not text(content, "text"):
        return None
    title = text(content, "text", 200)
    return {
        "type": "interactive",
        "text": title,
        "button": {"id": "", "title": title, "payload": text(content, "payload", 1000)},
    }


def _interactive(content: Any) -> Content | None:
    """An answer to buttons, a list or a form; the form's own answer is JSON inside a text."""
    if not isinstance(content, dict):
        return None
    for kind in ("button_reply", "list_reply"):
        reply = mapping(content, kind)
        if reply:
            title = text(reply, "title", 200)
            button = {"id": text(reply, "id", 300), "title": title, "payload": text(reply, "description", 1000)}
            return {"type": "interactive", "text": title, "button": button}
    form = mapping(content, "nfm_reply")
    if form:
        raw = {"type": "nfm_reply", "name": text(form, "name", 200), "response": _form_answer(form)}
        return {"type": "interactive", "text": text(form, "body") or "Form", "extra": {"raw": raw}}
    permission = mapping(content, "call_permission_reply")
    if permission:
        return {"type": "interactive", "text": text(permission, "response", 40), "extra": {"raw": storable(content)}}
    return None


def _form_answer(form: Content) -> Any:
    answer = text(form, "response_json")
    try:
        return storable(json.loads(answer, parse_constant=lambda name: None))
    except (ValueError, RecursionError):
        return answer


def _order(content: Any) -> Content | None:
    """What was put into the basket, as text; the order itself in raw."""
    if not isinstance(content, dict):
        return None
    lines = [text(content, "text", 1000)]
    for product in sequence(content, "product_items")[:100]:
        if isinstance(product, dict):
            price = product.get("item_price")
            cost = f" ({price} {text(product, 'currency', 10)})" if isinstance(price, (int, float)) else ""
            lines.append(f"{integer(product, 'quantity') or 1} × {text(product, 'product_retailer_id', 100)}{cost}")
    return {
        "type": "interactive",
        "text": "\n".join(filter(None, lines)) or "Order",
        "extra": {"raw": {"type": "order", "order": storable(content)}},
    }


def _system(content: Any) -> Content | None:
    if not isinstance(content, dict):
        return None
    words = text(content, "body") or text(content, "type", 100).replace("_", " ")
    return {"type": "system", "text": words, "extra": {"raw": storable(content)}} if words else None


def _template(content: Any) -> Content | None:
    """A template as the business app's echo has it: only its name is sure."""
    if not isinstance(content, dict):
        return None
    return {"type": "template", "text": text(content, "body") or text(content, "name", 300)}


def _unsupported(item: Content, kind: str) -> Content:
    raw: Content = {"type": kind}
    for key in (kind, "errors"):
        if key and key in item:
            raw[key] = storable(item[key])
    return {"type": "unsupported", "extra": {"raw": raw}}


_READERS: dict[str, Callable[[Any], Content | None]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _quick_reply,
    "interactive": _interactive,
    "order": _order,
    "system": _system,
    "template": _template,
}
