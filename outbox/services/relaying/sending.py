"""Sender threads: they call `perform` and judge how it ended. They hold no connection to the database of their own."""

import logging
import queue
import random
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connections

from outbox.errors import AttemptEnded, UnknownKind, whereabouts
from outbox.registry import Accepted, is_repeatable, kind_named
from outbox.services.relaying.judging import Ended, NotStarted, Started, judge

log = logging.getLogger("waybill.outbox.senders")

START_WITHIN_SECONDS = 5.0  # what waited longer for a free thread goes back, so that something more urgent may pass it


class Senders:
    """`number` threads that take started attempts in the order they come. `report` gets one Ended for each."""

    def __init__(
        self,
        *,
        number: int,
        report: Callable[[Ended], None],
        may_start: Callable[[], bool],
        name: str = "outbox-sender",
    ) -> None:
        self._jobs: queue.SimpleQueue[Started | None] = queue.SimpleQueue()
        self._report = report
        self._may_start = may_start
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{index}", daemon=True) for index in range(number)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, started: Started) -> None:
        self._jobs.put(started)

    def stop(self, timeout: float) -> None:
        """Let each thread end after what it is doing; what hangs longer than `timeout` seconds is left behind."""
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))

    def _run(self) -> None:
        while (started := self._jobs.get()) is not None:
            in_time = time.monotonic() - started.begun < START_WITHIN_SECONDS
            self._report(attempt(started, self._may_start if in_time else never))
            close_old_connections()
        connections.close_all()


def never() -> bool:
    return False


def attempt(started: Started, may_start: Callable[[], bool]) -> Ended:
    """Perform one attempt. Whatever happens, the answer is an Ended."""
    job = started.job
    repeatable = is_repeatable(job.kind)
    end: Accepted | BaseException
    if may_start():
        try:
            end = kind_named(job.kind).perform(job)
            if not isinstance(end, Accepted):
                raise TypeError(f"perform of {job.kind} returned a {type(end).__name__}")
        except BaseException as error:  # also SystemExit: a sender thread must go on
            end = error
        if not isinstance(end, Accepted | AttemptEnded | UnknownKind):
            log.error("outbox.perform_crashed kind=%s item=%s error=%s", job.kind, job.item_id, whereabouts(end))
    else:
        end = NotStarted()
    return judge(started, end, repeatable=repeatable, jitter=random.random())
