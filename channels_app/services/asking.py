"""Asking the outbox for what concerns a channel itself."""

import contextlib
import uuid
from datetime import datetime
from typing import Any

from channels_app import jobs
from channels_app.models import Channel
from outbox.errors import NoLongerQueued
from outbox.models import Item
from outbox.services.enqueuing import enqueue
from outbox.services.operating import cancel_item, ensure_lane
from outbox.states import ItemState, Priority


def ask(*, channel: Channel, kind: str, payload: dict[str, Any] | None = None, due_at: datetime | None = None) -> None:
    """Enqueue a job of `kind` (see jobs.py) in the channel's control lane. Inside a transaction only.

    Jobs of one kind keep their order; one that is tried again later does not hold up those of other kinds.
    """
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
        order_key=uuid.uuid5(lane_id, kind),
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


def take_back(*, channel: Channel, kind: str) -> None:
    """Cancel the jobs of `kind` that wait for the channel; one that is being done goes on."""
    waiting = Item.objects.filter(
        subject_id=channel.pk, kind=kind, state__in=[ItemState.SCHEDULED, ItemState.QUEUED]
    ).order_by("id")
    for item_id in waiting.values_list("pk", flat=True):
        with contextlib.suppress(NoLongerQueued):
            cancel_item(item_id=item_id)
