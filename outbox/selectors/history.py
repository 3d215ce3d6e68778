"""What happened to the items about one subject: their attempts, and the holds that made them wait."""

import uuid
from dataclasses import dataclass

from django.db.models import Prefetch, Q

from outbox.models import Attempt, Hold, Item


@dataclass(frozen=True)
class ItemHistory:
    """An item, its attempts (oldest first), and the holds of its lane that lay between its writing and its end."""

    item: Item
    attempts: list[Attempt]
    holds: list[Hold]


def history_of(subject_id: uuid.UUID) -> list[ItemHistory]:
    """Every item about the subject (e.g. a message), oldest first, in three queries."""
    items = list(
        Item.objects.filter(subject_id=subject_id)
        .order_by("id")
        .prefetch_related(Prefetch("tries", queryset=Attempt.objects.order_by("id")))
    )
    if not items:
        return []
    since = min(item.created_at for item in items)
    holds = list(
        Hold.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=since), lane_id__in={i.lane_id for i in items}
        ).order_by("id")
    )
    return [
        ItemHistory(item, list(item.tries.all()), [hold for hold in holds if _overlap(hold, item)]) for item in items
    ]


def _overlap(hold: Hold, item: Item) -> bool:
    begun_in_time = item.finished_at is None or hold.started_at < item.finished_at
    return hold.lane_id == item.lane_id and begun_in_time and (hold.ended_at is None or hold.ended_at > item.created_at)
