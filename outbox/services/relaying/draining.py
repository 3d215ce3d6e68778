"""Drains the outbox once: what cron, the schedule and the command all call."""

import logging
import threading
import time
from dataclasses import asdict, dataclass

from django.db import connection

from outbox import policy
from outbox.services import reconciling, settling
from outbox.services.relaying import owning
from outbox.services.relaying.relay import Incarnation, RelayOptions
from outbox.services.relaying.threads import housekeep
from outbox.states import ItemState

log = logging.getLogger("waybill.outbox.draining")

QUIET_SECONDS = 0.3  # of nothing to do, until a run is over
REMAINING_LIMIT = 10_000  # counting stops there


@dataclass(frozen=True)
class DrainReport:
    """What a run did, and what it left. `remaining` stops counting at 10,000."""

    sent: int
    failed: int
    retried: int
    uncertain: int
    remaining: int
    paused_lanes: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def drain_once(*, max_seconds: float = 50.0, options: RelayOptions | None = None) -> DrainReport:
    """Send what is due in lanes that no relay owns, until nothing is left to do or `max_seconds` have passed.

    Beside a living relay it finds no free lane and returns soon; two runs at once share nothing. Runs in own threads.
    Raises RuntimeError inside a transaction, and whatever the database raises when it is away.
    """
    if connection.in_atomic_block:
        raise RuntimeError("The outbox cannot be drained inside a transaction: it calls the network.")
    run = _Run(max_seconds, options or RelayOptions.from_settings())
    thread = threading.Thread(target=run, name="outbox-drain", daemon=True)
    thread.start()
    thread.join()
    if run.error is not None:
        raise run.error
    return run.report


class _Run:
    def __init__(self, max_seconds: float, options: RelayOptions) -> None:
        self._until = time.monotonic() + max_seconds
        self._options = options
        self.report: DrainReport
        self.error: Exception | None = None

    def __call__(self) -> None:
        try:
            self.report = self._drain()
        except Exception as error:
            self.error = error
        finally:
            connection.close()

    def _drain(self) -> DrainReport:
        housekeep()
        settling.tell_again()
        owning.forget_old_workers()
        incarnation = Incarnation(self._options, shares=False)
        scheduler = incarnation.scheduler
        incarnation.start()
        try:
            taken, _ = owning.take_share(incarnation.worker_id)
            if taken:
                self._send(incarnation)
        finally:
            incarnation.finish()
        deadline = policy.send_deadline_seconds(self._options.lease_seconds)
        while time.monotonic() < self._until and reconciling.reconcile(deadline_seconds=deadline):
            pass
        remaining, paused_lanes = _left()
        return DrainReport(
            sent=scheduler.tally[ItemState.SENT],
            failed=scheduler.tally[ItemState.FAILED],
            retried=scheduler.tally[ItemState.QUEUED],
            uncertain=scheduler.tally[ItemState.UNCERTAIN],
            remaining=remaining,
            paused_lanes=paused_lanes,
        )

    def _send(self, incarnation: Incarnation) -> None:
        scheduler = incarnation.scheduler
        stop = threading.Event()
        quiet_since = time.monotonic()
        while time.monotonic() < self._until and not (scheduler.fenced or incarnation.broken):
            incarnation.step(stop, timeout=0.02)
            if not scheduler.is_quiet() or scheduler.last_activity > quiet_since:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > QUIET_SECONDS and scheduler.passes > 0:
                return


def _left() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select (select count(*) from (select 1 from outbox_item where open limit %s) waiting),
                   (select count(*) from outbox_lane
                    where paused or closed or (not_before is not null and not_before > clock_timestamp()))
            """,
            [REMAINING_LIMIT],
        )
        return cursor.fetchone()
