"""From a commit to the request at the provider, in an idle relay: `.venv/bin/python -m bench.wakeup [messages]`.

Enqueuer, relay and provider are three processes, as in production, and the request is a real one through kernel.http.
Uses a database of its own.
"""

import os
import subprocess
import sys
import time
import uuid

from bench.own_database import own_database
from bench.provider import arrivals, provider
from bench.relays import running_relay

MESSAGES, PAUSE_SECONDS, READY_SECONDS = 500, 0.02, 30
DATABASE = "bench_wakeup"


def main() -> None:
    if sys.argv[1:2] == ["enqueue"]:
        enqueue_some(int(sys.argv[2]))
        return
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with own_database(DATABASE), provider() as url:
        delays = relayed(messages, url)
    delays.sort()
    print(f"commit to HTTP request at the provider, idle relay, {len(delays)} messages, the next after 20 ms and more:")
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        print(f"  {name} {delays[int(share * (len(delays) - 1))] * 1000:.1f} ms")
    print(f"  max {delays[-1] * 1000:.1f} ms")


def relayed(messages: int, url: str) -> list[float]:
    """Run a relay here and the enqueuer beside it; seconds from each commit to its arrival, by the same clock."""
    from kernel import http
    from outbox.models import Lane
    from outbox.registry import Accepted, Job, Kind, register
    from workspaces.models import Workspace

    def perform(job: Job) -> Accepted:
        http.request("POST", url, json=job.payload, deadline=10, max_bytes=10_000, allow_private=True)
        return Accepted()

    register(Kind("bench.wake", perform, lambda settled: None))
    workspace = Workspace.objects.create(name="Bench", slug=f"bench-{uuid.uuid4().hex[:8]}")
    for index in range(10):
        Lane.objects.create(workspace=workspace, name=f"{index}")
    with running_relay(16) as relay:
        until = time.monotonic() + READY_SECONDS
        while not (relay.incarnation and len(relay.incarnation.scheduler.plan.lanes) == 10):
            assert time.monotonic() < until, "the relay did not get ready"
            time.sleep(0.05)
        done = subprocess.run(
            [sys.executable, "-m", "bench.wakeup", "enqueue", str(messages)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=os.environ | {"BENCH_DATABASE": DATABASE},
        )
        time.sleep(1.5)
    committed = dict(line.split() for line in done.stdout.splitlines())
    arrived = arrivals(url)
    return [arrived[name] - float(at) for name, at in committed.items()]


def enqueue_some(messages: int) -> None:
    """Commit one message after the other, and print the moment of each commit."""
    sys.path.insert(0, "platform")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.db import connection, transaction

    connection.settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
    from outbox.models import Lane
    from outbox.registry import Accepted, Kind, register
    from outbox.services import waking
    from outbox.services.enqueuing import enqueue

    register(Kind("bench.wake", lambda job: Accepted(), lambda settled: None))
    lanes = list(Lane.objects.all())
    for number in range(messages):
        lane = lanes[number % len(lanes)]
        with transaction.atomic():
            enqueue(
                workspace_id=lane.workspace_id,
                lane_id=lane.id,
                order_key=uuid.uuid4(),
                kind="bench.wake",
                payload={"name": f"m{number}"},
            )
        print(f"m{number}", time.monotonic())
        time.sleep(PAUSE_SECONDS)
    waking.close()


if __name__ == "__main__":
    main()
