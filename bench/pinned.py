"""How much of its speed the relay keeps while somebody holds an old snapshot: `.venv/bin/python -m bench.pinned`.

BENCH_PINNED_SECONDS (20) is how long the snapshot is held; a third of that is measured before, without it.
"""

import os
import time
from itertools import pairwise
from statistics import median

from bench.drain import CHATS, LANES, THREADS
from bench.own_database import own_database
from bench.relays import running_relay, sent, wait_for_the_first
from bench.stock import stock

SECONDS = int(os.environ.get("BENCH_PINNED_SECONDS", "20"))
RATE_MAX = 20_000  # items a second to have in stock


def main() -> None:
    free = max(SECONDS // 3, 5)
    with own_database("bench_pinned"):
        from django.db import connection

        stock(RATE_MAX * (free + SECONDS), lanes=LANES, chats=CHATS * 5)
        with running_relay(THREADS) as relay:
            wait_for_the_first(relay)
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
