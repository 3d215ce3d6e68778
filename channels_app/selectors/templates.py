"""Questions about templates."""

import uuid

from django.db.models import Q, QuerySet

from channels_app.models import MessageTemplate
from channels_app.models.template import APPROVED
from kernel.errors import Invalid
from kernel.paging import Page, decode_cursor, encode_cursor


def templates_page(channel_id: uuid.UUID, *, cursor: str | None, limit: int) -> Page:
    """Of a channel that the caller may see, by name and language. Raises Invalid for a foreign cursor."""
    rows = _of(channel_id)
    if cursor:
        name, language = decode_cursor(cursor, 2)
        if "\0" in name + language:
            raise Invalid("The cursor is not one that this list gave out.", fields={"cursor": ["not valid"]})
        rows = rows.filter(Q(name__gt=name) | Q(name=name, language__gt=language))
    found = list(rows[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], encode_cursor(last.name, last.language) if last else None)


def usable_templates(channel_id: uuid.UUID) -> list[MessageTemplate]:
    """Those that can be sent now, by name."""
    return list(_of(channel_id).filter(status=APPROVED)[:500])


def templates_of(channel_id: uuid.UUID) -> list[MessageTemplate]:
    """In all states, by name; without their words."""
    return list(_of(channel_id).defer("components")[:500])


def _of(channel_id: uuid.UUID) -> QuerySet[MessageTemplate]:
    return MessageTemplate.objects.filter(channel_id=channel_id).select_related("channel").order_by("name", "language")
