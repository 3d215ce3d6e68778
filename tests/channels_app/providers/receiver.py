"""A small web server that stands where Waybill's webhook URL is, and remembers what was called."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PREFIX = "/hook"


@dataclass
class Call:
    method: str
    suffix: str  # the path after the webhook's own
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    def __init__(self, server: ThreadingHTTPServer):
        self.url = f"http://127.0.0.1:{server.server_port}{PREFIX}"
        self.calls: list[Call] = []
        self.answers: list[int] = []  # statuses of the next answers; 200 when empty


@contextmanager
def running_receiver(verify_token: str = "") -> Iterator[Receiver]:
    """`verify_token` is what a vendor that tries the address by GET must know, as Meta does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            suffix = self.path.removeprefix(PREFIX).lstrip("/")
            receiver.calls.append(Call(self.command, suffix, dict(self.headers), body))
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            known = verify_token and asked.get("hub.verify_token") == verify_token
            answer = asked.get("hub.challenge", "").encode() if known else b""
            self.send_response(200 if known else 403)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_PATCH = do_DELETE = _take

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
