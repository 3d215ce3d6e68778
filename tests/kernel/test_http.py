"""Outbound HTTP against real sockets that behave badly: what can be said about a failed request must be true."""

import errno
import gzip
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kernel import http
from tests.support.peers import OK, SECRET, Peer, answering, call, failed, reset, serving

# --- Answers ---


def test_a_request_carries_what_was_asked_and_brings_the_answer():
    with answering(OK) as peer:
        answer = call(peer.url, headers={"Authorization": "Bearer t"}, params={"q": "a b"})
    assert (answer.status, answer.json(), answer.headers["content-type"]) == (200, {"a": True}, "application/json")
    assert 0 < answer.elapsed < 5
    (request,) = peer.requests
    assert request.startswith(b"POST /path?token=token-that-nobody-may-see&q=a+b HTTP/1.1\r\n")
    assert b"Authorization: Bearer t" in request
    assert request.endswith(b'{"b": 1}')


def test_any_status_is_an_answer_and_redirects_are_not_followed():
    for status in (b"404 Not Found", b"500 Oops"):
        with answering(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nno") as peer:
            assert call(peer.url).body == b"no"
    with answering(b"HTTP/1.1 302 Found\r\nLocation: http://example.org/\r\nContent-Length: 0\r\n\r\n") as peer:
        answer = call(peer.url)
        assert (answer.status, len(peer.requests)) == (302, 1)


def test_a_file_is_written_as_it_comes_but_the_body_of_an_error_is_not():
    with answering(OK.replace(b"200 OK", b"404 No"), OK) as peer:
        sink = io.BytesIO()
        session = http.Session()
        answer = call(peer.url, "GET", sink=sink, session=session)
        assert (answer.body, sink.getvalue()) == (b'{"a": true}', b"")
        answer = call(peer.url, "GET", sink=sink, session=session)
        assert (answer.body, answer.size, sink.getvalue()) == (b"", 11, b'{"a": true}')


def test_a_file_is_streamed_up():
    with answering(OK) as peer:
        call(peer.url, json=None, data=io.BytesIO(b"x" * 200_000), headers={"Content-Type": "image/png"})
        assert peer.requests[0].endswith(b"x" * 200_000)


# --- The deadline ---


@pytest.mark.parametrize("part", ["headers", "body", "first byte"])
def test_the_deadline_holds_against_a_server_that_drips(part):
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)
        if part == "body":
            connection.sendall(OK[:-11])
            peer.drip(connection, OK[-11:], 0.2)
        elif part == "headers":
            peer.drip(connection, OK)
        peer.stopped.wait(10)

    with serving(behave) as peer:
        started = time.monotonic()
        failed(http.NoAnswer, "timeout", peer.url, deadline=0.5)
        assert time.monotonic() - started < 1.5


def test_an_answer_without_a_length_that_is_cut_by_the_deadline_is_not_taken_for_whole():
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\npart")
        peer.stopped.wait(10)

    with serving(behave) as peer:
        failed(http.NoAnswer, "timeout", peer.url, deadline=0.3)


def test_the_deadline_holds_when_nobody_reads_the_request():
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.stopped.wait(10)

    with serving(behave) as peer:
        started = time.monotonic()
        failed(http.NoAnswer, "timeout", peer.url, json=None, data=io.BytesIO(b"x" * 30_000_000), deadline=0.5)
        assert time.monotonic() - started < 1.5


def test_a_deadline_does_not_cut_the_next_call_on_the_same_connection():
    with answering(OK) as peer:
        session = http.Session()
        call(peer.url, session=session, deadline=0.2)
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            assert call(peer.url, session=session).status == 200
        assert peer.connections == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # threads are what this test is about
def test_after_a_fork_the_deadline_still_holds():
    with answering(OK) as peer:
        assert call(peer.url).status == 200  # the watchdog runs in this process

        def behave(peer: Peer, connection: socket.socket, number: int) -> None:
            peer.read(connection)
            peer.drip(connection, OK)

        with serving(behave) as dripping:
            child = os.fork()
            if child == 0:
                try:
                    call(dripping.url, deadline=0.3)
                except http.NoAnswer as failure:
                    os._exit(7 if failure.code == "timeout" else 1)
                os._exit(1)
            until = time.monotonic() + 10
            while (done := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
                peer.stopped.wait(0.02)
            assert os.waitstatus_to_exitcode(done[1]) == 7


# --- Sent or not sent ---


def test_a_port_where_nobody_listens_received_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failed(http.NotSent, "connect", f"http://127.0.0.1:{port}/{SECRET}")


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(ConnectionResetError(errno.ECONNRESET, "reset"), "connect"), (TimeoutError("timed out"), "timeout")],
)
def test_a_server_that_dies_before_the_connection_stands_received_nothing(trouble, code, monkeypatch):
    def connect(address, timeout):
        raise trouble

    monkeypatch.setattr(socket, "create_connection", connect)
    failed(http.NotSent, code, f"http://127.0.0.1:9/{SECRET}")


def test_a_name_that_does_not_exist_received_nothing():
    failure = failed(http.NotSent, "dns", f"http://nowhere.invalid/{SECRET}")
    assert "nowhere.invalid" in str(failure)


def test_a_resolver_that_hangs_counts_against_the_deadline(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: released.wait(10) and [])
    try:
        failed(http.NotSent, "timeout", "http://slow.invalid/", deadline=0.2)
    finally:
        released.set()


@pytest.mark.parametrize("url", ["ftp://example.org/", "http:///x", "//example.org", "http://[::1", "x"])
def test_what_is_no_web_address_is_refused(url):
    failed(http.NotSent, "bad_url", url)


def test_a_connection_that_is_reset_after_the_request_may_have_been_served():
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)
        reset(connection)

    with serving(behave) as peer:
        failed(http.NoAnswer, "reset", peer.url)


def test_an_answer_that_breaks_off_is_no_answer():
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)
        connection.sendall(OK[:-4])

    with serving(behave) as peer:
        failed(http.NoAnswer, "reset", peer.url)


def test_a_connection_that_closes_without_an_answer_is_not_tried_again():
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)

    with serving(behave) as peer:
        failed(http.NoAnswer, "reset", peer.url)
        assert (peer.connections, len(peer.requests)) == (1, 1)


def test_nonsense_instead_of_http_is_no_answer():
    with answering(b"220 mail.example.org ESMTP\r\n\r\n") as peer:
        failed(http.NoAnswer, "reset", peer.url)


# --- TLS ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """(key file, certificate file) of a server that nobody vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / "key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "certificate").write_bytes(made.public_bytes(pem))
    return str(folder / "key"), str(folder / "certificate")


@contextmanager
def serving_tls(certificate: tuple[str, str], behave) -> Iterator[Peer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])

    def wrapped(peer: Peer, connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            behave(peer, secured, number)

    with serving(wrapped) as peer:
        peer.url = f"https://localhost:{peer.port}/?token={SECRET}"
        yield peer


def test_a_certificate_that_cannot_be_trusted_receives_nothing(certificate):
    with serving_tls(certificate, lambda peer, connection, number: peer.read(connection)) as peer:
        failed(http.NotSent, "tls", peer.url)
        assert peer.requests == []


def test_a_server_that_speaks_no_tls_received_nothing():
    with serving(lambda peer, connection, number: connection.recv(1) and connection.sendall(OK)) as peer:
        failed(http.NotSent, "tls", peer.url.replace("http:", "https:"))


def test_a_handshake_that_hangs_counts_against_the_deadline():
    with serving(lambda peer, connection, number: peer.stopped.wait(10)) as peer:
        failed(http.NotSent, "timeout", peer.url.replace("http:", "https:"), deadline=0.3)


def trust(certificate: tuple[str, str], monkeypatch) -> None:
    context = ssl.create_default_context(cafile=certificate[1])
    monkeypatch.setattr(http, "_tls_context", lambda: context)


def test_a_certificate_for_another_name_receives_nothing(certificate, monkeypatch):
    trust(certificate, monkeypatch)
    with serving_tls(certificate, lambda peer, connection, number: peer.read(connection)) as peer:
        failed(http.NotSent, "tls", peer.url.replace("localhost", "127.0.0.1"))
        assert peer.requests == []


def test_the_deadline_holds_inside_tls(certificate, monkeypatch):
    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)
        peer.drip(connection, OK)

    trust(certificate, monkeypatch)
    with serving_tls(certificate, behave) as peer:
        failed(http.NoAnswer, "timeout", peer.url, deadline=0.4)
    with serving_tls(certificate, lambda peer, c, n: peer.read(c) and c.sendall(OK)) as peer:
        assert call(peer.url).status == 200


# --- Size ---


@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_that_is_too_large_is_not_read(announced):
    length = b"Content-Length: 5000000\r\n" if announced else b""
    sent = []

    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        peer.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        for _ in range(5000):
            connection.sendall(b"x" * 1000)
            sent.append(1000)

    with serving(behave) as peer:
        failed(http.NoAnswer, "too_large", peer.url, max_bytes=1000)
    assert sum(sent) < 5_000_000


def test_a_small_packet_that_unpacks_to_a_large_body_is_too_large():
    bomb = gzip.compress(b"0" * 20_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with answering(head + bomb) as peer:
        failed(http.NoAnswer, "too_large", peer.url, max_bytes=1_000_000)


def test_a_full_disk_is_told_apart():
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    with answering(OK) as peer:
        failed(http.NoAnswer, "sink", peer.url, sink=Full())
