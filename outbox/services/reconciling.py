"""Finds out what became of uncertain items: asks the provider, and after a while lets their chats go on."""

import json
import logging
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, connections, transaction

from outbox import policy
from outbox.errors import NoLongerQueued, whereabouts
from outbox.registry import Accepted, Job, kinds
from outbox.services.operating import confirm_item, release_item

log = logging.getLogger("waybill.outbox.reconciling")

BATCH = 16
LOOK_UPS_AT_ONCE = 4  # however many items a crash made uncertain, a provider sees no stampede


@dataclass(frozen=True)
class Doubt:
    """An uncertain item that is due for a look. `may_ask` is False while its lane cannot or must not call out."""

    job: Job
    attempted_at: datetime
    age_seconds: float
    may_ask: bool


def reconcile(*, deadline_seconds: float, limit: int = BATCH) -> int:
    """One round: look up due uncertain items at their providers, confirm what is proven, release what is old enough.

    Calls the network, so never inside a transaction. Returns how many items were looked at.
    """
    doubts = _claim(limit, deadline_seconds)
    if doubts:
        with ThreadPoolExecutor(LOOK_UPS_AT_ONCE, thread_name_prefix="outbox-look-up") as pool:
            for doubt, proof in zip(doubts, pool.map(_look_up, doubts), strict=True):
                _decide(doubt, proof)
    return len(doubts)


def _claim(limit: int, deadline_seconds: float) -> Sequence[Doubt]:
    """The next items, put off until their next look. Two processes that look at once do no harm."""
    wait = settings.OUTBOX_UNCERTAIN_WAIT_SECONDS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            select item.id, item.workspace_id, item.lane_id, item.order_key, item.subject_id, item.kind, item.payload,
                   item.attempts, extract(epoch from clock_timestamp() - item.finished_at)::float8,
                   coalesce((select max(started_at) from outbox_attempt where item_id = item.id), item.created_at),
                   not lane.closed and (lane.not_before is null or lane.not_before <= clock_timestamp())
            from outbox_item item join outbox_lane lane on lane.id = item.lane_id
            where item.state = 'uncertain' and item.open and item.due_at <= clock_timestamp()
            order by item.due_at limit %s for no key update of item skip locked
            """,
            [limit],
        )
        doubts = [
            Doubt(
                job=Job(*row[:6], payload=json.loads(row[6]), attempt_number=row[7], deadline_seconds=deadline_seconds),
                attempted_at=row[9],
                age_seconds=row[8],
                may_ask=row[10],
            )
            for row in cursor.fetchall()
        ]
        cursor.execute(
            """
            update outbox_item set due_at = clock_timestamp() + later.delay
            from unnest(%s::uuid[], %s::interval[]) as later (id, delay) where outbox_item.id = later.id
            """,
            [[one.job.item_id for one in doubts], [policy.look_up_delay(one.age_seconds, wait) for one in doubts]],
        )
    return doubts


def _look_up(doubt: Doubt) -> Accepted | None:
    kind = kinds().get(doubt.job.kind)
    if kind is None or kind.look_up is None or not doubt.may_ask:
        return None
    try:
        return kind.look_up(doubt.job, doubt.attempted_at)
    except Exception as error:  # no answer is no proof; asked again next time
        log.warning("outbox.look_up_failed item=%s error=%s", doubt.job.item_id, whereabouts(error))
        return None
    finally:
        connections.close_all()


def _decide(doubt: Doubt, proof: Accepted | None) -> None:
    item_id: uuid.UUID = doubt.job.item_id
    try:
        if proof is not None:
            confirm_item(item_id=item_id, provider_id=proof.provider_id, at=doubt.attempted_at, how="look-up")
        elif doubt.age_seconds >= settings.OUTBOX_UNCERTAIN_WAIT_SECONDS:
            release_item(item_id=item_id)
    except NoLongerQueued:  # somebody else knew more, or decided
        log.info("outbox.already_resolved item=%s", item_id)
