"""Outbound HTTP: which connections are used again, and which addresses are called at all."""

import socket
import threading

import pytest

from kernel import http
from tests.support.peers import OK, Peer, answering, call, failed, serving

# --- Keep-alive ---


def test_connections_are_kept_and_a_new_one_is_made_when_the_server_closed_it():
    closing = threading.Event()

    def behave(peer: Peer, connection: socket.socket, number: int) -> None:
        for _ in range(2):
            if not peer.read(connection):
                return
            connection.sendall(OK)
        connection.close()
        closing.set()

    with serving(behave) as peer:
        session = http.Session()
        call(peer.url, session=session)
        call(peer.url, session=session)
        assert peer.connections == 1
        assert closing.wait(5)
        assert call(peer.url, session=session).status == 200
        assert (peer.connections, len(peer.requests)) == (2, 3)


def test_a_connection_that_was_idle_too_long_is_not_used_again(monkeypatch):
    with answering(OK) as peer:
        session = http.Session()
        call(peer.url, session=session)
        monkeypatch.setattr(http, "KEEP_ALIVE_IDLE_SECONDS", 0.0)
        call(peer.url, session=session)
        assert peer.connections == 2


# --- Private addresses ---

PRIVATE = ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"]
PRIVATE_6 = ["[::1]", "[fe80::1]", "[fc00::1]", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]", "[2002:0a00:0001::]", "[::]"]
PRIVATE_6 += ["[64:ff9b::a00:1]", "[64:ff9b::7f00:1]", "[::7f00:1]"]


@pytest.mark.parametrize("host", [*PRIVATE, *PRIVATE_6, "127.0.0.1", "127.1", "2130706433", "localhost"])
def test_private_addresses_are_refused(host, settings):
    settings.DEBUG = False
    failed(http.NotSent, "refused_address", f"http://{host}:9/", allow_private=False)


def test_loopback_is_allowed_while_debugging(settings):
    settings.DEBUG = True
    with answering(OK) as peer:
        assert call(peer.url, allow_private=False).status == 200
    failed(http.NotSent, "refused_address", "http://10.0.0.1/", allow_private=False)


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch, settings):
    """A name that is public when it is checked and private when it is called (DNS rebinding) gains nothing."""
    settings.DEBUG = False
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    asked, called = [], []

    def resolve(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answers[min(len(asked) - 1, 1)]]

    def connect(address, timeout):
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    failed(http.NotSent, "connect", "http://rebinding.example/", allow_private=False)
    assert (asked, called) == (["rebinding.example"], ["93.184.215.14"])


def test_a_guarded_call_never_rides_on_an_unguarded_connection(settings):
    settings.DEBUG = False
    with answering(OK) as peer:
        session = http.Session()
        assert call(peer.url, session=session, allow_private=True).status == 200
        failed(http.NotSent, "refused_address", peer.url, session=session, allow_private=False)
