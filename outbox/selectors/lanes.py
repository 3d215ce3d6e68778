"""How the lanes of a workspace stand, for lists: three queries, whatever is in the queues."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from outbox.models import Lane

WAITING_LIMIT = 1000
NEEDS_PERSON_LIMIT = 5000  # rows looked at in the whole workspace
RETRY_ROWS = 50  # the most urgent rows of a lane, in which a retry is looked for
MINUTES = 60


@dataclass(frozen=True)
class LaneOverview:
    """One lane. `waiting` stops counting at 1000. `sent_last_hour` counts per minute, the running minute last.

    state: "closed" (no connection) | "paused" (a person) | "held" (asked to wait, `until`) | "retrying" (nothing is
    under way and something waits for another try, `until`) | "running" | "idle". `reason` explains the first four.
    """

    lane: Lane
    waiting: int
    oldest_waiting_at: datetime | None
    state: str
    reason: str
    until: datetime | None
    sent_last_hour: list[int]
    needs_person: int  # items that failed or may have been sent


# The oldest row is the first of one of the three priorities, because ids are ordered by time.
STANDINGS = """
    select lane.id, clock_timestamp(),
           (select count(*) from (
               select 1 from outbox_item where lane_id = lane.id and open limit %(waiting)s) waiting),
           (select min(first.created_at) from unnest(array[0, 1, 2]) as class (priority)
            cross join lateral (
               select created_at from outbox_item
               where lane_id = lane.id and priority = class.priority and open order by id limit 1) first),
           exists (select 1 from outbox_attempt where lane_id = lane.id and finished_at is null),
           retry.due_at, retry.error
    from outbox_lane lane
    left join lateral (
        select due_at, error from (
            select due_at, error, attempts, state from outbox_item
            where lane_id = lane.id and open order by priority, id limit %(retry_rows)s) urgent
        where state = 'queued' and attempts > 0 and due_at > clock_timestamp() order by due_at limit 1) retry on true
    where lane.workspace_id = %(workspace)s
"""
SENT = """
    select noted.lane_id, (extract(epoch from date_trunc('minute', clock_timestamp()) - noted.minute) / 60)::int,
           noted.sent
    from outbox_lane lane join outbox_sentminute noted on noted.lane_id = lane.id
    where lane.workspace_id = %s and noted.minute > clock_timestamp() - interval '1 hour'
"""
NEEDS_PERSON = """
    select lane_id, count(*) from (
        select lane_id from outbox_item where workspace_id = %s and state in ('failed', 'uncertain') limit %s) ended
    group by lane_id
"""


def lane_overviews(workspace_id: uuid.UUID, *, hidden: Collection[uuid.UUID] = ()) -> list[LaneOverview]:
    """Every lane of the workspace that is not `hidden`, by name."""
    lanes = list(Lane.objects.filter(workspace_id=workspace_id).order_by("name", "id"))
    standings = {
        row[0]: row[1:]
        for row in _rows(STANDINGS, {"workspace": workspace_id, "waiting": WAITING_LIMIT, "retry_rows": RETRY_ROWS})
    }
    sent: dict[uuid.UUID, list[int]] = {lane.id: [0] * MINUTES for lane in lanes}
    for lane_id, minutes_ago, number in _rows(SENT, [workspace_id]):
        if 0 <= minutes_ago < MINUTES:
            sent[lane_id][MINUTES - 1 - minutes_ago] = number
    needs_person = dict(_rows(NEEDS_PERSON, [workspace_id, NEEDS_PERSON_LIMIT]))
    return [
        _overview(lane, standings[lane.id], sent[lane.id], needs_person.get(lane.id, 0))
        for lane in lanes
        if lane.id in standings and lane.id not in hidden
    ]


def _overview(lane: Lane, standing: tuple, sent: list[int], needs_person: int) -> LaneOverview:
    now, waiting, oldest, in_flight, retry_at, retry_error = standing
    state, reason, until = "idle", "", None
    if lane.closed:
        state, reason = "closed", lane.closed_reason
    elif lane.paused:
        state, reason = "paused", lane.paused_reason
    elif lane.not_before is not None and lane.not_before > now:
        state, reason, until = "held", lane.not_before_reason, lane.not_before
    elif retry_at is not None and not in_flight:
        state, reason, until = "retrying", retry_error, retry_at
    elif in_flight or waiting:
        state = "running"
    return LaneOverview(lane, waiting, oldest, state, reason, until, sent, needs_person)


def _rows(query: str, params: list | dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()
