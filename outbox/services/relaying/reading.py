"""The scheduler's reads, each flat in the size of the queue: lanes' settings, lanes' open rows, chats' first rows."""

import uuid
from collections.abc import Iterable, Iterator, Sequence

import psycopg
from django.db import connection

from outbox.services.relaying.chats import OpenItem
from outbox.services.relaying.lanes import LaneSettings
from outbox.services.relaying.plan import CHAT_PAGE

ROWS_PER_LANE = 16

# Literal predicates (`open`, not a parameter), because a parameter would hide the partial indexes from the planner.
LANE_SETTINGS = """
    select id, cap, paused or closed,
           coalesce(greatest(extract(epoch from not_before - clock_timestamp()), 0), 0)::float8, upstream
    from outbox_lane where owner_id = %s and (%s::uuid[] is null or id = any(%s::uuid[]))
"""
LANE_ROWS = """
    select lane.id, item.order_key, item.priority
    from unnest(%s::uuid[]) as lane (id)
    cross join lateral (
        select order_key, priority from outbox_item
        where lane_id = lane.id and open
          and (order_key <> all(%s::uuid[]) or (priority = 0 and order_key = any(%s::uuid[])))
        order by priority, id limit %s
    ) item
"""
CHAT_ROWS = """
    select item.id, chat.key, item.lane_id, item.priority, item.state,
           extract(epoch from item.due_at - clock_timestamp())::float8
    from unnest(%s::uuid[]) as chat (key)
    cross join lateral (
        select id, lane_id, priority, state, due_at from outbox_item
        where order_key = chat.key and open order by seq limit %s
    ) item
"""


def raw_cursor() -> psycopg.Cursor:
    """A cursor that binds on the server and keeps no log of queries, on this thread's Django connection."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


def id_array(ids: Iterable[uuid.UUID]) -> str:
    """A uuid[] as text: a tenth of the driver's work for a list."""
    return "{" + ",".join([one.hex for one in ids]) + "}"


def lane_settings(worker_id: int, lane_ids: Sequence[uuid.UUID] | None = None) -> list[LaneSettings]:
    """The lanes that this worker owns, or those of `lane_ids` that it owns."""
    chosen = None if lane_ids is None else list(lane_ids)
    with raw_cursor() as cursor:
        cursor.execute(LANE_SETTINGS, [worker_id, chosen, chosen])
        return [LaneSettings(*row) for row in cursor]


def lane_rows(
    lane_ids: list[uuid.UUID], held: list[uuid.UUID], meek: list[uuid.UUID]
) -> dict[uuid.UUID, list[tuple[uuid.UUID, int]]]:
    """Per lane its first open rows as (chat, priority), without chats already held.

    A held chat of lower priority (`meek`) shows up again when an interactive item waits in it.
    """
    found: dict[uuid.UUID, list[tuple[uuid.UUID, int]]] = {lane_id: [] for lane_id in lane_ids}
    connection.ensure_connection()
    with psycopg.ClientCursor(connection.connection) as cursor:  # constants, so that `<> all` is hashed
        cursor.execute(LANE_ROWS, [id_array(lane_ids), id_array(held), id_array(meek), ROWS_PER_LANE])
        for lane_id, order_key, priority in cursor:
            found[lane_id].append((order_key, priority))
    return found


def chat_rows(keys: Sequence[uuid.UUID]) -> Iterator[OpenItem]:
    """The first open items of each chat, in order within a chat."""
    with raw_cursor() as cursor:
        cursor.execute(CHAT_ROWS, [id_array(keys), CHAT_PAGE], binary=True)
        yield from map(OpenItem._make, cursor.fetchall())
