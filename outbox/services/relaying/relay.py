"""The relay: an incarnation owns lanes and sends what waits in them; around incarnations goes a loop."""

import logging
import random
import threading
import time
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from outbox import policy
from outbox.errors import whereabouts
from outbox.services import reconciling
from outbox.services.relaying import owning
from outbox.services.relaying.scheduling import SLEEP_MAX_SECONDS, GiveBack, Scheduler, WakeUp
from outbox.services.relaying.sending import Senders
from outbox.services.relaying.threads import Keeper, Lease, Listener, Session, SideThread, let_go
from outbox.services.waking import OWNED, SHARE, wake

log = logging.getLogger("waybill.outbox.relay")

SLOTS_PER_THREAD = 1.5  # so that a thread that finishes finds work while the tick commits
GRACE_SECONDS = 5.0  # beyond the deadline of a send, at a clean end
RECONCILE_SECONDS = 1.0
RESTART_SECONDS = (0.2, 1.0)


@dataclass(frozen=True)
class RelayOptions:
    """How a relay runs; the defaults are the settings."""

    lease_seconds: float
    sender_threads: int

    @classmethod
    def from_settings(cls) -> "RelayOptions":
        return cls(settings.OUTBOX_LEASE_SECONDS, settings.OUTBOX_SENDER_THREADS)


class Incarnation:
    """One worker row and its threads. Lives until told to stop, or until the database says that it is dead."""

    def __init__(self, options: RelayOptions, *, shares: bool) -> None:
        self._options = options
        deadline = policy.send_deadline_seconds(options.lease_seconds)
        self._grace = deadline + GRACE_SECONDS
        registered_at = time.monotonic()
        self.worker_id = owning.register(shares=shares, lease_seconds=options.lease_seconds)
        self.lease = Lease(self.worker_id, options.lease_seconds, registered_at)
        self.senders = Senders(number=options.sender_threads, report=self._report, may_start=self.lease.may_start)
        self.scheduler = Scheduler(
            worker_id=self.worker_id,
            hand_over=self.senders.submit,
            slots=max(int(options.sender_threads * SLOTS_PER_THREAD), options.sender_threads + 1),
            deadline_seconds=deadline,
        )
        self.broken = False
        self._session = Session()

    def _report(self, ended) -> None:
        self.scheduler.events.put(ended)

    def start(self) -> None:
        self.lease.start()
        self.senders.start()
        log.info("outbox.worker_started worker=%s", self.worker_id)

    def step(self, stopped: threading.Event, timeout: float = SLEEP_MAX_SECONDS) -> bool:
        """One step of the scheduler. False when it failed: a failing database only delays.

        Anything else is an error of ours that may have left the plan in disorder: then this incarnation is `broken`,
        and the next one reads everything anew.
        """
        if self.lease.lost.is_set():
            self.scheduler.fenced = True
        try:
            self._session.ready()
            self.scheduler.step(timeout)
        except Exception as error:
            if not isinstance(error, DatabaseError | InterfaceError | psycopg.Error):
                log.error("outbox.relay_broken worker=%s error=%s", self.worker_id, whereabouts(error))
                self.broken = True
            self._session.failed(error, stopped)
            return False
        self._session.succeeded()
        return True

    def finish(self) -> None:
        """Start nothing, let sends end and record them, give the lanes back. Bounded by the deadline of a send."""
        self.scheduler.stopping = True
        until = time.monotonic() + self._grace
        never = threading.Event()
        while time.monotonic() < until and not (self.step(never, 0.05) and self.scheduler.is_recorded()):
            pass
        self.senders.stop(timeout=0.5)
        try:
            owning.retire(self.worker_id)
            wake([SHARE])
        except Exception as error:  # the lease ends by itself
            log.warning("outbox.retire_failed worker=%s error=%s", self.worker_id, whereabouts(error))
        self.lease.stop_and_join()
        let_go()
        log.info("outbox.worker_stopped worker=%s", self.worker_id)


class Relay:
    """A relay process that stays: shares the lanes with its neighbours and is woken by NOTIFY. `run` blocks."""

    def __init__(self, options: RelayOptions | None = None) -> None:
        self.options = options or RelayOptions.from_settings()
        self.incarnation: Incarnation | None = None

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set. A worker declared dead records what it still learns; a new one takes its place."""
        while not stop.is_set():
            try:
                self.incarnation = Incarnation(self.options, shares=True)
            except Exception as error:  # the database is away: neither crash nor hammer
                log.warning("outbox.database_failed thread=relay error=%s", whereabouts(error))
                connection.close()
                stop.wait(random.uniform(*RESTART_SECONDS))
                continue
            self._live(self.incarnation, stop)

    def _live(self, incarnation: Incarnation, stop: threading.Event) -> None:
        scheduler = incarnation.scheduler
        keeper = Keeper(
            incarnation.worker_id,
            on_lanes=lambda: scheduler.events.put(WakeUp((OWNED,))),
            on_surplus=lambda number: scheduler.events.put(GiveBack(number)),
        )
        reconciler = Reconciler(policy.send_deadline_seconds(self.options.lease_seconds))

        def hear(tokens: tuple[str, ...]) -> None:
            scheduler.events.put(WakeUp(tokens))
            if SHARE in tokens:
                keeper.poke()

        side_threads = [keeper, reconciler, Listener(hear)]
        incarnation.start()
        for thread in side_threads:
            thread.start()
        wake([SHARE])
        while not (stop.is_set() or scheduler.fenced or incarnation.broken):
            incarnation.step(stop)
        for thread in side_threads:
            thread.stop()
        incarnation.finish()
        for thread in side_threads:
            thread.stop_and_join()


class Reconciler(SideThread):
    """Asks providers about uncertain items, about once a second."""

    def __init__(self, deadline_seconds: float) -> None:
        super().__init__("outbox-reconciler")
        self._deadline_seconds = deadline_seconds

    def turn(self) -> None:
        if not reconciling.reconcile(deadline_seconds=self._deadline_seconds):
            self.stopped.wait(RECONCILE_SECONDS * random.uniform(0.9, 1.1))
