"""What one refill costs with a full queue and with a small one: `.venv/bin/python -m bench.refill [rows]`.

5,000 lanes, 1,000 of them paused, the oldest fifth of the rows in one paused lane; the others in 25 chats of 8 rows in
each lane that has any, so that a refill finds the same with any number of rows. A refill is what the scheduler reads in
one step at most: the first open rows of 32 lanes, then the first items of 256 chats.
"""

import os
import random
import sys
import time
from statistics import median

from bench.own_database import own_database

ROWS, FEW, LANES, PAUSED = int(os.environ.get("BENCH_REFILL_ROWS", "1000000")), 10_000, 5000, 1000
CHATS_IN_LANE, ROWS_IN_CHAT = 25, 8
ROUNDS = 300

FILL = """
    insert into outbox_item (id, workspace_id, lane_id, order_key, seq, priority, kind, payload, state, open, attempts,
                             max_attempts, provider_id, error_code, error, settle_error)
    select uuidv7(), %(workspace)s, chat.lane_id, chat.key, n, 0, 'bench.item', %(payload)s::jsonb, 'queued', true,
           0, 5, '', '', '', ''
    from generate_series(1, %(rows)s) n
    join bench_chat chat on chat.number = case when n <= %(rows)s / 5 then -1 - n %% 100 else n %% %(chats)s end
    order by n
"""


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    figures = {}
    for number in (FEW, rows):
        with own_database("bench_refill"):
            lane_ids = fill(number)
            figures[number] = measure(lane_ids)
    print(f"one refill, {LANES:,} lanes, {PAUSED:,} paused, the oldest fifth of the rows in one paused lane:")
    for number, parts in figures.items():
        for what, times in parts.items():
            times.sort()
            p50, p99 = median(times) * 1000, times[int(len(times) * 0.99)] * 1000
            print(f"  {number:>9,} rows, {what:<44} p50 {p50:.2f}, p99 {p99:.2f} ms")
    for what in figures[FEW]:
        few, many = (median(figures[number][what]) for number in (FEW, rows))
        print(f"  {what:<62} {many / few:.2f} × the time with {FEW:,} rows")


def fill(rows: int) -> list:
    """The running lanes that have something."""
    from django.db import connection, transaction

    from bench.stock import settle
    from outbox.models import Lane
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Bench", slug="bench")
    lanes = Lane.objects.bulk_create(
        Lane(workspace=workspace, name=f"{number}", paused=number < PAUSED) for number in range(LANES)
    )
    busy = [lane.pk for lane in lanes[PAUSED:]][: rows * 4 // 5 // (CHATS_IN_LANE * ROWS_IN_CHAT)]
    chats = len(busy) * CHATS_IN_LANE
    values = {"workspace": workspace.pk, "rows": rows, "chats": chats, "payload": f'{{"text": "{"x" * 200}"}}'}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "create temporary table bench_chat (number int primary key, key uuid, lane_id uuid) on commit drop"
        )
        cursor.execute(
            "insert into bench_chat"
            " select n, gen_random_uuid(), (%s::uuid[])[n %% %s + 1] from generate_series(0, %s) n",
            [busy, len(busy), chats - 1],
        )
        cursor.execute(  # those of the lane that is paused
            "insert into bench_chat select -1 - n, gen_random_uuid(), %s from generate_series(0, 99) n", [lanes[0].pk]
        )
        cursor.execute(FILL, values)
    settle()
    return busy


def measure(lane_ids: list) -> dict[str, list[float]]:
    from outbox.services.relaying import reading
    from outbox.services.relaying.scheduling import CHATS_PER_READ, LANES_PER_READ
    from outbox.services.relaying.threads import Session

    session, luck = Session(), random.Random(7)
    session.ready()
    parts: dict[str, list[float]] = {"lanes' first rows": [], "chats' first items": [], "both": []}
    for number in range(ROUNDS + 20):
        chosen = luck.sample(lane_ids, LANES_PER_READ)
        begun = time.perf_counter()
        found = reading.lane_rows(chosen, [], [])
        between = time.perf_counter()
        keys = list({key for rows in found.values() for key, _ in rows})[:CHATS_PER_READ]
        list(reading.chat_rows(keys))
        ended = time.perf_counter()
        if number >= 20:
            for times, value in zip(parts.values(), (between - begun, ended - between, ended - begun), strict=True):
                times.append(value)
    return parts


if __name__ == "__main__":
    main()
