"""Asking the outbox for what concerns a channel itself."""

import uuid
from datetime import datetime
from typing import Any

from channels_app import jobs
from channels_app.models import Channel
from outbox.models import Item
from outbox.services.enqueuing import enqueue
from outbox.services.operating import ensure_lane
from outbox.states import ItemState, Priority


def ask(*, channel: Channel, kind: str, payload: dict[str, Any] | None = None, due_at: datetime | None = None) -> None:
    """Enqueue a job of `kind` (see jobs.py) in the channel's control lane. Inside a transaction only."""
    lane_id = jobs.control_lane_id(channel.pk)
    ensure_lane(
        lane_id=lane_id,
        workspace_id=channel.workspace_id,
        name=f"{channel.name} (connection)",
        cap=jobs.CONTROL_LANE_CAP,
    )
    enqueue(
        workspace_id=channel.workspace_id,
        lane_id=lane_id,
        order_key=lane_id,
        kind=kind,
        payload={"channel_id": str(channel.pk), **(payload or {})},
        subject_id=channel.pk,
        priority=Priority.SYSTEM,
        due_at=due_at,
    )


def is_asked(*, channel: Channel, kind: str, besides: uuid.UUID | None = None) -> bool:
    """Whether a job of `kind` waits for the channel, not counting the item `besides`."""
    waiting = Item.objects.filter(
        subject_id=channel.pk, kind=kind, state__in=[ItemState.SCHEDULED, ItemState.QUEUED]
    ).exclude(pk=besides)
    return waiting.exists()
