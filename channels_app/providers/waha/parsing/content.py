"""What a message holds. WAHA's own fields name a body, a file, a place and cards, but no type: that, polls and pressed
buttons stand in the engine's raw data, as WhatsApp's protobuf (GOWS, NOWEB) or as WhatsApp Web's object (WEBJS)."""

from collections.abc import Callable
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import InboundMedia
from channels_app.providers.cards import phones_of
from channels_app.providers.reading import decimal, integer, mapping, sequence, storable, text
from channels_app.providers.waha.ids import id_of

Content = dict[str, Any]
"""The fields of InboundMessage that the type decides."""

WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "lottieStickerMessage",
)
MEDIA_KINDS = {
    "imageMessage": "image",
    "videoMessage": "video",
    "ptvMessage": "video",
    "audioMessage": "audio",
    "documentMessage": "document",
    "stickerMessage": "sticker",
}
WEB_KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "ptt": "voice",
    "ptv": "video",
    "document": "document",
    "sticker": "sticker",
}
WEB_NOTICES = ("e2e_notification", "notification_template", "gp2", "notification", "protocol", "ciphertext", "revoked")
POLLS = ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3", "pollCreationMessageV5")
BESIDE_CONTENT = ("messageContextInfo", "senderKeyDistributionMessage")


def content_of(item: Content) -> Content | None:
    """{type, text, media, …} of a message; None for a notice that nobody wrote. What cannot be shown is `unsupported`,
    with the original in raw."""
    raw = mapping(item, "_data")
    web_type = text(raw, "type", 40)
    if web_type in WEB_NOTICES:
        return None
    proto = _unwrapped(mapping(raw, "Message") or mapping(raw, "message"))
    found = _shown(item, raw, proto, web_type) or _unsupported(proto, web_type)
    if extra := {**found.pop("extra", {}), **_context(proto, raw)}:
        found["extra"] = extra
    return found


def _shown(item: Content, raw: Content, proto: Content, web_type: str) -> Content | None:
    if item.get("hasMedia") is True or any(name in proto for name in MEDIA_KINDS):
        return _media(item, proto, web_type)
    for read in _READERS:
        found = read(item, raw, proto)
        if found:
            return found
    return None


def quoted_id(item: Content) -> str:
    """The message that this one answers, or ""."""
    found = id_of(mapping(item, "replyTo").get("id"))
    if found:
        return found
    raw = mapping(item, "_data")
    info = _context_info(_unwrapped(mapping(raw, "Message") or mapping(raw, "message")))
    return id_of(info.get("stanzaID") or info.get("stanzaId")) or id_of(raw.get("quotedStanzaID"))


# --- Media ------------------------------------------------------------------------------------------------------------


def _media(item: Content, proto: Content, web_type: str) -> Content:
    media = mapping(item, "media")
    name = next((name for name in MEDIA_KINDS if name in proto), "")
    file = mapping(proto, name)
    mime_type = text(media, "mimetype", 120) or text(file, "mimetype", 120)
    file_name = text(media, "filename", 255) or text(file, "fileName", 255)
    kind = _kind(name, file, web_type, mime_type)
    caption = text(item, "body")
    found = InboundMedia(
        kind=kind,
        provider_media_id=text(item, "id", 300) or id_of(item.get("id")),
        link=_link(text(media, "url", 2000)),
        mime_type=mime_type,
        file_name=file_name,
        size=integer(file, "fileLength", 2**63 - 1),
        seconds=integer(file, "seconds"),
        sha256=text(file, "fileSHA256", 88) or text(file, "fileSha256", 88),
    )
    once = {"extra": {"view_once": True}} if file.get("viewOnce") is True else {}
    return {"type": kind, "text": "" if caption == file_name else caption, "media": found, **once}


def _kind(name: str, file: Content, web_type: str, mime_type: str) -> str:
    """A document that holds sound is played as sound: WAHA sends songs as documents."""
    if name == "audioMessage" and (file.get("PTT") is True or file.get("ptt") is True):
        return "voice"
    kind = MEDIA_KINDS.get(name) or WEB_KINDS.get(web_type) or _kind_of_type(mime_type)
    return "audio" if kind == "document" and mime_type.startswith("audio/") else kind


def _kind_of_type(mime_type: str) -> str:
    if mime_type.startswith("image/webp"):
        return "sticker"
    if mime_type.startswith("audio/ogg"):
        return "voice"
    family = mime_type.partition("/")[0]
    return family if family in ("image", "video", "audio") else "document"


def _link(link: str) -> str:
    return link if link.startswith(("https://", "http://")) else ""


# --- Everything else ------------------------------------------------------------------------------------------------


def _place(item: Content, raw: Content, proto: Content) -> Content | None:
    named = mapping(item, "location") or mapping(proto, "locationMessage") or mapping(proto, "liveLocationMessage")
    latitude, longitude = _degrees(named, "latitude"), _degrees(named, "longitude")
    if latitude is None or longitude is None:
        return None
    place = {
        "latitude": latitude,
        "longitude": longitude,
        "name": text(named, "name", 500) or text(named, "description", 500),
        "address": text(named, "address", 500),
    }
    words = text(item, "body")
    return {"type": "location", "text": "" if words in place.values() else words, "location": place}


def _degrees(named: Content, name: str) -> float | None:
    """A number, or in older versions a text."""
    for key in (name, f"degrees{name.capitalize()}"):
        value = named.get(key)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return None
        if (found := decimal({"value": value}, "value")) is not None:
            return found
    return None


def _cards(item: Content, raw: Content, proto: Content) -> Content | None:
    cards = [card for card in sequence(item, "vCards")[:100] if isinstance(card, str)]
    if not cards:
        listed = sequence(mapping(proto, "contactsArrayMessage"), "contacts")[:100]
        named = [one for one in [mapping(proto, "contactMessage"), *listed] if isinstance(one, dict)]
        cards = [text(one, "vcard") for one in named if text(one, "vcard")]
    people = [{"name": _name_on(card), "phones": phones_of(card)} for card in cards]
    return {"type": "contacts", "contacts": people} if people else None


def _name_on(card: str) -> str:
    for line in card[: reading.TEXT_LIMIT].splitlines():
        if line.upper().startswith("FN"):
            written = line.partition(":")[2].replace("\\,", ",").replace("\\;", ";").replace("\\n", " ")
            return written.replace("\\\\", "\\").strip()[: reading.NAME_LIMIT]
    return ""


def _poll(item: Content, raw: Content, proto: Content) -> Content | None:
    asked = next((mapping(proto, name) for name in POLLS if mapping(proto, name)), {})
    question = text(asked, "name", 1000) or text(raw, "pollName", 1000)
    listed = [*sequence(asked, "options"), *sequence(raw, "pollOptions")][:100]
    named = (one.get("optionName") or one.get("name") if isinstance(one, dict) else one for one in listed)
    options = [option[:500] for option in named if isinstance(option, str) and option]
    if not question or not options:
        return None
    most = integer(asked, "selectableOptionsCount") or integer(raw, "pollSelectableOptionsCount")
    counted = [{"text": option, "votes": 0} for option in options]
    return {"type": "poll", "poll": {"question": question, "options": counted, "multiple": most != 1}}


def _pressed(item: Content, raw: Content, proto: Content) -> Content | None:
    """A pressed button or a chosen row of a list."""
    button, template = mapping(proto, "buttonsResponseMessage"), mapping(proto, "templateButtonReplyMessage")
    row = mapping(proto, "listResponseMessage")
    title = text(button, "selectedDisplayText") or text(template, "selectedDisplayText") or text(row, "title")
    choices = (
        (button, "selectedButtonID", "selectedButtonId"),
        (template, "selectedID", "selectedId"),
        (mapping(row, "singleSelectReply"), "selectedRowID", "selectedRowId"),
    )
    payload = next(filter(None, (text(found, key, 1000) for found, *keys in choices for key in keys)), "")
    if not title and not payload:
        return None
    return {"type": "interactive", "text": title, "button": {"id": payload, "title": title, "payload": payload}}


def _words(item: Content, raw: Content, proto: Content) -> Content | None:
    body = text(item, "body") or text(proto, "conversation") or text(mapping(proto, "extendedTextMessage"), "text")
    return {"type": "text", "text": body} if body else None


_READERS: tuple[Callable[[Content, Content, Content], Content | None], ...] = (_place, _cards, _poll, _pressed, _words)


def _unsupported(proto: Content, web_type: str) -> Content:
    name = next((name for name in proto if name not in BESIDE_CONTENT), web_type)[:100]
    shown = {name: _without_pictures(proto[name])} if name in proto else {}
    return {"type": "unsupported", "extra": {"raw": {"type": name, **shown}}}


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: _without_pictures(v) for k, v in value.items() if "thumbnail" not in k.lower() and k != "contextInfo"
        }
    if isinstance(value, list):
        return [_without_pictures(v) for v in value]
    return storable(value)


# --- Around the content ---------------------------------------------------------------------------------------------


def _unwrapped(proto: Content) -> Content:
    """The message inside its envelopes: disappearing, view once, with a caption."""
    for _ in WRAPPERS:
        inner = next((mapping(mapping(proto, name), "message") for name in WRAPPERS if mapping(proto, name)), {})
        if not inner:
            return proto
        proto = inner
    return proto


def _context_info(proto: Content) -> Content:
    return next((mapping(part, "contextInfo") for part in proto.values() if _has_context(part)), {})


def _has_context(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("contextInfo"), dict)


def _context(proto: Content, raw: Content) -> dict[str, Any]:
    info = _context_info(proto)
    found: dict[str, Any] = {}
    if info.get("isForwarded") is True or raw.get("isForwarded") is True:
        found["forwarded"] = True
    if mapping(info, "externalAdReply"):
        found["referral"] = _without_pictures(mapping(info, "externalAdReply"))
    listed = (sequence(info, "mentionedJID") or sequence(info, "mentionedJid") or sequence(raw, "mentionedJidList"))[
        :1024
    ]
    mentions = [who for who in map(reading.wa_id, listed) if who]
    if mentions:
        found["mentions"] = mentions
    return found
