"""How fast one applier empties a backlog: `.venv/bin/python -m bench.applier [messages] [--profile]`.

Bodies are stored first, then applied round by round: one message each, a hundred each, and a send's life (message of
ours, echo, sent, delivered, read). 2,000 customers in 100 channels. Uses a database of its own.
"""

import cProfile
import gc
import json
import pstats
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from bench.own_database import own_database

MESSAGES, CHANNELS, CUSTOMERS = 20_000, 100, 2_000
SECONDS = 30
AT = 1_760_000_000


def main() -> None:
    numbers = [argument for argument in sys.argv[1:] if argument.isdecimal()]
    count = int(numbers[0]) if numbers else MESSAGES
    with own_database("bench_applier"):
        from inbox.realtime.notifier import notifier

        channels = make_channels()
        gc.collect()
        gc.freeze()  # as process_inbound does
        run("new customers, 1 message a body", store(channels, one_each("n", CUSTOMERS)), CUSTOMERS)
        run("1 message a body", store(channels, one_each("a", count)), count)
        run(
            "1 message a body, two at a time as process_inbound",
            store(channels, one_each("c", count)),
            count,
            threads=2,
        )
        run("the same bodies again", store(channels, one_each("a", count)), count)
        run("100 messages a body", store(channels, hundred_each("b", count)), count)
        run("1 report a body", store(channels, reports("a", count)), count)
        notifier.close()  # its thread holds a connection of its own


def make_channels() -> list:
    from channels_app.models import Channel
    from outbox.models import Lane
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Bench", slug="bench")
    channels = [
        Channel(
            workspace=workspace,
            provider="whapi",
            name=f"Demo {n}",
            status="connected",
            own_wa_id=f"{n:011}@s.whatsapp.net",
        )
        for n in range(CHANNELS)
    ]
    Channel.objects.bulk_create(channels)
    Lane.objects.bulk_create(Lane(id=channel.id, workspace=workspace, name=channel.name) for channel in channels)
    return channels


def message(prefix: str, n: int) -> dict:
    customer = f"1555{n % CUSTOMERS:07}"
    return {
        "id": f"{prefix}-{n:010}-demo",
        "from_me": False,
        "type": "text",
        "chat_id": f"{customer}@s.whatsapp.net",
        "timestamp": AT + n,
        "source": "mobile",
        "text": {"body": f"Good morning, this is demo message number {n} and I have a question about my order."},
        "from": customer,
        "from_name": f"Customer {n % CUSTOMERS}",
    }


def one_each(prefix: str, count: int) -> list[tuple[int, dict]]:
    return [(n, messages(message(prefix, n))) for n in range(count)]


def hundred_each(prefix: str, count: int) -> list[tuple[int, dict]]:
    return [(n, messages(*(message(prefix, n * 100 + i) for i in range(100)))) for n in range(count // 100)]


def reports(prefix: str, count: int) -> list[tuple[int, dict]]:
    return [
        (
            n,
            {
                "statuses": [{"id": f"{prefix}-{n:010}-demo", "status": "read", "timestamp": str(AT + n)}],
                "event": {"type": "statuses", "event": "post"},
            },
        )
        for n in range(count)
    ]


def messages(*items: dict) -> dict:
    return {"messages": list(items), "event": {"type": "messages", "event": "post"}, "channel_id": "DEMO"}


def store(channels: list, bodies: list[tuple[int, dict]]) -> int:
    from django.db import connection

    from webhooks.models import InboundEvent

    InboundEvent.objects.bulk_create(
        (
            InboundEvent(
                workspace_id=channels[0].workspace_id,
                channel_id=channels[n % CUSTOMERS % CHANNELS].pk,
                body=json.dumps(body).encode(),
            )
            for n, body in bodies
        ),
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return len(bodies)


def run(what: str, bodies: int, items: int, *, threads: int = 1) -> None:
    from webhooks.models import InboundEvent

    profile = cProfile.Profile() if "--profile" in sys.argv and threads == 1 else None
    begun = time.perf_counter()
    if profile:
        profile.enable()
    with ThreadPoolExecutor(threads) as pool:
        done = apply_all() if threads == 1 else sum(pool.map(lambda _: apply_all(), range(threads)))
    took = time.perf_counter() - begun
    if profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(18)
    parked = InboundEvent.objects.filter(result="parked").count()
    note = f", {parked} PARKED" if parked else ""
    print(f"applier, {what}: {done / took:,.0f} bodies/s, {items * done / bodies / took:,.0f} items/s{note}")


def apply_all() -> int:
    """Rounds until nothing is pending, for at most SECONDS."""
    from django.db import connection

    from webhooks.services.applying import apply_pending

    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS and (applied := apply_pending()):
        done += applied
    if threading.current_thread() is not threading.main_thread():
        connection.close()
    return done


if __name__ == "__main__":
    main()
