"""Holds of a lane and their history. They run inside the caller's transaction, which has locked the lane's row."""

import uuid
from datetime import datetime

from django.db import connection, transaction

from kernel.events import publish
from outbox.errors import NoSuchLane
from outbox.events import LaneHeld, LaneResumed
from outbox.models import Lane
from outbox.states import HoldKind

REASON_LIMIT = 200
TIMED = (HoldKind.RATE_LIMIT, HoldKind.BREAKER)


def locked_lane(lane_id: uuid.UUID) -> Lane:
    """Raises NoSuchLane."""
    lane = Lane.objects.select_for_update(no_key=True, of=("self",)).filter(pk=lane_id).first()
    if lane is None:
        raise NoSuchLane
    return lane


def hold_until_later(lane: Lane, *, seconds: float, reason: str, kind: str = HoldKind.RATE_LIMIT) -> datetime:
    """Keep the lane still for `seconds` from now by the database's clock; a hold never gets shorter by this."""
    reason = reason[:REASON_LIMIT]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update outbox_lane set
                not_before = greatest(not_before, clock_timestamp() + %s * interval '1 second'),
                not_before_reason = %s
            where id = %s returning not_before
            """,
            [seconds, reason, lane.id],
        )
        (until,) = cursor.fetchone()
    lane.not_before, lane.not_before_reason = until, reason
    _note(lane, kind, reason, until)
    return until


def pause(lane: Lane, reason: str) -> None:
    lane.paused, lane.paused_reason = True, reason[:REASON_LIMIT]
    lane.save(update_fields=["paused", "paused_reason"])
    _note(lane, HoldKind.PERSON, lane.paused_reason, None)


def resume(lane: Lane) -> None:
    lane.paused, lane.paused_reason = False, ""
    lane.save(update_fields=["paused", "paused_reason"])
    _end(lane, [HoldKind.PERSON])


def close(lane: Lane, reason: str) -> None:
    """The channel cannot send. Tells nothing new when the lane is closed for this reason already."""
    reason = reason[:REASON_LIMIT]
    if lane.closed and lane.closed_reason == reason:
        return
    lane.closed, lane.closed_reason = True, reason
    lane.save(update_fields=["closed", "closed_reason"])
    _note(lane, HoldKind.CONNECTION, reason, None)


def open_again(lane: Lane) -> None:
    lane.closed, lane.closed_reason = False, ""
    lane.save(update_fields=["closed", "closed_reason"])
    _end(lane, [HoldKind.CONNECTION])


def lift(lane: Lane) -> None:
    """End a timed hold now, because a person says so."""
    lane.not_before, lane.not_before_reason = None, ""
    lane.save(update_fields=["not_before", "not_before_reason"])
    _end(lane, TIMED)


def end_passed_holds(limit: int = 100) -> list[uuid.UUID]:
    """Note and tell the end of timed holds whose time has passed, in a transaction of its own. Returns the lanes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """
                select lane.id from outbox_lane lane
                where exists (select 1 from outbox_hold hold
                              where hold.lane_id = lane.id and hold.ended_at is null and hold.kind = any(%s))
                  and (lane.not_before is null or lane.not_before <= clock_timestamp())
                order by lane.id limit %s for no key update of lane skip locked
                """,
                [list(TIMED), limit],
            )
            lanes = Lane.objects.in_bulk([lane_id for (lane_id,) in cursor.fetchall()])
        for lane in lanes.values():
            _end(lane, TIMED)
    return list(lanes)


def _note(lane: Lane, kind: str, reason: str, until: datetime | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into outbox_hold (lane_id, kind, reason, until) values (%s, %s, %s, %s)
            on conflict (lane_id, kind) where ended_at is null
            do update set reason = excluded.reason, until = excluded.until
            """,
            [lane.id, kind, reason, until],
        )
    publish(LaneHeld(lane_id=lane.id, workspace_id=lane.workspace_id, kind=kind, reason=reason, until=until))


def _end(lane: Lane, kinds: list[str] | tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update outbox_hold set ended_at = clock_timestamp()
            where lane_id = %s and kind = any(%s) and ended_at is null returning kind
            """,
            [lane.id, list(kinds)],
        )
        ended = [kind for (kind,) in cursor.fetchall()]
    for kind in ended:
        publish(LaneResumed(lane_id=lane.id, workspace_id=lane.workspace_id, kind=kind))
