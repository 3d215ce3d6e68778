"""Which process sends which lane: workers with a lease, lanes shared among them, takeover from the dead."""

import os
import secrets
import socket
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from outbox import policy
from outbox.models import Item, Lane, Worker
from outbox.registry import is_repeatable
from outbox.services.settling import settled_from, tell_kinds
from outbox.services.waking import chat_token, wake_after_commit
from outbox.states import ItemState, Outcome

WORKER_LOST = "worker_lost"
BURIED_PER_PASS = 10


def register(*, shares: bool, lease_seconds: float) -> int:
    """A new incarnation of this process. Its id is its fence, and is never used again.

    It comes from no sequence: a standby that takes over may have lost the last numbers, and would give them out anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into outbox_worker (id, name, shares, dead, lease_until)
            values (%s, %s, %s, false, clock_timestamp() + %s * interval '1 second') returning id
            """,
            [secrets.randbits(62), f"{socket.gethostname()}:{os.getpid()}"[:120], shares, lease_seconds],
        )
        return cursor.fetchone()[0]


def renew(worker_id: int, lease_seconds: float) -> bool:
    """Prolong the lease. False when it ran out or the worker was declared dead: then it must start nothing more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update outbox_worker set lease_until = clock_timestamp() + %s * interval '1 second'
            where id = %s and not dead and lease_until > clock_timestamp()
            """,
            [lease_seconds, worker_id],
        )
        return cursor.rowcount == 1


def release(worker_id: int, lane_ids: Sequence[uuid.UUID]) -> None:
    Lane.objects.filter(pk__in=lane_ids, owner_id=worker_id).update(owner=None)


def retire(worker_id: int) -> None:
    """Give everything back at a clean end. What is still in flight then counts as uncertain."""
    with transaction.atomic():
        Worker.objects.filter(pk=worker_id).update(dead=True)
        Lane.objects.filter(owner_id=worker_id).update(owner=None)


def take_share(worker_id: int) -> tuple[int, int]:
    """Take free lanes up to the fair share; a one-shot worker takes all free ones. Returns (taken, surplus)."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The fence comes first: a worker that was declared dead must not take the lanes that were just freed.
        cursor.execute(
            "select shares from outbox_worker where id = %s and not dead and lease_until > clock_timestamp() for share",
            [worker_id],
        )
        row = cursor.fetchone()
        if row is None:
            return 0, 0
        (shares,) = row
        cursor.execute(
            """
            select count(*), count(*) filter (where owner_id = %s),
                   (select count(*) from outbox_worker where not dead and shares and lease_until > clock_timestamp())
            from outbox_lane
            """,
            [worker_id],
        )
        lanes, owned, workers = cursor.fetchone()
        wanted = (policy.fair_share(lanes, workers) if shares else lanes) - owned
        if wanted <= 0:
            return 0, policy.surplus(owned, lanes, workers) if shares else 0
        cursor.execute(
            """
            update outbox_lane set owner_id = %s where id in (
                select id from outbox_lane where owner_id is null order by id limit %s for no key update skip locked)
            """,
            [worker_id, wanted],
        )
        return cursor.rowcount, 0


def bury_the_dead() -> int:
    """Declare workers dead whose lease ran out, free every lane of the dead, and settle the attempts they left open.

    What was under way may have been sent: it becomes uncertain, or is queued again where its kind is repeatable.
    Returns how many attempts were left open.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """
                update outbox_worker set dead = true where id in (
                    select id from outbox_worker where not dead and lease_until < clock_timestamp()
                    order by id limit %s for no key update skip locked)
                """,
                [BURIED_PER_PASS],
            )
            cursor.execute(
                "select id from outbox_worker where dead and not buried"
                " order by id limit %s for no key update skip locked",
                [BURIED_PER_PASS],
            )
            worker_ids = [worker_id for (worker_id,) in cursor.fetchall()]
            cursor.execute(
                """
                update outbox_lane set owner_id = null where id in (
                    select lane.id from outbox_lane lane join outbox_worker worker on worker.id = lane.owner_id
                    where worker.dead order by lane.id for no key update of lane skip locked)
                """
            )
            item_ids = _close_attempts_of(cursor, worker_ids) if worker_ids else []
        if item_ids:
            _settle_lost(item_ids)
    return len(item_ids)


def _close_attempts_of(cursor: Any, worker_ids: list[int]) -> list[uuid.UUID]:
    """A worker is buried once none of its attempts is open; one that is locked just now is left for the next round."""
    cursor.execute(
        """
        update outbox_attempt set outcome = %s, finished_at = clock_timestamp(), error_code = %s,
            error = 'The process that was sending this stopped before it could say how it went.'
        where id in (
            select id from outbox_attempt where finished_at is null and worker_id = any(%s)
            order by id for no key update skip locked)
        returning item_id
        """,
        [Outcome.UNCERTAIN, WORKER_LOST, worker_ids],
    )
    item_ids = [item_id for (item_id,) in cursor.fetchall()]
    cursor.execute(
        """
        update outbox_worker set buried = true where id = any(%s) and not exists (
            select 1 from outbox_attempt where finished_at is null and worker_id = outbox_worker.id)
        """,
        [worker_ids],
    )
    return item_ids


def _settle_lost(item_ids: list[uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select item_id, count(*) from outbox_attempt where item_id = any(%s) and error_code = %s group by item_id",
            [item_ids, WORKER_LOST],
        )
        crashes = dict(cursor.fetchall())
        cursor.execute("select clock_timestamp()")
        (now,) = cursor.fetchone()
    items = list(
        Item.objects.select_for_update(no_key=True)
        .filter(pk__in=item_ids, state=ItemState.QUEUED)  # others were settled by evidence meanwhile
        .order_by("pk")
    )
    for item in items:
        item.attempts += 1
        item.error_code = WORKER_LOST
        item.error = "The process that was sending this stopped before it could say how it went."
        if not is_repeatable(item.kind):
            item.state, item.finished_at = ItemState.UNCERTAIN, now
            item.due_at = now + policy.look_up_delay(0)
        elif crashes[item.pk] >= policy.CRASHES_UNTIL_POISON or item.attempts >= item.max_attempts:
            item.state, item.open, item.finished_at = ItemState.FAILED, False, now
        else:
            item.due_at = now
        if crashes[item.pk] >= policy.CRASHES_UNTIL_POISON:
            item.error_code = "poison"
            item.error = f"Each of {crashes[item.pk]} attempts ended with the end of the process that made it."
    Item.objects.bulk_update(
        items, ["state", "open", "attempts", "error_code", "error", "due_at", "finished_at"], batch_size=500
    )
    tell_kinds(settled_from(item) for item in items)
    wake_after_commit(chat_token(item.lane_id, item.order_key, item.priority) for item in items)


def forget_old_workers() -> None:
    """Sweep rows of workers that died more than a day ago and own nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            delete from outbox_worker worker where buried and lease_until < clock_timestamp() - interval '1 day'
              and not exists (select 1 from outbox_lane lane where lane.owner_id = worker.id)
            """
        )
