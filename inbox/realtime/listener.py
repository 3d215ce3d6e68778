"""Hears notifications and gives their frames to the sockets of this process; started by the first socket."""

import asyncio
import logging
import threading

import psycopg
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import close_old_connections, connection

from inbox.realtime.frames import Frame, frames_for
from inbox.realtime.groups import watchers
from inbox.realtime.numbering import Numbering
from inbox.realtime.pokes import merged, read_payload
from inbox.realtime.wire import CHANNEL, connect

log = logging.getLogger("waybill.realtime")

LOOK_UP_SECONDS = 0.25
"""How often the thread looks whether it is to stop while nothing comes."""

RETRY_SECONDS = 1.0
GATHER_SECONDS = 0.005


class Listener:
    """One thread that renders each change once and hands it to the event loop in which the sockets live."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.listening = threading.Event()
        self._stop = threading.Event()
        self._numbering = Numbering()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._stop.is_set()

    def _run(self) -> None:
        first = True
        while not self._stop.is_set():
            try:
                with connect() as wire:
                    wire.execute(f"LISTEN {CHANNEL}")
                    self.listening.set()
                    if not first:
                        self._hand_over([(group, {"type": "resync"}) for group in watchers.groups()])
                    first = False
                    self._listen(wire)
            except psycopg.Error as error:
                log.warning("listener.lost error=%s", type(error).__name__)
            except Exception:  # the sockets of this process have no other ear
                log.exception("listener.failed")
            self.listening.clear()
            self._stop.wait(RETRY_SECONDS)
        connection.close()

    def _listen(self, wire: psycopg.Connection) -> None:
        while not self._stop.is_set():
            heard = [notify.payload for notify in wire.notifies(timeout=LOOK_UP_SECONDS, stop_after=1)]
            if not heard:
                continue
            heard += [notify.payload for notify in wire.notifies(timeout=GATHER_SECONDS)]
            try:
                self._tell(heard)
            except Exception:
                log.exception("frames.lost")
                self._hand_over([(group, {"type": "resync"}) for group in watchers.groups()])

    def _tell(self, heard: list[str]) -> None:
        close_old_connections()
        pokes = merged(poke for payload in heard for poke in read_payload(payload))
        self._hand_over(frames_for(pokes, watchers))

    def _hand_over(self, frames: list[Frame]) -> None:
        events = list(self._numbering.numbered(frames))
        if events and not self.loop.is_closed():
            asyncio.run_coroutine_threadsafe(_send(events), self.loop)


async def _send(events: list[Frame]) -> None:
    layer = get_channel_layer()
    for group, event in events:
        await layer.group_send(group, event)


_listener: Listener | None = None
_lock = threading.Lock()


def ensure_listener(loop: asyncio.AbstractEventLoop) -> Listener | None:
    """The listener of this process, running. None with Redis, whose layer is fed by whoever changed something."""
    global _listener
    if settings.REDIS_URL:
        return None
    with _lock:
        if _listener is None or not _listener.alive or _listener.loop is not loop:
            if _listener is not None:
                _listener.stop()
            _listener = Listener(loop)
            _listener.start()
        return _listener


def stop_listener() -> None:
    global _listener
    with _lock:
        if _listener is not None:
            _listener.stop()
            _listener = None
