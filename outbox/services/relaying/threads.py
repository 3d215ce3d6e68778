"""The relay's side threads: lease, keeper, listener. Each has a connection and outlives the database's absence."""

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable

from django.db import connection

from outbox import policy
from outbox.errors import whereabouts
from outbox.services import holding, scheduling, settling
from outbox.services.relaying import owning
from outbox.services.waking import EVERYTHING, NOTIFY_CHANNEL, wake

log = logging.getLogger("waybill.outbox.relay")

# The scheduler names its rows by their keys, hundreds at a time. A planner that has seen a small table would remember
# to read all of it, once for each of them; and compiling costs more than any statement here.
SESSION_SETTINGS = {
    "idle_in_transaction_session_timeout": "2s",
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "enable_seqscan": "off",
    "enable_memoize": "off",
    "random_page_cost": "1.1",
    "jit": "off",
}
PREPARE_AFTER = 5  # executions; the same few statements are planned once and not a hundred times a second
RECONNECT_SECONDS = (0.1, 2.0)
KEEPER_SECONDS = 1.0
TELL_AGAIN_SECONDS = 30.0
FORGET_SECONDS = 3600.0
CALL_AFTER_SECONDS = 30.0  # of silence
DEAF_AFTER_SECONDS = 5.0


class Session:
    """This thread's connection with time limits and settings of its own, set again after each reconnect.

    The limit on idle transactions is what lets others take over from a process that froze while holding its locks.
    """

    def __init__(self) -> None:
        self._limited: object = None
        self._wait = RECONNECT_SECONDS[0]

    def ready(self) -> None:
        connection.ensure_connection()
        if connection.connection is not self._limited:
            with connection.cursor() as cursor:
                cursor.execute("; ".join(f"set {name} = '{value}'" for name, value in SESSION_SETTINGS.items()))
            connection.connection.prepare_threshold = PREPARE_AFTER
            self._limited = connection.connection

    def succeeded(self) -> None:
        self._wait = RECONNECT_SECONDS[0]

    def failed(self, error: Exception, stopped: threading.Event) -> None:
        """Note the failure, drop the connection and wait, longer each time and never in step with other processes."""
        log.warning("outbox.database_failed thread=%s error=%s", threading.current_thread().name, whereabouts(error))
        let_go()
        stopped.wait(self._wait * random.uniform(0.5, 1.5))
        self._wait = min(self._wait * 2, RECONNECT_SECONDS[1])


def let_go() -> None:
    """Close this thread's connection. One that goes back into a pool must not bring our settings to whoever is next."""
    raw = connection.connection
    if raw is not None and connection.settings_dict["OPTIONS"].get("pool"):
        try:
            raw.rollback()
            raw.execute("; ".join(f"reset {name}" for name in SESSION_SETTINGS))
            raw.prepare_threshold = None
        except Exception:  # broken; the pool throws a closed one away
            raw.close()
    connection.close()


class SideThread(threading.Thread):
    """Runs `turn` again and again until stopped; a failure of the database only delays the next turn."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stopped = threading.Event()

    def run(self) -> None:
        session = Session()
        while not self.stopped.is_set():
            try:
                session.ready()
                self.turn()
                session.succeeded()
            except Exception as error:
                session.failed(error, self.stopped)
        let_go()

    def turn(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopped.set()

    def stop_and_join(self) -> None:
        self.stop()
        if self.is_alive():
            self.join(timeout=10)


class Lease(SideThread):
    """Renews the worker's lease. `lost` is set once and for ever when the database says that the worker is dead."""

    def __init__(self, worker_id: int, lease_seconds: float, registered_at: float) -> None:
        super().__init__("outbox-lease")
        self._worker_id = worker_id
        self._seconds = lease_seconds
        self._needed = policy.send_deadline_seconds(lease_seconds) + policy.lease_margin_seconds(lease_seconds)
        self._until = registered_at + lease_seconds
        self.lost = threading.Event()

    def may_start(self) -> bool:
        """Whether an attempt that starts now ends inside the lease, by this process's own clock."""
        return not self.lost.is_set() and time.monotonic() + self._needed < self._until

    def turn(self) -> None:
        asked_at = time.monotonic()
        if not owning.renew(self._worker_id, self._seconds):
            self.lost.set()
            self.stopped.set()
            return
        self._until = asked_at + self._seconds
        self.stopped.wait(policy.renewal_seconds(self._seconds) * random.uniform(0.8, 1.0))


class Keeper(SideThread):
    """Keeps house about once a second: the dead, the share of lanes, scheduled items, holds that ended."""

    def __init__(self, worker_id: int, *, on_lanes: Callable[[], None], on_surplus: Callable[[int], None]) -> None:
        super().__init__("outbox-keeper")
        self._worker_id = worker_id
        self._on_lanes = on_lanes
        self._on_surplus = on_surplus
        self._poked = threading.Event()
        self._told_at = self._forgot_at = time.monotonic()

    def poke(self) -> None:
        self._poked.set()

    def stop(self) -> None:
        super().stop()
        self._poked.set()

    def turn(self) -> None:
        self._poked.clear()
        housekeep()
        taken, surplus = owning.take_share(self._worker_id)
        if taken:
            self._on_lanes()
        if surplus:
            self._on_surplus(surplus)
        now = time.monotonic()
        if now - self._told_at > TELL_AGAIN_SECONDS:
            self._told_at = now
            settling.tell_again()
        if now - self._forgot_at > FORGET_SECONDS:
            self._forgot_at = now
            owning.forget_old_workers()
        self._poked.wait(KEEPER_SECONDS * random.uniform(0.9, 1.1))


def housekeep() -> None:
    """What any process may do at any time, in one round: each piece is a transaction that skips what others hold."""
    owning.bury_the_dead()
    scheduling.enter_due_items()
    holding.end_passed_holds()


class Deaf(Exception):
    """What was sent to ourselves did not arrive, although the connection seems to live."""


class Listener(SideThread):
    """Hands over what NOTIFY brings. After each LISTEN everything is read once, because what came before it is lost.

    When it hears nothing for long it calls itself: behind a pooler, or after a failover, a connection may answer and
    yet never bring a notification.
    """

    def __init__(self, hear: Callable[[tuple[str, ...]], None]) -> None:
        super().__init__("outbox-listener")
        self._hear = hear
        self._listening: object = None
        self._call = f"call:{uuid.uuid4().hex}"
        self._called = False
        self._heard_at = 0.0  # or called at

    def turn(self) -> None:
        raw = connection.connection
        if raw is not self._listening:
            raw.execute(f"listen {NOTIFY_CHANNEL}")
            self._listening = raw
            self._note_life()
            self._hear((EVERYTHING,))
        for notice in raw.notifies(timeout=1.0):
            self._note_life()
            self._hear(tuple(notice.payload.split(" ")))
            if self.stopped.is_set():
                return
        raw.execute("select 1")
        silent = time.monotonic() - self._heard_at
        if self._called and silent > DEAF_AFTER_SECONDS:
            log.warning("outbox.listener_deaf")
            raise Deaf
        if not self._called and silent > CALL_AFTER_SECONDS:
            self._called, self._heard_at = True, time.monotonic()
            wake([self._call])

    def _note_life(self) -> None:
        self._called, self._heard_at = False, time.monotonic()
