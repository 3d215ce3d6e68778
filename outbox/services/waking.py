"""Tells relays that there is work: a NOTIFY after the commit, on its own connection, never in the transaction.

Wake-ups only make the relay look earlier. A lost one costs at most a second, because relays also look by themselves.
"""

import logging
import os
import threading
import uuid
from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS, connections, transaction

log = logging.getLogger("waybill.outbox.waking")

NOTIFY_CHANNEL = "waybill_outbox"
PAYLOAD_LIMIT_BYTES = 7900  # PostgreSQL refuses 8000 and more
PENDING_LIMIT = 2000
GATHER_SECONDS = 0.004  # after a NOTIFY, so that a burst shares the next one

EVERYTHING = "all"  # look everywhere: tokens were lost or are too many
SHARE = "share"  # lanes were freed, or a process came or went
OWNED = "owned"  # inside one process only: it took lanes


def chat_token(lane_id: uuid.UUID, order_key: uuid.UUID, priority: int) -> str:
    """This chat has something new, of this priority."""
    return f"chat:{lane_id.hex}:{order_key.hex}:{priority}"


def lane_token(lane_id: uuid.UUID) -> str:
    """This lane's settings changed, or it has much that is new."""
    return f"lane:{lane_id.hex}"


def wake_after_commit(tokens: Iterable[str]) -> None:
    """Wake the relays once the current transaction has committed; a failure never reaches the caller."""
    tokens = list(tokens)
    transaction.on_commit(lambda: wake(tokens), robust=True)


def wake(tokens: Iterable[str]) -> None:
    """Wake the relays now. Returns at once; a thread of this process sends."""
    _waker().add(tokens)


def close() -> None:
    """Stop this process's thread and close its connection; the next wake-up starts another."""
    global _current
    with _lock:
        waker, _current = _current, None
    if waker is not None and waker.pid == os.getpid():
        waker.stop()


class _Waker:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self._pending: dict[str, None] = {}
        self._guard = threading.Lock()
        self._ring = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox-waker", daemon=True)
        self._thread.start()

    def add(self, tokens: Iterable[str]) -> None:
        with self._guard:
            self._pending.update(dict.fromkeys(tokens))
            if len(self._pending) > PENDING_LIMIT:
                self._pending = {EVERYTHING: None}
        self._ring.set()

    def stop(self) -> None:
        self._stopped.set()
        self._ring.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        while not self._stopped.is_set():
            self._ring.wait()
            self._ring.clear()
            with self._guard:
                tokens, self._pending = list(self._pending), {}
            try:
                for payload in payloads(tokens):
                    with connection.cursor() as cursor:
                        cursor.execute("select pg_notify(%s, %s)", [NOTIFY_CHANNEL, payload])
            except Exception as error:  # relays find the work by themselves within a second
                log.warning("outbox.wake_up_failed error=%s", type(error).__name__)
                connection.close()
            self._stopped.wait(GATHER_SECONDS)
        connection.close()


def payloads(tokens: Iterable[str]) -> list[str]:
    """The tokens, joined by spaces into texts that fit a NOTIFY."""
    texts: list[str] = []
    for token in tokens:
        if texts and len(texts[-1]) + 1 + len(token) <= PAYLOAD_LIMIT_BYTES:
            texts[-1] += " " + token
        else:
            texts.append(token)
    return texts


_lock = threading.Lock()
_current: _Waker | None = None


def _waker() -> _Waker:
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():  # threads do not survive a fork
            _current = _Waker()
        return _current
