"""Outbound HTTP on `requests`: a total deadline, a size cap, no redirects, no private addresses, no secrets in errors.

What can be trusted about a failure: `NotSent` means that not one byte of the body (or, without a body, of the request)
was handed to the network; `NoAnswer` means that the other side may have acted on the request.
"""

import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from json import loads
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests  # noqa: TID251  the one place
import urllib3
from requests.adapters import HTTPAdapter  # noqa: TID251

from kernel.addresses import Unresolved, callable_addresses
from kernel.deadlines import Deadline, watched

KEEP_ALIVE_IDLE_SECONDS = 4.0
"""Below the 5 s after which common servers close an idle connection: a request must not race with that close."""
ERROR_BODY_LIMIT_BYTES = 65_536
CHUNK_BYTES = 65_536
POOLED_HOSTS = 64


class HttpFailure(Exception):
    """A request without a usable answer. `code` is for programs; the message names the host and never path or headers.

    Codes: timeout, dns, refused_address, connect, tls, bad_url, reset, too_large, protocol, sink.
    """

    def __init__(self, code: str, detail: str):
        self.code = code
        self.detail = detail
        super().__init__(detail)


class NotSent(HttpFailure):
    """Certainly not received. Trying again is safe."""


class NoAnswer(HttpFailure):
    """The request left and may have taken effect; the answer did not come, broke off or was too large."""


@dataclass(frozen=True)
class Response:
    """A complete answer of any status. `headers` ignores case. `body` is empty when it went into the sink."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float
    size: int = 0  # of the body, also when it went into the sink

    def json(self) -> Any:
        """Raises ValueError."""
        try:
            return loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class Session:
    """Keep-alive connections of one thread. Not to be shared between threads."""

    def __init__(self) -> None:
        self._adapters: dict[bool, _Adapter] = {}

    def adapter(self, allow_private: bool) -> "_Adapter":
        """Apart by what was allowed, so that a guarded call never rides on an unguarded connection."""
        if allow_private not in self._adapters:
            self._adapters[allow_private] = _Adapter(pool_connections=POOLED_HOSTS, pool_maxsize=1, max_retries=0)
        return self._adapters[allow_private]

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()
        self._adapters.clear()


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    data: bytes | BinaryIO | None = None,
    params: Mapping[str, Any] | None = None,
    deadline: float,
    max_bytes: int,
    sink: BinaryIO | None = None,
    allow_private: bool = False,
    session: Session | None = None,
) -> Response:
    """One request within `deadline` seconds in total, however slowly the other side drips its answer.

    The answer may hold `max_bytes` of decoded body. With `sink`, the body of a 2xx answer is written there as it comes.
    Redirects are returned, never followed. Addresses that are not public are refused, unless `allow_private`; loopback
    is allowed when settings.DEBUG. Raises NotSent or NoAnswer.
    """
    call = _Call(_host_of(url), Deadline(deadline), allow_private)
    prepared = _prepared(call, method, url, headers, json, data, params)
    call.has_body = bool(prepared.body)
    started = time.monotonic()
    adapter = (session or _thread_session()).adapter(allow_private)
    response = None
    _current.call = call
    try:
        with watched(call.deadline):
            response = adapter.send(prepared, stream=True, timeout=call.deadline.remaining(), proxies={})
            body, size = _read(response, call, max_bytes, sink)
        return Response(response.status_code, response.headers, body, time.monotonic() - started, size)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise call.failure(error) from None  # the original's text holds the URL
    finally:
        _current.call = None
        if response is not None and not _returned_to_pool(response):
            response.raw.close()


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname
    except ValueError:
        pass
    raise NotSent("bad_url", "The address is not an http or https URL.")


def _prepared(call, method, url, headers, json, data, params) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    sent = {"User-Agent": "Waybill", "Accept-Encoding": "gzip, deflate", **(headers or {})}
    try:
        prepared.prepare(method=method, url=url, headers=sent, json=json, data=data, params=params)
    except (requests.RequestException, ValueError):
        raise NotSent("bad_url", f"The request to {call.host} could not be built.") from None
    return prepared


def _read(response: requests.Response, call: "_Call", max_bytes: int, sink: BinaryIO | None) -> tuple[bytes, int]:
    into_sink = sink is not None and 200 <= response.status_code < 300
    limit = max_bytes if into_sink or sink is None else min(max_bytes, ERROR_BODY_LIMIT_BYTES)
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
        raise NoAnswer("too_large", f"The answer of {call.host} is larger than {limit} bytes.")
    parts, size = [], 0
    for chunk in response.raw.stream(CHUNK_BYTES, decode_content=True):
        size += len(chunk)
        if size > limit:
            raise NoAnswer("too_large", f"The answer of {call.host} is larger than {limit} bytes.")
        if into_sink:
            _write(sink, chunk)
        else:
            parts.append(chunk)
    if call.deadline.passed:
        raise call.failure(TimeoutError())
    return b"".join(parts), size


def _write(sink: BinaryIO, chunk: bytes) -> None:
    try:
        sink.write(chunk)
    except OSError as error:
        raise NoAnswer("sink", f"The answer could not be stored: {error.strerror or 'write failed'}.") from error


def _returned_to_pool(response: requests.Response) -> bool:
    """urllib3 gives a connection back by itself when the whole body was read."""
    return response.raw._connection is None


# --- One call ---


class _Call:
    """What is known of the call in progress: where it goes and how far it got."""

    __slots__ = ("allow_private", "body_left", "deadline", "has_body", "host", "sends")

    def __init__(self, host: str, deadline: Deadline, allow_private: bool):
        self.host = host
        self.deadline = deadline
        self.allow_private = allow_private
        self.has_body = False
        self.sends = 0
        self.body_left = False

    def about_to_send(self) -> None:
        """The first write carries the headers, the following ones the body."""
        self.sends += 1
        if self.sends > 1 or not self.has_body:
            self.body_left = True

    def failure(self, error: BaseException) -> HttpFailure:
        kind = NoAnswer if self.body_left else NotSent
        deadline = self.deadline
        if deadline.passed or time.monotonic() >= deadline.due or _caused_by(error, TimeoutError):
            return kind("timeout", f"{self.host} did not answer within {deadline.seconds:g} seconds.")
        if _caused_by(error, ssl.SSLError, ssl.CertificateError) and not self.body_left:
            return kind("tls", f"A safe connection to {self.host} could not be made.")
        if self.body_left:
            return kind("reset", f"The connection to {self.host} broke before its answer was complete.")
        return kind("connect", f"No connection to {self.host} could be made.")


def _caused_by(error: BaseException | None, *kinds: type[BaseException]) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, kinds) or any(isinstance(arg, kinds) for arg in error.args):
            return True
        reason = getattr(error, "reason", None)
        inner = (
            reason
            if isinstance(reason, BaseException)
            else next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        )
        error, seen = inner or error.__cause__ or error.__context__, seen + 1
    return False


_current = threading.local()


def _thread_session() -> Session:
    session = getattr(_current, "session", None)
    if session is None:
        session = _current.session = Session()
    return session


# --- Connections ---


class _Connecting:
    """Mixed into urllib3's connections: pins the address, tells the current call its socket and its progress."""

    used_at = 0.0

    def _new_conn(self) -> socket.socket:
        """To an address that was checked: asking the resolver again could give another one (DNS rebinding)."""
        call: _Call = _current.call
        trouble: OSError | None = None
        for address in _addresses(call, self._dns_host, self.port):
            try:
                sock = socket.create_connection((address, self.port), timeout=call.deadline.remaining())
            except OSError as error:
                trouble = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            call.deadline.covers(sock)
            return sock
        # As urllib3's own: it takes a bare reset for one that came after the request, and reads from no socket at all.
        raise urllib3.exceptions.NewConnectionError(self, "refused, reset or too late") from trouble

    def send(self, data: Any) -> None:
        call: _Call = _current.call
        if self.sock is None:
            self.connect()
        if call.sends == 0:
            call.deadline.covers(self.sock)
        call.about_to_send()
        super().send(data)


def _addresses(call: _Call, host: str, port: int) -> list[str]:
    seconds = call.deadline.remaining()
    try:
        found = callable_addresses(host, port, allow_private=call.allow_private, seconds=seconds)
    except Unresolved as trouble:
        if trouble.late:
            raise NotSent("timeout", f"{host} was not resolved within {call.deadline.seconds:g} seconds.") from None
        raise NotSent("dns", f"The name {host} could not be resolved.") from None
    if not found:
        raise NotSent("refused_address", f"{host} is not a public address, and only public ones may be called.")
    return found


class _PlainConnection(_Connecting, urllib3.connection.HTTPConnection):
    pass


class _TlsConnection(_Connecting, urllib3.connection.HTTPSConnection):
    pass


class _Pooling:
    """Mixed into urllib3's pools: forgets a connection that was idle so long that the server may be closing it."""

    def _get_conn(self, timeout=None):
        conn = super()._get_conn(timeout)
        if conn.sock is not None and time.monotonic() - conn.used_at > KEEP_ALIVE_IDLE_SECONDS:
            conn.close()
        return conn

    def _put_conn(self, conn) -> None:
        if conn is not None:
            conn.used_at = time.monotonic()
        super()._put_conn(conn)


class _PlainPool(_Pooling, urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(_Pooling, urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


@cache
def _tls_context() -> ssl.SSLContext:
    """One for the process: reading the file of authorities again costs each new connection some milliseconds.

    The environment's REQUESTS_CA_BUNDLE replaces the public authorities.
    """
    return ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or requests.certs.where())


class _Adapter(HTTPAdapter):
    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> tuple[dict, dict]:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": _tls_context()} if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies, always."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
