"""How much of its speed the relay keeps while somebody holds an old snapshot: `.venv/bin/python -m bench.pinned`.

BENCH_PINNED_SECONDS (20) is how long the snapshot is held; a third of that is measured before, without it.
"""

import os
import sys
import threading
import time
from itertools import pairwise
from statistics import median

from bench.drain import CHATS, LANES, THREADS, sent
from bench.own_database import own_database
from bench.stock import stock

SECONDS = int(os.environ.get("BENCH_PINNED_SECONDS", "20"))
RATE_MAX = 20_000  # items a second to have in stock


def main() -> None:
    sys.setswitchinterval(0.001)
    free = max(SECONDS // 3, 5)
    with own_database("bench_pinned"):
        from django.db import connection

        from outbox.services.relaying import Relay, RelayOptions

        stock(RATE_MAX * (free + SECONDS), lanes=LANES, chats=CHATS * 5)
        stop = threading.Event()
        relay = Relay(RelayOptions(lease_seconds=30, sender_threads=THREADS))
        runner = threading.Thread(target=relay.run, args=[stop], daemon=True)
        runner.start()
        while not sent(relay):
            time.sleep(0.01)
        time.sleep(2)
        before = rates(relay, free)
        pin = connection.copy("pin")
        pin.set_autocommit(False)
        with pin.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read")
            cursor.execute("select 1 from outbox_item limit 1")
        during = rates(relay, SECONDS)
        pin.rollback()
        pin.close()
        stop.set()
        runner.join(30)
    last = during[-max(len(during) // 3, 1) :]
    kept = median(last) / median(before)
    print(f"a snapshot held for {SECONDS} s while the relay drains, items/s by the second:")
    print(f"  before {[f'{one:,}' for one in before]}, held {[f'{one:,}' for one in during]}")
    print(f"  median of the last third {median(last):,.0f} = {kept:.0%} of the {median(before):,.0f} before")


def rates(relay, seconds: int) -> list[int]:
    counts = [sent(relay)]
    for _ in range(seconds):
        time.sleep(1)
        counts.append(sent(relay))
    return [later - earlier for earlier, later in pairwise(counts)]


if __name__ == "__main__":
    main()
