"""How messages and chats are drawn: ticks, kinds, authors, the order they stand in."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.defaultfilters import urlize
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_app.providers import description_of
from inbox.models import Attachment, Chat, Message, Note
from inbox.policy import COUNT_CAP, INLINE_TYPES, bare_mime_type, phone_number_of
from inbox.selectors.messages import Bubble, sender_name_of
from inbox.selectors.standings import Standing
from inbox.states import ARRIVED, AttachmentState, Direction, MessageStatus, MessageType

register = template.Library()

LONG_CHARACTERS = 1500
JUMBO_CHARACTERS = 12

TICKS = {
    MessageStatus.PENDING: ("clock", "pending", _("Waiting to be sent")),
    MessageStatus.SENT: ("tick", "sent", _("Sent")),
    MessageStatus.DELIVERED: ("ticks", "delivered", _("Delivered")),
    MessageStatus.READ: ("ticks", "read", _("Read")),
    MessageStatus.PLAYED: ("ticks", "read", _("Played")),
    MessageStatus.FAILED: ("failed", "failed", _("Not sent")),
    MessageStatus.UNCERTAIN: ("uncertain", "uncertain", _("May have been sent")),
    MessageStatus.CANCELLED: ("banned", "cancelled", _("Cancelled")),
}

KIND_ICONS = {
    MessageType.IMAGE: "image",
    MessageType.VIDEO: "video",
    MessageType.AUDIO: "audio",
    MessageType.VOICE: "mic",
    MessageType.DOCUMENT: "file",
    MessageType.STICKER: "sticker",
    MessageType.LOCATION: "pin",
    MessageType.CONTACTS: "card",
    MessageType.POLL: "poll",
    MessageType.CALL: "call",
    MessageType.INTERACTIVE: "button",
    MessageType.TEMPLATE: "list",
    MessageType.SYSTEM: "info",
    MessageType.UNSUPPORTED: "info",
}

SOURCES = {
    "mobile": _("From the phone"),
    "web": _("From WhatsApp Web"),
    "api": _("Through the API"),
    "system": "WhatsApp",
}


@register.filter
def tick(message: Message) -> dict[str, Any]:
    """Form, class, word and time of an outbound message's tick."""
    icon, name, word = TICKS.get(message.status, TICKS[MessageStatus.PENDING])
    times = {
        MessageStatus.SENT: message.sent_at,
        MessageStatus.DELIVERED: message.delivered_at,
        MessageStatus.READ: message.read_at,
        MessageStatus.PLAYED: message.played_at,
    }
    return {"icon": icon, "name": name, "word": word, "at": times.get(message.status)}


@register.filter
def ours(message: Message) -> bool:
    return message.direction == Direction.OUTBOUND


@register.filter
def kind_icon(message: Message) -> str:
    """Of anything but text, which has none."""
    return KIND_ICONS.get(message.type, "")


@register.filter
def iso(at: datetime | None) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z") if at else ""


@register.filter
def place(row: Message | Note) -> str:
    """Sorts as the messages and notes of a chat do, compared as text."""
    return f"{iso(row.sort_at if isinstance(row, Message) else row.created_at)} {row.pk or ''}"


@register.filter
def deeds(message: Message) -> str:
    """What can be done with it, in the words that the message menu knows; roles are looked at by the page."""
    can = []
    if message.deleted_at is None and message.type != MessageType.SYSTEM:
        can.append("reply")
        if message.text:
            can.append("copy")
        if message.wa_message_id:
            can.append("react")
        if ours(message):
            can += _own_deeds(message)
    return " ".join([*can, "timeline"] if ours(message) else can)


def _own_deeds(message: Message) -> list[str]:
    if message.status == MessageStatus.PENDING:
        return ["edit", "cancel"] if message.type == MessageType.TEXT else ["cancel"]
    provider = getattr(message, "provider", "") or message.channel.provider  # the first came along with its people
    if message.status not in ARRIVED or not description_of(provider).changes:
        return []
    return ["edit", "revoke"] if message.type == MessageType.TEXT else ["revoke"]


@register.filter
def is_held(message: Message) -> bool:
    """Kept here for a moment so that it can be undone; not scheduled by anybody."""
    return message.due_at is not None and message.due_at != message.sort_at


@register.filter
def as_sentence(words: str) -> str:
    """What a provider said, with a full stop, because another sentence follows."""
    return words if words.rstrip()[-1:] in {".", "!", "?", "…", ""} else f"{words.rstrip()}."


@register.filter
def naming(text: str, names: Sequence[str]) -> SafeString:
    """The text with its links and with the names of mentioned members made plain."""
    plain = urlize(text, autoescape=True)
    if not names:
        return plain
    forms = {escape(f"@{form}") for name in names for form in (name, name.split(" ")[0])}
    spoken = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    found = re.compile(rf"({spoken})(?!\w)", re.IGNORECASE)
    pieces = re.split(r"(<[^>]*>)", plain)  # a name inside the address of a link stays what it is
    return mark_safe("".join(one if one[:1] == "<" else found.sub(r'<b class="at">\1</b>', one) for one in pieces))


@register.filter
def author_key(message: Message) -> str:
    """Equal for messages that may stand in one group."""
    if message.direction == Direction.OUTBOUND:
        return f"us {message.sender_member_id or message.source}"
    return f"them {message.sender_contact_id or message.sender_wa_id}"


@register.filter
def author_name(bubble: Bubble) -> str:
    message = bubble.message
    if message.direction == Direction.INBOUND or message.sender_member is not None:
        return bubble.sender_name
    return SOURCES.get(
        message.source, _("Through the API") if message.source == "waybill" else _("From another device")
    )


@register.filter
def face_id(message: Message) -> Any:
    return message.sender_contact_id or message.sender_wa_id or message.channel_id


@register.filter
def is_long(text: str) -> bool:
    return len(text) > LONG_CHARACTERS or text.count("\n") > 30


@register.filter
def is_jumbo(text: str) -> bool:
    """Only emoji, and few of them."""
    bare = "".join(text.split())
    return 0 < len(bare) <= JUMBO_CHARACTERS and all(
        unicodedata.category(character) in {"So", "Sk", "Mn", "Cf", "Me"} for character in bare
    )


@register.filter
def shown_inline(attachment: Attachment) -> bool:
    """Whether the browser may show it in place: it is here, and of a type that cannot carry script."""
    return attachment.state == AttachmentState.READY and bare_mime_type(attachment.mime_type) in INLINE_TYPES


@register.filter
def quote_words(message: Message) -> str:
    return " ".join(message.text[:200].split())


@register.filter
def subtitle(chat: Chat) -> str:
    """The number, where the title is a name."""
    return phone_number_of(chat.wa_chat_id)


@register.filter
def short_count(count: int) -> str:
    return f"{COUNT_CAP - 1}+" if count >= COUNT_CAP else str(count)


@register.filter
def standing_for(standings: dict[Any, Standing], chat: Chat) -> Standing | None:
    return standings.get(chat.channel_id)


@register.filter
def first_word(name: str) -> str:
    return (name.split() or [""])[0]


@register.filter
def speaker(message: Message) -> str:
    """Who speaks in the preview of a group: the first name."""
    return first_word(sender_name_of(message))


@register.filter
def votes_in(poll: dict[str, Any]) -> int:
    return sum(option["votes"] for option in poll["options"])


@register.filter
def map_link(location: dict[str, Any]) -> str:
    """A public map at the place; "" when the coordinates are not numbers."""
    try:
        latitude, longitude = float(location["latitude"]), float(location["longitude"])
    except (KeyError, TypeError, ValueError):
        return ""
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"


@register.filter
def tel(phone: str) -> str:
    return re.sub(r"[^+0-9]", "", str(phone))


@register.filter
def grouped(reactions: tuple) -> list[dict[str, Any]]:
    """Reactions by emoji, with who gave them."""
    by_emoji: dict[str, list[str]] = {}
    for reaction in reactions:
        by_emoji.setdefault(reaction.emoji, []).append(
            reaction.name or phone_number_of(reaction.wa_id) or gettext("somebody")
        )
    return [{"emoji": emoji, "count": len(names), "names": ", ".join(names)} for emoji, names in by_emoji.items()]


@register.simple_tag
def inbox_url(name: str, slug: str, *args: Any) -> str:
    """The address of a page of the inbox."""
    return reverse(f"inbox:{name}", args=[slug, *args])
