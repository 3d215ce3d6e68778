"""A line between a browser and the server that a test can let go dead, as a tunnel or a router does: without a word."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RESET = struct.pack("ii", 1, 0)  # close at once, by a reset


class Line:
    """Passes everything on to `port` of this machine. While it is dead nothing passes, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._alive = threading.Event()
        self._alive.set()
        self._ends: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def go_dead(self) -> None:
        self._alive.clear()

    def come_back(self, *, forgetful: bool) -> None:
        """What was held back arrives now; or, on a forgetful line, is lost with the connections that it was in."""
        if forgetful:
            self._reset_all()
        self._alive.set()

    def close(self) -> None:
        self._door.close()
        self._reset_all()
        self._alive.set()

    def _reset_all(self) -> None:
        for end in list(self._ends):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._ends.add(near)
        self._alive.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            near.close()
            return
        self._ends.add(far)
        back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
        back.start()
        self._pass_on(near, far)
        back.join()
        for end in (near, far):
            self._ends.discard(end)
            end.close()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                self._alive.wait()
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
