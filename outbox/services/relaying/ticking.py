"""The one write transaction of the scheduler: what ended, then what starts. Plain statements, each by key.

Locks are taken in the order worker, lane, attempt, item, with ascending ids: the same order as everywhere else.
"""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import psycopg
from django.db import transaction

from kernel.arrays import columns
from outbox.errors import NoSuchLane
from outbox.registry import Job, Settled
from outbox.services import holding
from outbox.services.relaying.judging import Ended, Started
from outbox.services.relaying.reading import id_array, raw_cursor
from outbox.services.settling import tell_kinds
from outbox.services.waking import chat_token, wake_after_commit
from outbox.states import Outcome, Priority

FENCE = """
    select 1 from outbox_worker
    where id = %s and not dead and lease_until > clock_timestamp() for share
"""
# One statement, so that an item is touched only where its attempt was ours to close. Attempts are found by their key:
# guarded by `outcome is null` and not by the predicate of the partial index.
RECORD = """
    with closed as (
        update outbox_attempt attempt set
            finished_at = clock_timestamp(), outcome = ended.outcome, provider_id = ended.provider_id,
            http_status = ended.http_status, error_code = ended.error_code, error = ended.error
        from unnest(%s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::int[], %s::float8[], %s::text[], %s::int[],
                    %s::text[], %s::text[], %s::bool[])
            as ended (id, item_id, outcome, state, tries, delay, provider_id, http_status, error_code, error, counts)
        where attempt.id = ended.id and attempt.outcome is null
        returning ended.id, ended.item_id, ended.state, ended.tries, ended.delay, ended.provider_id, ended.error_code,
                  ended.error, ended.counts
    )
    update outbox_item item set
        state = closed.state, open = closed.state in ('queued', 'uncertain'),
        attempts = item.attempts + closed.tries,
        due_at = clock_timestamp() + closed.delay * interval '1 second',
        finished_at = case when closed.state = 'queued' then null else clock_timestamp() end,
        provider_id = closed.provider_id,
        error_code = case when closed.counts then closed.error_code else item.error_code end,
        error = case when closed.counts then closed.error else item.error end
    from closed
    where item.id = closed.item_id and item.state = 'queued'
    returning closed.id, item.attempts, item.due_at, clock_timestamp()
"""
# now() is the begin of the tick.
CLOSED_HERE = """
    select attempt.id
    from unnest(%s::bigint[], %s::text[]) as ended (id, outcome) join outbox_attempt attempt on attempt.id = ended.id
    where attempt.outcome = ended.outcome and attempt.finished_at >= now()
"""
# The provider's own answer for an item that other evidence settled while the answer was under way, or that a takeover
# had to call uncertain. Only an acceptance gets here. A later re-send is never overwritten.
BELIEVE = """
    update outbox_item item set
        state = 'sent', open = false, provider_id = late.provider_id, error_code = '', error = '',
        finished_at = case when item.state = 'sent' then item.finished_at else clock_timestamp() end
    from unnest(%s::uuid[], %s::text[], %s::bool[]) as late (id, provider_id, in_time)
    where item.id = late.id
      and (item.state = 'uncertain' or (item.state = 'sent' and late.in_time and item.provider_id <> late.provider_id))
    returning item.id, item.attempts, item.due_at, clock_timestamp()
"""
KEEP_EVIDENCE = """
    update outbox_attempt attempt set late_evidence = late.evidence::jsonb
    from unnest(%s::bigint[], %s::text[], %s::text[]) as late (id, outcome, evidence)
    where attempt.id = late.id and attempt.late_evidence is null and attempt.outcome <> late.outcome
    returning attempt.id
"""
DOUBT = """
    update outbox_attempt set outcome = 'not_sent', finished_at = clock_timestamp()
    where worker_id = %s and item_id = any(%s::uuid[]) and outcome is null
"""
TAKE = """
    select item.id, item.workspace_id, item.lane_id, item.order_key, item.subject_id, item.kind, item.payload::text,
           item.attempts + 1, item.max_attempts
    from unnest(%s::uuid[]) as picked (id)
    join outbox_item item on item.id = picked.id
    where item.state = 'queued' and item.due_at <= clock_timestamp()
      and not exists (
          select 1 from outbox_item earlier
          where earlier.order_key = item.order_key and earlier.open and earlier.seq < item.seq)
      and exists (
          select 1 from outbox_lane lane
          where lane.id = item.lane_id and lane.owner_id = %s and not lane.paused and not lane.closed
            and (lane.not_before is null or lane.not_before <= clock_timestamp()))
    order by item.id
    for no key update of item
"""
INTEND = """
    insert into outbox_attempt (item_id, order_key, lane_id, worker_id, provider_id, error_code, error)
    select id, order_key, lane_id, %s, '', '', ''
    from unnest(%s::uuid[], %s::uuid[], %s::uuid[]) as taken (id, order_key, lane_id)
    on conflict (order_key) where finished_at is null do nothing
    returning id, item_id
"""

decoded = json.JSONDecoder().scan_once  # PostgreSQL made this text: there is nothing to check or to skip around it


@dataclass(slots=True)
class LaneDeeds:
    """What ended attempts did to lanes: seconds to hold with the reason and HoldKind, and reasons to close."""

    holds: dict[uuid.UUID, tuple[float, str, str]] = field(default_factory=dict)
    closes: dict[uuid.UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    started: list[Started]
    fenced: bool  # this worker was declared dead or let its lease pass: nothing may start
    counted: Sequence[Ended]  # the outcomes that were ours to decide


def write_tick(
    *,
    worker_id: int,
    ended: Sequence[Ended],
    lane_deeds: LaneDeeds,
    picked: Sequence[uuid.UUID],
    doubtful: Sequence[uuid.UUID],
    deadline_seconds: float,
    patient: bool,
) -> Written:
    """Record outcomes and intents together, so that a chat's next item starts in the tick that ends the one before.

    `picked` are the items to start. `doubtful` are items picked in a tick whose commit nobody saw: if their attempts
    exist, they never left. Repeating a tick is harmless. Raises whatever the database raises; then nothing was written,
    or it cannot be told.
    """
    with transaction.atomic():
        fenced = raw_cursor().execute(FENCE, [worker_id]).fetchone() is None
        if not fenced:
            _change_lanes(lane_deeds)
        settled, late = _record(ended) if ended else ([], [])
        if doubtful:
            _execute(DOUBT, [worker_id, list(doubtful)])
        started = _start(picked, worker_id, deadline_seconds) if picked and not fenced else []
        mine = _closed_here(late) if late else set()
        tell_kinds(settled + _learn(late, mine) if late else settled, patient=patient)
    others = {one.started.attempt_id for one in late} - mine
    return Written(started, fenced, [one for one in ended if one.started.attempt_id not in others] if others else ended)


def _execute(statement: str, values: Sequence[Any]) -> psycopg.Cursor:
    return raw_cursor().execute(statement, values, binary=True)


def _change_lanes(deeds: LaneDeeds) -> None:
    for lane_id in sorted(deeds.holds.keys() | deeds.closes.keys()):
        try:
            lane = holding.locked_lane(lane_id)
        except NoSuchLane:  # removed meanwhile
            continue
        if lane_id in deeds.holds:
            seconds, reason, kind = deeds.holds[lane_id]
            holding.hold_until_later(lane, seconds=seconds, reason=reason, kind=kind)
        if lane_id in deeds.closes:
            holding.close(lane, deeds.closes[lane_id])


def _record(ended: Sequence[Ended]) -> tuple[list[Settled], list[Ended]]:
    """What was settled, and the outcomes that came too late to settle anything."""
    rows = [
        (
            one.started.attempt_id,
            one.started.job.item_id,
            one.outcome,
            one.state,
            one.tries_used,
            one.delay_seconds,
            one.provider_id,
            one.http_status,
            one.error_code,
            one.error,
            one.counts,
        )
        for one in ended
    ]
    rows.sort(key=itemgetter(0))
    left = {one.started.attempt_id: one for one in ended}
    settled = [_as_settled(left.pop(row[0]), row) for row in _execute(RECORD, columns(rows, 11)).fetchall()]
    return settled, list(left.values())


def _closed_here(late: Sequence[Ended]) -> set[int]:
    """The attempts among these that this tick closed, though their items had been settled by other evidence."""
    with raw_cursor() as cursor:
        cursor.execute(CLOSED_HERE, columns([(one.started.attempt_id, one.outcome) for one in late], 2))
        return {attempt_id for (attempt_id,) in cursor.fetchall()}


def _learn(late: list[Ended], mine: set[int]) -> list[Settled]:
    """Evidence without authority: note what a fenced worker learnt, and believe an acceptance."""
    accepted = [one for one in late if one.outcome == Outcome.SENT]
    with raw_cursor() as cursor:
        cursor.execute(
            KEEP_EVIDENCE, columns([(one.started.attempt_id, one.outcome, _evidence(one)) for one in late], 3)
        )
        cursor.execute(
            BELIEVE,
            columns(
                [(one.started.job.item_id, one.provider_id, one.started.attempt_id in mine) for one in accepted], 3
            ),
        )
        by_item = {one.started.job.item_id: one for one in accepted}
        believed = [_as_settled(by_item[row[0]], row) for row in cursor.fetchall()]
    wake_after_commit(chat_token(one.lane_id, one.order_key, Priority.INTERACTIVE) for one in believed)
    return believed


def _evidence(one: Ended) -> str:
    return json.dumps(
        {"how": "late answer", "outcome": one.outcome, "provider_id": one.provider_id, "error": one.error}
    )


def _as_settled(one: Ended, row: tuple) -> Settled:
    _, attempts, due_at, at = row
    job, counts = one.started.job, one.counts
    return Settled(
        job.item_id,
        job.workspace_id,
        job.lane_id,
        job.order_key,
        job.subject_id,
        job.kind,
        one.state,
        one.provider_id,
        one.data,
        one.error_code if counts else "",
        one.error if counts else "",
        attempts,
        due_at,
        at,
    )


def _start(picked: Sequence[uuid.UUID], worker_id: int, deadline_seconds: float) -> list[Started]:
    rows = _execute(TAKE, [id_array(picked), worker_id]).fetchall()
    if not rows:
        return []
    item_ids, _, lane_ids, order_keys, *_ = zip(*rows, strict=True)
    intending = _execute(INTEND, [worker_id, id_array(item_ids), id_array(order_keys), id_array(lane_ids)])
    attempts = {item_id: attempt_id for attempt_id, item_id in intending.fetchall()}
    begun = time.monotonic()
    return [
        Started(attempts[what[0]], Job(*what, decoded(payload, 0)[0], number, deadline_seconds), max_attempts, begun)
        for *what, payload, number, max_attempts in rows
        if what[0] in attempts
    ]
