"""The notifier outlives a broken wire and a fork; pokes wait meanwhile."""

import threading
import uuid

import psycopg
import pytest

from inbox.realtime import notifier as notifying
from inbox.realtime.notifier import Notifier
from inbox.realtime.pokes import Poke, read_payload
from tests.support.waiting import until

WORKSPACE = uuid.uuid4()


class Wire:
    """Stands where the connection is; refuses everything while `broken`."""

    closed = False

    def __init__(self) -> None:
        self.broken = False
        self.refused = 0
        self.told: list[uuid.UUID] = []

    def connect(self) -> "Wire":
        return self

    def execute(self, statement: str, parameters: tuple) -> None:
        if self.broken:
            self.refused += 1
            raise psycopg.OperationalError("the server is away")
        self.told += [poke.subject_id for text in payloads_in(parameters[1]) for poke in read_payload(text)]

    def close(self) -> None:
        """Nothing to let go of."""


def payloads_in(texts) -> list[str]:
    """The elements of what is given to unnest, as a list or as the text of an array."""
    if not isinstance(texts, str):
        return list(texts)
    loader = psycopg.adapters.get_loader(psycopg.adapters.types["text"].array_oid, psycopg.pq.Format.TEXT)
    return loader(psycopg.adapters.types["text"].array_oid).load(texts.encode())


@pytest.fixture
def wire(monkeypatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(notifying, "connect", wire.connect)
    monkeypatch.setattr(notifying, "RETRY_SECONDS", 0.01)
    return wire


def test_pokes_wait_while_the_database_is_away(wire):
    notifier, chats = Notifier(), [uuid.uuid4() for _ in range(3)]
    wire.broken = True
    for chat in chats:
        notifier.tell(Poke("chat", WORKSPACE, chat))
    until(lambda: wire.refused > 3)
    wire.broken = False
    until(lambda: len(wire.told) == 3)
    notifier.close()
    assert sorted(wire.told) == sorted(chats)


def test_a_forked_process_starts_a_thread_of_its_own(wire):
    """In the child the parent's thread is known, and dead."""
    notifier, chat = Notifier(), uuid.uuid4()
    notifier._thread = dead = threading.Thread(target=lambda: None)
    dead.start()
    dead.join()
    notifier.tell(Poke("chat", WORKSPACE, chat))
    until(lambda: wire.told == [chat])
    notifier.close()
