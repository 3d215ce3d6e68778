"""Puts items into the outbox, inside the transaction of the deed that they belong to."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from kernel import clock
from outbox.models import Item
from outbox.registry import kind_named
from outbox.services.waking import chat_token, lane_token, wake_after_commit
from outbox.states import ItemState, Priority

INSERT_BATCH = 1000
BULK_BATCH = 500  # some tens of milliseconds
CHAT_TOKENS_LIMIT = 200  # beyond that the lanes are named, and the relay reads them from the start


@dataclass(frozen=True)
class NewItem:
    """What to do, for `enqueue_many`; the fields are those of `enqueue`."""

    workspace_id: uuid.UUID
    lane_id: uuid.UUID
    order_key: uuid.UUID
    kind: str
    payload: dict[str, Any]
    subject_id: uuid.UUID | None = None
    priority: int = Priority.INTERACTIVE
    due_at: datetime | None = None
    max_attempts: int = 5


def enqueue(
    *,
    workspace_id: uuid.UUID,
    lane_id: uuid.UUID,
    order_key: uuid.UUID,
    kind: str,
    payload: dict[str, Any],
    subject_id: uuid.UUID | None = None,
    priority: int = Priority.INTERACTIVE,
    due_at: datetime | None = None,
    max_attempts: int = 5,
) -> Item:
    """Promise that this will be done once the surrounding transaction commits, after all earlier items of `order_key`.

    With `due_at` in the future the item is scheduled: it blocks nobody until then, and takes its place when it is due.
    The row of the order key stays locked until the commit, so call this last. Relays are woken after the commit.
    Raises RuntimeError outside a transaction, UnknownKind for a kind that nobody registered.
    """
    new = NewItem(workspace_id, lane_id, order_key, kind, payload, subject_id, priority, due_at, max_attempts)
    return enqueue_many([new])[0]


def enqueue_many(news: Sequence[NewItem]) -> list[Item]:
    """`enqueue` for many, in the given order. Locks order keys in ascending order, so producers cannot deadlock."""
    if not connection.in_atomic_block:
        raise RuntimeError("An outbox item was enqueued outside a transaction; wrap it and its deed in atomic().")
    for kind in {new.kind for new in news}:
        kind_named(kind)
    now = clock.now()
    items = [_item(new, now) for new in news]
    queued = [item for item in items if item.state == ItemState.QUEUED]
    next_seq = take_places(Counter(item.order_key for item in queued))
    for item in queued:
        item.seq = next_seq[item.order_key]
        next_seq[item.order_key] += 1
    Item.objects.bulk_create(items, batch_size=INSERT_BATCH)
    wake_after_commit(wake_tokens(queued))
    return items


def enqueue_in_batches(news: Iterable[NewItem], *, batch: int = BULK_BATCH) -> int:
    """`enqueue_many` for campaigns: commits batch by batch, so that a person who writes waits for one batch at most.

    What was committed stays when a later batch fails. Returns how many. Raises RuntimeError inside a transaction.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A bulk of outbox items commits by itself; it must not run inside a transaction.")
    rest, done = iter(news), 0
    while chunk := list(islice(rest, batch)):
        with transaction.atomic():
            done += len(enqueue_many(chunk))
    return done


def take_places(counts: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """Reserve so many consecutive places at each chat's tail and return the first of each.

    The counter rows stay locked until the commit: that makes the order of commits the order of places.
    """
    if not counts:
        return {}
    keys = sorted(counts)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into outbox_orderkey as known (key, last_seq)
            select key, places from unnest(%s::uuid[], %s::bigint[]) as wanted (key, places) order by key
            on conflict (key) do update set last_seq = known.last_seq + excluded.last_seq
            returning key, last_seq
            """,
            [keys, [counts[key] for key in keys]],
        )
        return {key: last - counts[key] + 1 for key, last in cursor.fetchall()}


def wake_tokens(items: Iterable[Item]) -> list[str]:
    tokens = list(dict.fromkeys(chat_token(item.lane_id, item.order_key, item.priority) for item in items))
    if len(tokens) > CHAT_TOKENS_LIMIT:
        return list(dict.fromkeys(lane_token(item.lane_id) for item in items))
    return tokens


def _item(new: NewItem, now: datetime) -> Item:
    scheduled = new.due_at is not None and new.due_at > now
    item = Item(
        workspace_id=new.workspace_id,
        lane_id=new.lane_id,
        order_key=new.order_key,
        kind=new.kind,
        payload=new.payload,
        subject_id=new.subject_id,
        priority=new.priority,
        max_attempts=new.max_attempts,
        state=ItemState.SCHEDULED if scheduled else ItemState.QUEUED,
        open=not scheduled,
    )
    if scheduled:
        item.due_at = new.due_at
    return item
