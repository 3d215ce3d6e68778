"""A deadline that holds for a whole exchange over a socket, however slowly the other side drips its bytes.

Socket timeouts count from the last byte, so a server that sends one now and then never trips them. Here one daemon
thread per process shuts the sockets of exchanges whose time has come.
"""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator


class Deadline:
    """The time left for one exchange, and the socket to shut when it is over."""

    __slots__ = ("_lock", "_socket", "due", "over", "passed", "seconds")

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.due = time.monotonic() + seconds
        self.over = False  # the exchange has ended
        self.passed = False  # the socket was shut, or would have been
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def remaining(self) -> float:
        """Seconds left, never 0: a socket timeout of 0 would mean non-blocking."""
        return max(self.due - time.monotonic(), 0.001)

    def covers(self, sock: socket.socket) -> None:
        with self._lock:
            self._socket = sock
            if self.passed:
                _shut(sock)

    def strike(self) -> None:
        with self._lock:
            if not self.over:
                self.passed = True
                if self._socket is not None:
                    _shut(self._socket)

    def end(self) -> None:
        """From here on the socket may serve another exchange."""
        with self._lock:
            self.over = True
            self._socket = None


@contextlib.contextmanager
def watched(deadline: Deadline) -> Iterator[Deadline]:
    """The deadline is enforced inside the block."""
    _watchdog.watch(deadline)
    try:
        yield deadline
    finally:
        deadline.end()


def _shut(sock: socket.socket) -> None:
    # Unbound on purpose: SSLSocket.shutdown drops the TLS layer, and the reading thread would see plain bytes.
    with contextlib.suppress(OSError):  # already closed by the other side
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Watchdog:
    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)  # threads do not survive a fork

    def _reset(self) -> None:
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None

    def watch(self, deadline: Deadline) -> None:
        with self._changed:
            earliest = self._waiting[0][0] if self._waiting else None
            heapq.heappush(self._waiting, (deadline.due, next(self._numbers), deadline))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif earliest is None or deadline.due < earliest:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._waiting and self._waiting[0][2].over:
                    heapq.heappop(self._waiting)
                if not self._waiting:
                    self._changed.wait()
                    continue
                wait = self._waiting[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                deadline = heapq.heappop(self._waiting)[2]
            deadline.strike()


_watchdog = _Watchdog()
