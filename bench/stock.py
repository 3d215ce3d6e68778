"""Fills an outbox quickly: lanes, chats and queued items of a kind that the benchmark registers."""

import uuid
from collections.abc import Callable
from typing import Any

KIND = "bench.item"

# As enqueuing would leave them. Chats take turns, so that every chat's items lie apart.
ITEMS = """
    insert into outbox_item (id, workspace_id, lane_id, order_key, seq, priority, kind, payload, state, open, attempts,
                             max_attempts, provider_id, error_code, error, settle_error)
    select uuidv7(), %(workspace)s, chat.lane_id, chat.key, n / %(chats)s + 1, 0, %(kind)s, %(payload)s::jsonb,
           'queued', true, 0, 5, '', '', '', ''
    from generate_series(0, %(items)s - 1) n join bench_chat chat on chat.number = n %% %(chats)s order by n
"""


def stock(
    items: int, *, lanes: int, chats: int, cap: int = 8, perform: Callable[[Any], Any] | None = None
) -> list[Any]:
    """So many queued items in so many chats of so many new lanes, which are returned; `perform` may do nothing."""
    from django.db import connection, transaction

    from outbox.models import Lane
    from outbox.registry import Accepted, Kind, register
    from workspaces.models import Workspace

    accepted = Accepted("x")
    register(Kind(KIND, perform or (lambda job: accepted), lambda settled: None))
    workspace = Workspace.objects.create(name="Bench", slug=f"bench-{uuid.uuid4().hex[:8]}")
    made = Lane.objects.bulk_create(Lane(workspace=workspace, name=f"{number}", cap=cap) for number in range(lanes))
    payload = f'{{"text": "{"x" * 200}", "to": "15550100123@s.whatsapp.net"}}'
    values = {"workspace": workspace.pk, "chats": chats, "items": items, "kind": KIND, "payload": payload}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "create temporary table bench_chat (number int primary key, key uuid, lane_id uuid) on commit drop"
        )
        cursor.execute(
            "insert into bench_chat"
            " select n, gen_random_uuid(), (%s::uuid[])[n %% %s + 1] from generate_series(0, %s) n",
            [[lane.pk for lane in made], lanes, chats - 1],
        )
        cursor.execute("insert into outbox_orderkey select key, %s from bench_chat", [items // chats + 1])
        cursor.execute(ITEMS, values)
    settle()
    return made


def settle() -> None:
    """Leave nothing for autovacuum or a checkpoint to do in the middle of a measurement."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
        cursor.execute("checkpoint")
