"""How files are drawn: what they are in words, how long they sound, whether they can be fetched again."""

from pathlib import PurePath

from django import template
from django.utils.translation import gettext

from inbox.models import Attachment
from inbox.policy import bare_mime_type

register = template.Library()

SUFFIX_MAX = 8


@register.filter
def has_source(attachment: Attachment) -> bool:
    """Whether a provider once had the file, so that it can be asked for again."""
    return bool(attachment.provider_media_id or attachment.provider_link)


@register.filter
def clock(seconds: int | None) -> str:
    """A length as players show it: 0:07; "" when nobody knows it."""
    return f"{seconds // 60}:{seconds % 60:02}" if seconds else ""


@register.filter
def type_words(attachment: Attachment) -> str:
    """What a document is, in one word: the end of its name, else of its type."""
    suffix = PurePath(attachment.file_name).suffix[1:]
    if suffix.isascii() and suffix.isalnum() and len(suffix) <= SUFFIX_MAX:
        return suffix.upper()
    kind = bare_mime_type(attachment.mime_type).rpartition("/")[2]
    return kind.upper() if kind.isalnum() and len(kind) <= SUFFIX_MAX else gettext("file")
