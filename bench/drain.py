"""How fast one relay drains an outbox whose kind does nothing, and how fast other queues drain as many jobs.

`.venv/bin/python -m bench.drain [items] [threads]`. Each item is a committed attempt and a committed outcome; 4,000
chats in 100 lanes, cap 8, order and caps on. Uses databases of its own; BENCH_PEERS=0 leaves the others out.
"""

import os
import sys
import time
from itertools import pairwise
from statistics import median

from bench import peers
from bench.own_database import own_database, server_url
from bench.relays import running_relay, sent, wait_for_the_first
from bench.stock import stock

ITEMS, THREADS, LANES, CHATS, SECONDS = 120_000, 32, 100, 4000, 40
PEER_JOBS, PEER_SECONDS = 20_000, 12


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else THREADS
    with own_database("bench_drain"):
        stock(items, lanes=LANES, chats=CHATS)
        counts, cpu = drained(items, threads, SECONDS)
        rates = [later - earlier for earlier, later in pairwise(counts)][:-1] or [counts[-1]]
        rate = median(rates)
        print(f"no-op drain, strict order and caps on, 1 process, {threads} sender threads: {counts[-1]} items")
        print(f"  median {rate:,.0f} items/s (each second: {', '.join(f'{one:,}' for one in rates)})")
        print(f"  {cpu:.1f} ms of processor time per 1,000 items in the relay, beside PostgreSQL's")
        url = server_url()
    if os.environ.get("BENCH_PEERS") != "0":
        print(f"  others, {PEER_JOBS:,} no-op jobs each, at most {PEER_SECONDS} s each ({peers.versions()}):")
        sys.stdout.flush()
        for result in peers.measure(url, jobs=PEER_JOBS, seconds=PEER_SECONDS):
            print(_line(result, rate))
            sys.stdout.flush()


def _line(result: peers.Result, rate: float) -> str:
    order = "keeps order" if result.peer.keeps_order else "no order"
    if result.trouble or not result.done:
        return f"    {result.peer.name:<46} not measured: {result.trouble or 'nothing was done in time'}"
    return f"    {result.peer.name:<46} {result.rate:>8,.0f} jobs/s, {order:<11}: Waybill is {rate / result.rate:.1f} ×"


def drained(items: int, threads: int, seconds: float) -> tuple[list[int], float]:
    """How many were sent at the start and after each second, and the relay's milliseconds of CPU per 1,000 items."""
    with running_relay(threads) as relay:
        wait_for_the_first(relay)
        begun, cpu, counts = time.monotonic(), time.process_time(), [sent(relay)]
        while counts[-1] < items and time.monotonic() - begun < seconds:
            time.sleep(max(begun + len(counts) - time.monotonic(), 0))
            counts.append(sent(relay))
        return counts, (time.process_time() - cpu) / (counts[-1] - counts[0]) * 1e6


if __name__ == "__main__":
    main()
