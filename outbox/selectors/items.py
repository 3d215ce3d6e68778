"""Pages of outbox items, newest first."""

import uuid
from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kernel.errors import Invalid
from kernel.paging import Page, decode_cursor, encode_cursor
from outbox.models import Attempt, Item
from outbox.states import ItemState

SENDING = "sending"
NEEDS_PERSON = "needs-person"
STATUSES = [*ItemState.values, SENDING, NEEDS_PERSON]


def items_page(
    workspace_id: uuid.UUID,
    *,
    status: str = "",
    lane_id: uuid.UUID | None = None,
    kind: str = "",
    hidden: Collection[uuid.UUID] = (),
    cursor: str | None = None,
    limit: int,
) -> Page:
    """Items of lanes that are not `hidden`, with `is_sending` (an attempt is open) and their lane.

    Raises Invalid for what cannot be asked.

    status: an ItemState value, "sending", or "needs-person" (failed or uncertain); "queued" leaves out what is being
    sent, as operators mean it.
    """
    items = Item.objects.filter(workspace_id=workspace_id).select_related("lane")
    items = _with_status(items.annotate(is_sending=Exists(_open_attempts())), status)
    if lane_id is not None:
        items = items.filter(lane_id=lane_id)
    if hidden:
        items = items.exclude(lane_id__in=hidden)
    if kind:
        items = items.filter(kind=kind)
    if cursor:
        items = items.filter(pk__lt=_item_id(cursor))
    rows = list(items.order_by("-id")[: limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)


def status_of(item: Any) -> str:
    """The word that operators know, for a row of a page."""
    return SENDING if item.state == ItemState.QUEUED and item.is_sending else item.state


def _open_attempts() -> QuerySet[Attempt]:
    return Attempt.objects.filter(item=OuterRef("pk"), finished_at__isnull=True)


def _with_status(items: QuerySet[Item], status: str) -> QuerySet[Item]:
    if not status:
        return items
    if status not in STATUSES:
        raise Invalid(f"status must be one of: {', '.join(STATUSES)}.", fields={"status": ["not known"]})
    if status in (SENDING, ItemState.QUEUED):
        # `open` leads to the partial index of waiting rows; the queue may be a sliver of all rows.
        return items.filter(Q(open=True, state=ItemState.QUEUED), is_sending=status == SENDING)
    if status == NEEDS_PERSON:
        return items.filter(state__in=[ItemState.FAILED, ItemState.UNCERTAIN])
    return items.filter(state=status)


def _item_id(cursor: str) -> uuid.UUID:
    (text,) = decode_cursor(cursor, 1)
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid("The cursor is not one that this list gave out.", fields={"cursor": ["not valid"]}) from None
