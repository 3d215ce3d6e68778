"""Stored bodies, applied again: what they said before changes nothing a second time."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Length

from webhooks.errors import NoSuchWebhookEvent, NotReplayable
from webhooks.models import InboundEvent
from webhooks.services.applying import BATCH_BYTES, apply_events
from webhooks.states import Result
from workspaces.access import Actor, require
from workspaces.roles import Permission
from workspaces.services import auditing

CHUNK = 200


@dataclass(frozen=True)
class Wanted:
    """Which events to replay; whatever is None is not asked for."""

    event_ids: tuple[uuid.UUID, ...] | None = None
    channel_id: uuid.UUID | None = None
    result: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def replay(*, event_id: uuid.UUID, actor: Actor) -> InboundEvent:
    """Apply one event of the actor's workspace now, and say how it ended. Raises Forbidden, NoSuchWebhookEvent,
    NotReplayable."""
    require(actor, Permission.REPLAY_WEBHOOKS)
    event = InboundEvent.objects.filter(pk=event_id, workspace_id=actor.workspace_id).defer("body").first()
    if event is None:
        raise NoSuchWebhookEvent
    if event.result == Result.REFUSED:
        raise NotReplayable
    apply_events([event_id])
    auditing.record(actor=actor, deed="webhook.replayed", details={"event": str(event_id)})
    event.refresh_from_db()
    return event


def replay_many(wanted: Wanted) -> Counter[str]:
    """Apply all events that are wanted, oldest first, in chunks; how many ended with which result."""
    ended: Counter[str] = Counter()
    for event_ids in _chunks(_replayable(wanted)):
        apply_events(event_ids)
        ended.update(InboundEvent.objects.filter(pk__in=event_ids).values_list("result", flat=True))
    return ended


def count_wanted(wanted: Wanted) -> Counter[str]:
    """How many events `replay_many` would take, by their result now."""
    with transaction.atomic():
        return Counter(_replayable(wanted).order_by().values_list("result", flat=True).iterator())


def _replayable(wanted: Wanted) -> QuerySet[InboundEvent]:
    events = InboundEvent.objects.exclude(result=Result.REFUSED)
    if wanted.event_ids is not None:
        events = events.filter(pk__in=wanted.event_ids)
    if wanted.channel_id is not None:
        events = events.filter(channel_id=wanted.channel_id)
    if wanted.result is not None:
        events = events.filter(result=wanted.result)
    if wanted.since is not None:
        events = events.filter(received_at__gte=wanted.since)
    if wanted.until is not None:
        events = events.filter(received_at__lt=wanted.until)
    return events.order_by("id")


def _chunks(events: QuerySet[InboundEvent]) -> Iterator[list[uuid.UUID]]:
    """Ids in ascending order, by number and by bytes; those that arrive meanwhile are taken too, but none twice."""
    after = uuid.UUID(int=0)
    while found := list(events.filter(pk__gt=after).values_list("pk", Length("body"))[:CHUNK]):
        taken, size = [], 0
        for event_id, length in found:
            size += length
            if taken and size > BATCH_BYTES:
                break
            taken.append(event_id)
        yield taken
        after = taken[-1]
