"""Positions in lists ordered by a time and an id."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from kernel.errors import Invalid
from kernel.paging import Page, decode_cursor, encode_cursor


def position(cursor: str) -> tuple[datetime, uuid.UUID]:
    """The time and id that a cursor names. Raises Invalid."""
    at, key = decode_cursor(cursor, 2)
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("a position needs a time zone")
        return moment.astimezone(UTC), uuid.UUID(key)  # PostgreSQL knows no offsets of 16 hours and more
    except (ValueError, OverflowError):
        raise Invalid(
            "The cursor is not one that this list gave out. Start again without it.", fields={"cursor": ["not valid"]}
        ) from None


def cursor_at(row: Any, time_field: str) -> str:
    return encode_cursor(getattr(row, time_field).isoformat(), row.pk)


def older_than(queryset: QuerySet, time_field: str, at: datetime, key: uuid.UUID) -> QuerySet:
    """Rows after the position in a list with the newest first; the first condition is the one that the index serves."""
    return queryset.filter(**{f"{time_field}__lte": at}).filter(Q(**{f"{time_field}__lt": at}) | Q(id__lt=key))


def newer_than(queryset: QuerySet, time_field: str, at: datetime, key: uuid.UUID) -> QuerySet:
    return queryset.filter(**{f"{time_field}__gte": at}).filter(Q(**{f"{time_field}__gt": at}) | Q(id__gt=key))


def newest_page(queryset: QuerySet, time_field: str, *, cursor: str | None, limit: int) -> Page:
    """`limit` rows, newest first, from the cursor on."""
    if cursor:
        queryset = older_than(queryset, time_field, *position(cursor))
    rows = list(queryset.order_by(f"-{time_field}", "-id")[: limit + 1])
    more = len(rows) > limit
    return Page(rows=rows[:limit], next=cursor_at(rows[limit - 1], time_field) if more else None)
