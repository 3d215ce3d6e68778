"""Group commit: what several threads want at the same moment is done once, for all of them."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 5.0
"""Longer than a busy disk takes for a commit, shorter than callers wait for an answer."""


class Unfinished(Exception):
    """Whether it was done is not known: the thread that was to do it was ended, or hangs over it."""


class _Wish(Generic[T]):
    __slots__ = ("error", "taken", "thing", "turn", "weight")

    def __init__(self, thing: T, weight: int):
        self.thing = thing
        self.weight = weight
        self.taken = False  # a leader has it in hands
        self.error: Exception | None = Unfinished()
        self.turn = threading.Lock()
        self.turn.acquire()

    def wake(self) -> None:
        """Whoever calls this holds the guard."""
        if self.turn.locked():
            self.turn.release()


class Together(Generic[T]):
    """`act` gets one thing or several. The first thread to come leads: it acts at once and alone. What comes while it
    is busy waits and is then done in one go, led by the first of those who wait. No thread of its own, no delay.

    At most `most` things and about `most_weight` in one go. Nobody waits longer than `patience` seconds for a leader
    that hangs: what it has not taken yet is then done without it, and what it has taken is Unfinished.
    """

    def __init__(
        self, act: Callable[[Sequence[T]], None], *, most: int, most_weight: int, patience: float = PATIENCE_SECONDS
    ):
        self._act = act
        self._most = most
        self._most_weight = most_weight
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: deque[_Wish[T]] = deque()
        self._leader: _Wish[T] | None = None

    def do(self, thing: T, weight: int = 0) -> None:
        """Returns once `thing` was done. Raises what `act` raised for it, or Unfinished."""
        wish = _Wish(thing, weight)
        with self._guard:
            self._waiting.append(wish)
            leads = self._leader is None
            if leads:
                self._leader = wish
        if not leads:
            wish.turn.acquire(timeout=self._patience)
        while not wish.taken:
            self._lead(wish)
        if wish.error is not None:
            raise wish.error

    def _lead(self, wish: _Wish[T]) -> None:
        """Do what waits, the longest waiting first, and hand over to the next that came meanwhile."""
        with self._guard:
            if wish.taken:
                return
            self._leader = wish
            wishes = self._take()
        try:
            self._act_on(wishes)
        finally:
            with self._guard:
                for each in wishes:
                    each.wake()
                if self._leader is wish:  # and nobody has lost patience
                    self._leader = self._waiting[0] if self._waiting else None
                    if self._leader is not None:
                        self._leader.wake()

    def _take(self) -> list[_Wish[T]]:
        taken: list[_Wish[T]] = []
        weight = 0
        while self._waiting and len(taken) < self._most:
            weight += self._waiting[0].weight
            if taken and weight > self._most_weight:
                break
            taken.append(self._waiting.popleft())
            taken[-1].taken = True
        return taken

    def _act_on(self, wishes: Sequence[_Wish[T]]) -> None:
        """Where it fails for several, each is tried alone, so that nobody suffers for another's."""
        try:
            self._act([wish.thing for wish in wishes])
        except Exception as error:
            if len(wishes) == 1:
                wishes[0].error = error
                return
            for wish in wishes:
                self._act_on([wish])
        else:
            for wish in wishes:
                wish.error = None
