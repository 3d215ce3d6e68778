"""The HTTP server under every simulator: threads and plain sockets, because it must also hang, drip and reset."""

import contextlib
import json
import select
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels_app.providers.simulating.arrivals import Arrivals
from channels_app.providers.simulating.control import Control
from channels_app.providers.simulating.exchange import Done, File, Refusal, Request
from channels_app.providers.simulating.faults import Rule, Rules
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.timing import Timetable
from channels_app.providers.simulating.webhooks import Webhooks

HOST = "127.0.0.1"
BODY_LIMIT_BYTES = 100 * 1024 * 1024
HEADER_LIMIT_BYTES = 65_536


class Simulator:
    """One simulated provider on a loopback port; port 0 takes a free one. `start` returns at once.

    A vendor's subclass sets `webhooks` and `control`, and answers: `answer`, and where they mean something `recipient`,
    `channel_id`, `open_answer` and `error`.
    """

    title = ""  # the vendor, as a person would name it
    webhooks: Webhooks
    control: Control

    def __init__(self, port: int = 0, options: Options | None = None, state_path: Path | None = None):
        """`state_path` is a file that keeps channels over a restart. Raises OSError when the port is taken."""
        self.options = options or Options()
        self.state_path = state_path
        self.timetable = Timetable()
        self.rules = Rules()
        self.arrivals = Arrivals(self.options.max_requests)
        self._stopped = threading.Event()
        self._server = _Server((HOST, port), _Connection)
        self._server.simulator = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True)

    # --- What a vendor says ---

    def answer(self, request: Request, rule: Rule) -> Done:
        """The provider's answer. Raises Refusal."""
        raise NotImplementedError

    def recipient(self, request: Request) -> str:
        """Whom a request is about, for fault rules with `to`."""
        return ""

    def token(self, request: Request) -> str:
        """Who asks, for fault rules with `token`."""
        return request.bearer

    def channel_id(self, request: Request) -> str:
        """Which number a request is about, for the log of requests."""
        return ""

    def open_answer(self, request: Request) -> Done | None:
        """For paths that are no part of the provider's API and meet no rules, as public files. Raises Refusal."""
        return None

    def error(self, status: int) -> Any:
        """The body of an error that a rule asks for without saying more."""
        return {"error": {"code": status, "message": f"simulated {status}"}}

    # --- Serving ---

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> None:
        self.timetable.start()
        self.webhooks.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        self.timetable.stop()
        self.webhooks.stop()

    def serve(self, request: Request, sock: socket.socket) -> bool:
        """Answer one request. Returns whether the connection may be used again."""
        if request.path.startswith("/_sim/"):
            return self._answer(sock, request, *_outcome(lambda: self.control.serve(request)))
        status, body, done = _outcome(lambda: self.open_answer(request))
        if body is not None:
            return self._answer(sock, request, status, body, done)
        rule = self.rules.for_request(request.method, request.path, self.recipient(request), self.token(request))
        entry = self.arrivals.note(request, self.channel_id(request))
        status, body, done = 200, {}, Done(None)
        if rule.accepts:
            status, body, done = _outcome(lambda: self.answer(request, rule))
            entry["accepted"] = status < 400
        if rule.then != "answer" or rule.drip_ms:
            _follow(done)  # there may be no answer to wait for
        try:
            return self._with_fault(sock, request, rule, status, body, entry)
        finally:
            entry["answered_at"] = time.time()
            _follow(done)

    def _with_fault(
        self, sock: socket.socket, request: Request, rule: Rule, status: int, body: Any, entry: dict[str, Any]
    ) -> bool:
        if rule.delay_ms:
            self._stopped.wait(rule.delay_ms / 1000)
        if rule.then == "hang":
            self._hang(sock)
        elif rule.then == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if rule.then != "answer":
            return False
        if rule.status is not None or rule.body is not None:
            status = rule.status or 200
            default = self.error(status) if status >= 400 else body
            body = default if rule.body is None else rule.body
        entry["status"] = status
        return self._answer(sock, request, status, body, Done(None), rule)

    def _hang(self, sock: socket.socket) -> None:
        """Until the client gives up."""
        while not self._stopped.is_set():
            readable, _, _ = select.select([sock], [], [], 0.1)
            if readable and not sock.recv(1, socket.MSG_PEEK):
                return

    def _answer(
        self, sock: socket.socket, request: Request, status: int, body: Any, done: Done, rule: Rule | None = None
    ) -> bool:
        rule = rule or Rule()
        if isinstance(body, File):
            kind, content = body.mime_type, body.content
        elif isinstance(body, str):
            kind, content = "text/html", body.encode()
        else:
            kind, content = "application/json", json.dumps(body).encode()
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), **rule.headers}
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
        head = f"HTTP/1.1 {status} {phrase}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        answer = head.encode("latin-1") + (b"" if request.method == "HEAD" else content)
        try:
            self._write(sock, answer, rule.drip_ms / 1000)
        except OSError:
            return False  # the client has gone
        return request.headers.get("connection", "").lower() != "close"

    def _write(self, sock: socket.socket, answer: bytes, pause: float) -> None:
        if not pause:
            sock.sendall(answer)
            return
        for place in range(len(answer)):
            sock.sendall(answer[place : place + 1])
            if self._stopped.wait(pause):
                return


def _outcome(deed: Callable[[], Done | None]) -> tuple[int, Any, Done]:
    """(status, body, what follows)."""
    try:
        done = deed() or Done(None)
    except Refusal as refusal:
        return refusal.status, refusal.body, Done(None)
    return 200, done.body, done


def _follow(done: Done) -> None:
    """Once."""
    while done.afterwards:
        done.afterwards.pop(0)()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    simulator: Simulator

    def __init__(self, *args: Any):
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Without the polite FIN of the base class: a connection that is to be reset must only be closed."""
        self._open.discard(request)
        request.close()

    def cut_connections(self) -> None:
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(socketserver.BaseRequestHandler):
    """One client connection, kept alive."""

    server: _Server

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = self.request.makefile("rb")
        try:
            while (request := _read(stream, self.request)) is not None:
                if not self.server.simulator.serve(request, self.request):
                    return
        except OSError:
            return  # the client has gone
        finally:
            stream.close()


def _read(stream: Any, sock: socket.socket) -> Request | None:
    """The next request, or None when there is none or it is not HTTP."""
    parts = stream.readline(HEADER_LIMIT_BYTES).decode("latin-1").split()
    if len(parts) != 3:
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline(HEADER_LIMIT_BYTES)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    size = int(length) if length.isdecimal() else 0
    if size > BODY_LIMIT_BYTES:
        return None
    if headers.get("expect", "").lower() == "100-continue":
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _chunked(stream) if headers.get("transfer-encoding", "").lower() == "chunked" else stream.read(size)
    url = urlsplit(parts[1])
    return Request(parts[0].upper(), url.path, dict(parse_qsl(url.query, keep_blank_values=True)), headers, body)


def _chunked(stream: Any) -> bytes:
    body = b""
    while (size := int(stream.readline(100).split(b";")[0] or b"0", 16)) and len(body) < BODY_LIMIT_BYTES:
        body += stream.read(size)
        stream.readline(10)
    stream.readline(10)
    return body
