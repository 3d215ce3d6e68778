"""Deeds that happen later: one thread, one heap."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("waybill.simulator")


class Timetable:
    """Calls functions at their time, in the order of time and then of asking."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="simulator-timetable", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(5)

    def after(self, seconds: float, deed: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), deed))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                deed = heapq.heappop(self._due)[2]
            try:
                deed()
            except Exception:
                log.exception("simulator.deed_failed")
