"""Carries pokes out of the process that changed something: as PostgreSQL notifications, or as frames through Redis.

The caller only puts a poke into a queue: no request waits for the wire, and a broken wire fails no request.
"""

import logging
import queue
import threading
import time

import psycopg
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import close_old_connections, connection

from inbox.realtime.frames import frames_for
from inbox.realtime.numbering import Numbering
from inbox.realtime.pokes import Poke, merged, payloads
from inbox.realtime.wire import CHANNEL, connect
from kernel.arrays import columns

log = logging.getLogger("waybill.realtime")

DEBOUNCE_SECONDS = 0.005
"""One burst becomes one notification: every NOTIFY takes a lock at commit that all others wait for."""

IDLE_SECONDS = 30
RETRY_SECONDS = 0.5
BACKLOG_MAX = 10_000
"""Pokes that wait while the wire is broken. What is dropped beyond is found again when a page refreshes itself."""


class Notifier:
    """One thread, started with the first poke and gone after a while without any."""

    def __init__(self) -> None:
        self._pokes: queue.SimpleQueue[Poke | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wire: psycopg.Connection | None = None
        self._numbering = Numbering()

    def tell(self, poke: Poke) -> None:
        if self._pokes.qsize() < BACKLOG_MAX:
            self._pokes.put(poke)
        else:
            log.warning("poke.dropped kind=%s subject=%s", poke.kind, poke.subject_id)
        with self._lock:
            if self._thread is not None and not self._thread.is_alive():  # threads do not survive a fork
                self._thread = self._wire = None  # nor may a parent's connection be used
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Tell what is waiting, then let go of the connections."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            self._pokes.put(None)
            thread.join(timeout=10)

    def _run(self) -> None:
        late: list[Poke] = []  # what a broken wire did not take
        going = True
        while going:
            try:
                first = [self._pokes.get(timeout=RETRY_SECONDS if late else IDLE_SECONDS)]
            except queue.Empty:
                if not late:
                    with self._lock:
                        if self._pokes.empty():
                            self._thread = None
                            break
                    continue
                first = []
            time.sleep(DEBOUNCE_SECONDS)
            burst = [*first, *self._waiting()]
            going = None not in burst
            pokes = [*late, *(poke for poke in burst if poke is not None)]
            try:
                self._carry(merged(pokes))
                late = []
            except psycopg.OperationalError as error:
                log.warning("pokes.wait count=%d error=%s", len(pokes), type(error).__name__)
                late = pokes[-BACKLOG_MAX:]
            except Exception:
                log.exception("pokes.lost count=%d", len(pokes))
                late = []
        with self._lock:
            if not going:
                self._thread = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        connection.close()

    def _waiting(self) -> list[Poke | None]:
        waiting: list[Poke | None] = []
        while True:
            try:
                waiting.append(self._pokes.get_nowait())
            except queue.Empty:
                return waiting

    def _carry(self, pokes: list[Poke]) -> None:
        if not pokes:
            return
        if settings.REDIS_URL:
            close_old_connections()
            layer = get_channel_layer()
            for group, event in self._numbering.numbered(frames_for(pokes, None)):
                async_to_sync(layer.group_send)(group, event)
            return
        texts = list(payloads(pokes))
        try:
            self._notify(texts)
        except psycopg.OperationalError:
            self._wire = None
            self._notify(texts)  # a connection that went stale is replaced once; after a second failure they wait

    def _notify(self, texts: list[str]) -> None:
        if self._wire is None or self._wire.closed:
            self._wire = connect()
        [array] = columns(((text,) for text in texts), 1)
        self._wire.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", (CHANNEL, array))


notifier = Notifier()
