"""How fast one relay drains an outbox whose kind does nothing: `.venv/bin/python -m bench.drain [items] [threads]`.

Each item is a committed attempt and a committed outcome; 4,000 chats in 100 lanes, cap 8. Uses a database of its own.
"""

import sys
import threading
import time
import uuid
from itertools import pairwise

from bench.own_database import own_database

ITEMS, THREADS, LANES, CHATS, SECONDS = 60_000, 32, 100, 4000, 60


def main() -> None:
    sys.setswitchinterval(0.001)  # as drain_outbox does
    items = int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else THREADS
    with own_database("bench_drain"):
        from outbox.models import Item
        from outbox.services.relaying import Relay, RelayOptions

        fill(items)
        stop = threading.Event()
        relay = Relay(RelayOptions(lease_seconds=30, sender_threads=threads))
        runner = threading.Thread(target=relay.run, args=[stop], daemon=True)
        begun = time.monotonic()
        runner.start()
        counts = []
        while time.monotonic() - begun < SECONDS:
            time.sleep(1)
            sent = relay.incarnation.scheduler.tally["sent"] if relay.incarnation else 0
            counts.append(sent)
            if sent >= items:
                break
        stop.set()
        runner.join(30)
        rates = [later - earlier for earlier, later in pairwise(counts)][1:-1]
        print(f"no-op drain, 1 process, {threads} sender threads: {counts[-1]} items in {len(counts)} s")
        print(f"  per second: median {sorted(rates)[len(rates) // 2] if rates else '-'}, all {rates}")
        print(f"  left open: {Item.objects.filter(open=True).count()}")


def fill(items: int) -> None:
    from django.db import connection, transaction

    from outbox.models import Lane
    from outbox.registry import Accepted, Kind, register
    from outbox.services.enqueuing import NewItem, enqueue_many
    from workspaces.models import Workspace

    accepted = Accepted("x")
    register(Kind("bench.nothing", lambda job: accepted, lambda settled: None))
    workspace = Workspace.objects.create(name="Bench", slug=f"bench-{uuid.uuid4().hex[:8]}")
    lanes = [Lane.objects.create(workspace=workspace, name=f"{index}", cap=8) for index in range(LANES)]
    chats = [uuid.uuid4() for _ in range(CHATS)]
    news = [
        NewItem(
            workspace.id,
            lanes[index % CHATS % LANES].id,
            chats[index % CHATS],
            "bench.nothing",
            {"text": "x" * 200, "to": "15550100123@s.whatsapp.net"},
        )
        for index in range(items)
    ]
    for start in range(0, items, 5000):
        with transaction.atomic():
            enqueue_many(news[start : start + 5000])
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze outbox_item")
        cursor.execute("checkpoint")


if __name__ == "__main__":
    main()
