"""The relay over loopback HTTP against a bare pool of `requests` threads, in turns: `.venv/bin/python -m bench.http`.

Both send the same body with as many threads. The relay sends through kernel.http (total deadline, guard of private
addresses, redaction), and once more with the bare pool's own call, which shows what the engine alone costs.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

import requests  # noqa: TID251  the bare pool is the yardstick

from bench.own_database import own_database
from bench.provider import provider
from bench.relays import running_relay, sent, wait_for_the_first
from bench.stock import stock

CASES = ((0, 32), (50, 64), (200, 128))  # the provider's delay in ms, threads
SECONDS = float(os.environ.get("BENCH_HTTP_SECONDS", "5"))
WARM_UP_SECONDS = 1.5
BODY = {"text": "x" * 200, "to": "15550100123@s.whatsapp.net"}
_local = threading.local()


def main() -> None:
    sys.setswitchinterval(0.001)  # as drain_outbox does
    with own_database("bench_http"):
        print(f"drain over loopback HTTP, {SECONDS:.0f} s each, requests/s:")
        for delay_ms, threads in CASES:
            with provider(delay_ms) as url:
                before = bare(url, threads)
                product = relayed(url, threads, through_kernel(url))
                engine = relayed(url, threads, through_requests(url))
                after = bare(url, threads)
            pool = (before + after) / 2
            print(f"  provider takes {delay_ms} ms, {threads} threads: bare pool {before:,.0f} and {after:,.0f};")
            print(f"    relay {product:,.0f} = {product / pool:.2f} ×; with the bare call {engine / pool:.2f} ×")
            sys.stdout.flush()


def bare(url: str, threads: int) -> float:
    done = [0] * threads
    until = time.monotonic() + WARM_UP_SECONDS + SECONDS

    def post(index: int) -> None:
        call = through_requests(url)
        while time.monotonic() < until:
            call(None)
            done[index] += 1

    workers = [threading.Thread(target=post, args=[index]) for index in range(threads)]
    for worker in workers:
        worker.start()
    time.sleep(WARM_UP_SECONDS)
    begun, already = time.monotonic(), sum(done)
    time.sleep(SECONDS)
    rate = (sum(done) - already) / (time.monotonic() - begun)
    for worker in workers:
        worker.join()
    return rate


def relayed(url: str, threads: int, perform: Callable) -> float:
    from outbox.models import Item

    Item.objects.filter(open=True).update(state="cancelled", open=False)  # what the last one left
    stock(int(3000 * (SECONDS + WARM_UP_SECONDS)), lanes=100, chats=4000, perform=perform)
    with running_relay(threads) as relay:
        wait_for_the_first(relay)
        time.sleep(WARM_UP_SECONDS)
        begun, already = time.monotonic(), sent(relay)
        time.sleep(SECONDS)
        return (sent(relay) - already) / (time.monotonic() - begun)


def through_kernel(url: str) -> Callable:
    from kernel import http
    from outbox.registry import Accepted

    def perform(job) -> Accepted:
        answer = http.request("POST", url, json=job.payload, deadline=20, max_bytes=10_000, allow_private=True)
        assert answer.status == 200
        return Accepted("x")

    return perform


def through_requests(url: str) -> Callable:
    from outbox.registry import Accepted

    def perform(job) -> Accepted:
        session = getattr(_local, "session", None)
        if session is None:
            session = _local.session = requests.Session()
            session.trust_env = False
        assert session.post(url, json=job.payload if job else BODY, timeout=20).status_code == 200
        return Accepted("x")

    return perform


if __name__ == "__main__":
    main()
