"""Deletes what has been over for long, by the clock: in small transactions, so that nobody waits for it."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from kernel import clock
from kernel.ids import first_id_since

BATCH = 500
BATCHES_PER_RUN = 200
MINUTES_KEPT = timedelta(hours=2)

# In the order of ids, which is the order of writing; a scheduled item may have ended long after.
ITEMS = """
    with old as materialized (
        select id from outbox_item
        where id > %(after)s and id < %(before)s and not open
          and finished_at < case when state in ('sent', 'cancelled') then %(sent_before)s else %(unsent_before)s end
        order by id limit %(limit)s for update skip locked
    ), tries as (
        delete from outbox_attempt where item_id in (select id from old)
    )
    delete from outbox_item where id in (select id from old) returning id
"""
HOLDS = """
    delete from outbox_hold where id in (
        select id from outbox_hold where ended_at < %(before)s order by id limit %(limit)s)
"""
MINUTES = "delete from outbox_sentminute where minute < clock_timestamp() - %s"


@dataclass(frozen=True)
class Pruned:
    items: int
    holds: int


def prune(*, batches: int = BATCHES_PER_RUN) -> Pruned:
    """Delete items with their attempts, and holds, in at most `batches` transactions of 500 items.

    What was sent or cancelled stays for OUTBOX_KEEP_DAYS, what failed or is uncertain for OUTBOX_KEEP_UNSENT_DAYS.
    """
    return Pruned(items=_prune_items(batches), holds=_prune_rest())


def _prune_items(batches: int) -> int:
    now = clock.now()
    sent_before = now - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    moments = {"sent_before": sent_before, "unsent_before": now - timedelta(days=settings.OUTBOX_KEEP_UNSENT_DAYS)}
    after, deleted = uuid.UUID(int=0), 0
    for _ in range(batches):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ITEMS, {"after": after, "before": first_id_since(sent_before), "limit": BATCH, **moments})
            ids = [item_id for (item_id,) in cursor.fetchall()]
        deleted += len(ids)
        if len(ids) < BATCH:
            break
        after = max(ids)
    return deleted


def _prune_rest() -> int:
    before = clock.now() - timedelta(days=settings.OUTBOX_KEEP_UNSENT_DAYS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MINUTES, [MINUTES_KEPT])
        cursor.execute(HOLDS, {"before": before, "limit": BATCH * BATCHES_PER_RUN})
        return cursor.rowcount
