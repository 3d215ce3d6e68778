"""The simulator's HTTP server: threads and plain sockets, because it must also hang, drip and reset."""

import contextlib
import json
import select
import socket
import socketserver
import struct
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels_app.providers.whapi.simulator.api import Api, Request
from channels_app.providers.whapi.simulator.control import Arrivals, Control
from channels_app.providers.whapi.simulator.customers import Customers
from channels_app.providers.whapi.simulator.faults import Rule, Rules
from channels_app.providers.whapi.simulator.linking import Linking
from channels_app.providers.whapi.simulator.options import Options
from channels_app.providers.whapi.simulator.sending import Done, Refusal, Sending
from channels_app.providers.whapi.simulator.state import File, State
from channels_app.providers.whapi.simulator.talking import Talking
from channels_app.providers.whapi.simulator.timing import Timetable
from channels_app.providers.whapi.simulator.webhooks import Webhooks

HOST = "127.0.0.1"
BODY_LIMIT_BYTES = 100 * 1024 * 1024
HEADER_LIMIT_BYTES = 65_536


class Simulator:
    """One simulated provider on a loopback port; port 0 takes a free one. `start` returns at once."""

    def __init__(self, port: int = 0, options: Options | None = None, state_path: Path | None = None):
        """Raises OSError when the port is taken."""
        self.options = options or Options()
        self._timetable = Timetable()
        self._state = State(self.options, state_path)
        self._webhooks = Webhooks(self.options, self._timetable)
        self._rules = Rules()
        self._arrivals = Arrivals(self.options.max_requests)
        linking = Linking(self._state, self._webhooks, self._timetable)
        sending = Sending(self._state, self._webhooks, lambda: self.base_url)
        customers = Customers(self._state, self._webhooks, lambda: self.base_url)
        self._talking = Talking(self._state, self._webhooks, self._timetable, customers)
        sending.reached.append(self._talking.reached)
        self._api = Api(self._state, self._webhooks, sending, linking)
        self._control = Control(self._state, self._webhooks, self._rules, customers, linking, self._arrivals)
        self._stopped = threading.Event()
        self._server = _Server((HOST, port), _Connection)
        self._server.simulator = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> None:
        self._timetable.start()
        self._webhooks.start()
        self._talking.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        self._timetable.stop()
        self._webhooks.stop()

    def serve(self, request: Request, sock: socket.socket) -> bool:
        """Answer one request. Returns whether the connection may be used again."""
        if request.path.startswith("/_sim/"):
            return self._answer(sock, request, *_outcome(lambda: self._control.serve(request)))
        if request.path.startswith("/files/"):
            return self._answer(sock, request, *_outcome(lambda: self._public_file(request)))
        rule = self._rules.for_request(request.method, request.path, _recipient(request), request.token)
        channel = self._state.find(request.token) if request.token else None
        entry = self._arrivals.note(request, channel.channel_id if channel else "")
        status, body, done = 200, {}, Done(None)
        if rule.accepts:
            status, body, done = _outcome(lambda: self._api.serve(self._api.channel(request), request, rule))
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
            default = {"error": {"code": status, "message": f"simulated {status}"}} if status >= 400 else body
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

    def _public_file(self, request: Request) -> File:
        file = self._api.public_file(request.path.removeprefix("/files/"))
        if file is None:
            raise Refusal(404, "specified media not found")
        return file


def _outcome(deed) -> tuple[int, Any, Done]:
    """(status, body, what follows)."""
    try:
        result = deed()
    except Refusal as refusal:
        return refusal.status, refusal.body, Done(None)
    if isinstance(result, File):
        return 200, result, Done(None)
    return 200, result.body, result


def _follow(done: Done) -> None:
    """Once."""
    while done.afterwards:
        done.afterwards.pop(0)()


def _recipient(request: Request) -> str:
    if request.method != "POST" or not request.path.startswith("/messages/"):
        return ""
    try:
        return str(json.loads(request.body)["to"])
    except (ValueError, KeyError, TypeError):
        return ""


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
