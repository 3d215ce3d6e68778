"""What there is: items in chats, attempts that are open, processes with a lease, and what reached the provider.

One lane with a cap, and nothing that the promises do not need: no time but the end of leases, no payloads, no ids.
States and outcomes are those of outbox/states.py. A world is a value: a step makes another one.
"""

from enum import Enum, IntEnum
from typing import NamedTuple

from outbox.states import ItemState


class Lease(IntEnum):
    GOOD = 0  # a send that starts now ends within it
    SHORT = 1  # it still holds, but a send could outlast it
    OVER = 2  # by the database's clock


class Phase(Enum):
    """Where an attempt is, as its process knows it."""

    HANDED = "handed to a sender"  # its intent is committed
    ON_WIRE = "on the wire"  # bytes leave
    ARRIVED = "with the provider"  # accepted; nobody here knows it yet
    LOST = "lost on the way"  # bytes left and never arrived; nobody here knows it either
    ENDED = "ended"  # to be recorded
    IN_DOUBT = "in doubt"  # nobody saw the commit of its intent, so it was never handed over


class Item(NamedTuple):
    chat: int
    place: int  # in its chat
    state: str | None = ItemState.QUEUED  # None: not written yet
    open: bool = True
    tries: int = 0
    crashes: int = 0


class Attempt(NamedTuple):
    """An open one, as the database has it."""

    item: int
    number: int  # tells it from those of the same item that somebody still remembers
    worker: int


class Hand(NamedTuple):
    """An attempt in a process's memory."""

    item: int
    number: int
    phase: Phase
    end: str = ""  # how it ended, a key of steps.ENDS


class Tick(NamedTuple):
    """A transaction under way. `seen`: chats that had something waiting when its statement began."""

    fenced: bool
    seen: frozenset[int]


class Worker(NamedTuple):
    up: bool = True  # the process
    dead: bool = False  # declared so in the database
    lease: Lease = Lease.GOOD
    tick: Tick | None = None
    hands: tuple[Hand, ...] = ()
    counted: int | None = None  # open attempts, as it counted them before claiming


class World(NamedTuple):
    items: tuple[Item, ...]
    workers: tuple[Worker, ...]
    faults: int  # how much may still go wrong
    retries: int  # how often a person may still press "send again"
    open: tuple[Attempt, ...] = ()
    owner: int | None = None  # of the lane
    arrived: tuple[int, ...] = ()  # items in the order in which the provider took them
    asked_again: tuple[int, ...] = ()  # items that a person sent again
    known: frozenset[int] = frozenset()  # chats with work, in designs that keep such a list
    putting: int | None = None  # the item of a producer's open transaction

    def is_done(self) -> bool:
        return self.putting is None and all(item.state is not None and not item.open for item in self.items)


def first_world(*, chats: tuple[int, ...], late: int = 0, workers: int = 2, faults: int, retries: int = 0) -> World:
    """`chats[n]` items in chat n; `late` more in chat 0 that are written while the others are on their way."""
    items = [Item(chat, place) for chat, count in enumerate(chats) for place in range(count)]
    items += [Item(0, chats[0] + number, None, False) for number in range(late)]
    return World(
        items=tuple(items),
        workers=(Worker(),) * workers,
        faults=faults,
        retries=retries,
        known=frozenset(chat for chat, count in enumerate(chats) if count),
    )
