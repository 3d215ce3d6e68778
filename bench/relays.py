"""A relay in a thread of the measuring process, run as drain_outbox runs it."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def running_relay(threads: int) -> Iterator[Any]:
    """A Relay with so many sender threads, ended cleanly afterwards."""
    from outbox.management.commands.drain_outbox import SWITCH_SECONDS
    from outbox.services.relaying import Relay, RelayOptions

    sys.setswitchinterval(SWITCH_SECONDS)
    stop = threading.Event()
    relay = Relay(RelayOptions(lease_seconds=30, sender_threads=threads))
    runner = threading.Thread(target=relay.run, args=[stop], daemon=True)
    runner.start()
    try:
        yield relay
    finally:
        stop.set()
        runner.join(30)


def sent(relay: Any) -> int:
    return relay.incarnation.scheduler.tally["sent"] if relay.incarnation else 0


def wait_for_the_first(relay: Any) -> None:
    while not sent(relay):
        time.sleep(0.01)
