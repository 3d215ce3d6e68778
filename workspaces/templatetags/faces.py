"""Faces and icons: what every page draws of a person, and the drawings of the sprite."""

import unicodedata
import uuid
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

HUES = 24  # css/tokens.css has as many


@register.filter
def hue(person_id: uuid.UUID | str) -> int:
    """The hue number (0 to 23) of an id: the same on every page. For ids that are no UUIDs, of their characters."""
    if isinstance(person_id, uuid.UUID):
        return person_id.int % HUES
    return sum(str(person_id).encode()) % HUES


@register.filter
def initials(name: str) -> str:
    """One or two letters of a name; "" when it holds none, e.g. a phone number."""
    words = [word for word in str(name).split() if unicodedata.category(word[0]).startswith("L")]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def tile_letters(name: str) -> str:
    """Two letters for a channel's tile: of the last word, because numbers of one firm often begin alike."""
    return (str(name).split() or [""])[-1][:2].title()


@register.simple_tag
@cache  # a page of the inbox has some 250
def icon(name: str, classes: str = "") -> SafeString:
    """A drawing of static/icons.svg, hidden from screen readers: the words beside it speak."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" viewBox="0 0 20 20"><use href="{}#{}"></use></svg>',
        classes,
        static("icons.svg"),
        name,
    )
