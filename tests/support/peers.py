"""Servers on real sockets that behave as a test says, and calls to them."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kernel import http

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"a": true}'
SECRET = "token-that-nobody-may-see"


class Peer:
    """A server whose every connection is handled by `behave(connection, number)`."""

    def __init__(self, listener: socket.socket):
        self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/path?token={SECRET}"
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopped = threading.Event()

    def read(self, connection: socket.socket) -> bytes:
        """One request: headers and, by its length, the body."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return data
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"ontent-Length" in line), 0)
        while len(body) < length and (chunk := connection.recv(65536)):
            body += chunk
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def drip(self, connection: socket.socket, data: bytes, pause: float = 0.05) -> None:
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            if self.stopped.wait(pause):
                return


@contextmanager
def serving(behave: Callable[[Peer, socket.socket, int], None], host: str = "127.0.0.1") -> Iterator[Peer]:
    with socket.create_server((host, 0)) as listener:
        peer = Peer(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                peer.connections += 1
                threading.Thread(target=handle, args=(connection, peer.connections), daemon=True).start()

        def handle(connection: socket.socket, number: int) -> None:
            with connection:
                try:
                    behave(peer, connection, number)
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield peer
        finally:
            peer.stopped.set()
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def answering(*answers: bytes) -> Iterator[Peer]:
    """Each request on a connection gets the next answer; the last one repeats."""

    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        turn = 0
        while peer.read(connection):
            connection.sendall(answers[min(turn, len(answers) - 1)])
            turn += 1

    with serving(behave) as peer:
        yield peer


def call(url: str, method: str = "POST", **more):
    settings = {"json": {"b": 1}, "deadline": 5, "max_bytes": 1_000_000, "allow_private": True, **more}
    return http.request(method, url, **{"session": http.Session(), **settings})


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def failed(kind: type[http.HttpFailure], code: str, url: str, **more) -> http.HttpFailure:
    with pytest.raises(http.HttpFailure) as caught:
        call(url, **more)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    return caught.value
