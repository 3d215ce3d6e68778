"""The applier of a process: a thread that applies what is pending, woken by each store; a poll is its safety net."""

import logging
import os
import threading

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection, reset_queries

from webhooks.services.applying import apply_pending

log = logging.getLogger("waybill.webhooks")

POLL_SECONDS = 1.0
PAUSE_SECONDS = 0.004
"""Between rounds under load, so that the next one has a batch to work on. Well below a frame of a screen."""

LONGEST_RETRY_SECONDS = 5.0


class Applier:
    """Rounds until told to stop. `run` is the body of one thread, or of several that share the work."""

    def __init__(self) -> None:
        self._woken = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()

    def run(self) -> None:
        """Apply what is pending, at once when woken and at the latest every POLL_SECONDS.

        A database that is away is asked again after a growing pause; nothing is lost, because nothing is in memory.
        """
        failures = 0
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                try:
                    done = apply_pending()
                    reset_queries()  # with DEBUG, Django keeps every statement until somebody does
                    failures = 0
                except DatabaseError as error:
                    failures += 1
                    self._after_failure(error, failures)
                    continue
                except Exception:
                    failures += 1
                    log.exception("webhook.applier_failed")
                    self._stopping.wait(min(failures, LONGEST_RETRY_SECONDS))
                    continue
                if done:
                    self._stopping.wait(PAUSE_SECONDS)
                else:
                    close_old_connections()
                    self._woken.wait(POLL_SECONDS)
        finally:
            connection.close()

    def _after_failure(self, error: DatabaseError, failures: int) -> None:
        log.warning("webhook.applier_waits error=%s failures=%s", type(error).__name__, failures)
        connection.close()
        self._stopping.wait(min(0.1 * 2**failures, LONGEST_RETRY_SECONDS))


class _InThisProcess:
    """The process's own applier, started by the first store. A forked child starts another."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._applier: Applier | None = None
        self._thread: threading.Thread | None = None
        self._process = 0

    def wake(self) -> None:
        applier = self._applier
        if applier is None or self._process != os.getpid() or not self._thread.is_alive():
            applier = self._start()
        applier.wake()

    def stop(self, timeout: float = 10.0) -> None:
        with self._guard:
            applier, thread, self._applier = self._applier, self._thread, None
        if applier is not None and self._process == os.getpid():
            applier.stop()
            thread.join(timeout)

    def _start(self) -> Applier:
        with self._guard:
            if self._applier is None or self._process != os.getpid() or not self._thread.is_alive():
                self._process = os.getpid()
                self._applier = Applier()
                self._thread = threading.Thread(target=self._applier.run, name="waybill-applier", daemon=True)
                self._thread.start()
            return self._applier


_own = _InThisProcess()


def wake() -> None:
    """Something was stored and committed: apply it now, in this process, without making the caller wait."""
    _own.wake()


def stop() -> None:
    """End this process's applier and its database connection. What is pending stays pending."""
    _own.stop()
