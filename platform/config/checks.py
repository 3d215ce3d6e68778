"""Whether every link of the chain holds: small questions with bounded answers, for /readyz and the doctor."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Now
from redis.exceptions import RedisError

from kernel import clock
from outbox.models import Item, Lane, Worker
from outbox.states import ItemState
from webhooks.models import InboundEvent
from webhooks.states import Result

WAIT_LIMIT = timedelta(minutes=5)
"""An item that may go out now and has waited this long means that nothing drains the outbox."""
BACKLOG_LIMIT = timedelta(minutes=2)
LAYER_SECONDS = 2.0
COUNT_LIMIT = 10_000


@dataclass(frozen=True)
class Finding:
    """One link: whether it holds, what was seen, and what to do when it does not."""

    ok: bool
    detail: str
    advice: str = ""


def database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return Finding(True, f"PostgreSQL {cursor.fetchone()[0].split()[0]}")


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    detail = f"{len(missing)} not applied" if missing else "all applied"
    return Finding(not missing, detail, "Run manage.py migrate.")


def relay() -> Finding:
    """A living relay; or, where cron drains instead, nothing that has waited too long."""
    living = living_workers()
    if living:
        return Finding(True, f"{living} running")
    oldest = oldest_waiting_at()
    late = oldest is not None and clock.now() - oldest > WAIT_LIMIT
    return Finding(
        not late,
        "none running",
        "Start manage.py drain_outbox --follow, or let cron call manage.py drain_outbox --once.",
    )


def waiting() -> Finding:
    oldest = oldest_waiting_at()
    if oldest is None:
        return Finding(True, "nothing waits")
    age = clock.now() - oldest
    return Finding(
        age <= WAIT_LIMIT,
        f"the oldest item that may go out has waited {age.total_seconds():.0f} s",
        "See the Outbox page and the relay's log.",
    )


def inbound() -> Finding:
    oldest = oldest_pending_at()
    if oldest is None:
        return Finding(True, "nothing waits")
    age = clock.now() - oldest
    return Finding(
        age <= BACKLOG_LIMIT,
        f"the oldest webhook not yet applied came {age.total_seconds():.0f} s ago",
        "Start manage.py process_inbound, and see the Webhooks page.",
    )


def layer() -> Finding:
    """The channel layer takes a frame (to a group that nobody is in)."""

    async def send() -> None:
        await asyncio.wait_for(get_channel_layer().group_send("health", {"type": "health"}), LAYER_SECONDS)

    try:
        async_to_sync(send)()
    except (OSError, TimeoutError, RedisError) as error:
        return Finding(False, type(error).__name__, "Check the server that REDIS_URL names.")
    return Finding(True, type(get_channel_layer()).__name__)


READINESS: dict[str, Callable[[], Finding]] = {
    "database": database,
    "migrations": migrations,
    "relay": relay,
    "outbox": waiting,
    "inbound": inbound,
    "layer": layer,
}


def findings(checks: Mapping[str, Callable[[], Finding]] = READINESS) -> dict[str, Finding]:
    """What each check found. One that cannot be made because the database is gone is a finding as well."""
    return {name: _finding(check) for name, check in checks.items()}


def _finding(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except DatabaseError as error:
        return Finding(False, type(error).__name__, "Check the server that DATABASE_URL names, and its log.")


# --- What the database says -----------------------------------------------------------------------------------------


def living_workers() -> int:
    return Worker.objects.filter(dead=False, shares=True, lease_until__gt=Now()).count()


def oldest_waiting_at() -> datetime | None:
    """Since when the longest-waiting head of any lane that may send has been due."""
    heads = (
        Item.objects.filter(lane=OuterRef("pk"), open=True, state=ItemState.QUEUED)
        .order_by("priority", "id")
        .values("due_at")[:1]
    )
    free = Lane.objects.filter(paused=False, closed=False).filter(Q(not_before=None) | Q(not_before__lt=Now()))
    due = free.annotate(due_at=Subquery(heads)).filter(due_at__lt=Now())
    return due.aggregate(oldest=Min(F("due_at")))["oldest"]


def oldest_pending_at() -> datetime | None:
    return (
        InboundEvent.objects.filter(result=Result.PENDING).order_by("id").values_list("received_at", flat=True).first()
    )
