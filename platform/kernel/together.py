"""Group commit: what several threads want at the same moment is done once, for all of them."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Unfinished(Exception):
    """The thread that was to do it was ended before it could."""


class _Wish(Generic[T]):
    __slots__ = ("done", "error", "thing", "turn", "weight")

    def __init__(self, thing: T, weight: int):
        self.thing = thing
        self.weight = weight
        self.done = False
        self.error: Exception | None = Unfinished()
        self.turn = threading.Lock()
        self.turn.acquire()


class Together(Generic[T]):
    """`act` gets one thing or several. The first thread to come acts at once and alone; what comes while it is busy
    waits and is then done in one go, by the first of those who wait. There is no thread of its own and no delay.

    At most `most` things and about `most_weight` in one go.
    """

    def __init__(self, act: Callable[[Sequence[T]], None], *, most: int, most_weight: int):
        self._act = act
        self._most = most
        self._most_weight = most_weight
        self._guard = threading.Lock()
        self._waiting: deque[_Wish[T]] = deque()
        self._busy = False

    def do(self, thing: T, weight: int = 0) -> None:
        """Returns once `thing` was done. Raises what `act` raised for it."""
        wish = _Wish(thing, weight)
        with self._guard:
            self._waiting.append(wish)
            leads = not self._busy
            self._busy = True
        if not leads:
            wish.turn.acquire()
        if not wish.done:
            self._lead()
        if wish.error is not None:
            raise wish.error

    def _lead(self) -> None:
        """Do what waits, the own wish first, and hand over to the next that came meanwhile."""
        wishes = self._take()
        try:
            self._act_on(wishes)
        finally:
            with self._guard:
                successor = self._waiting[0] if self._waiting else None
                self._busy = successor is not None
            for wish in wishes:
                wish.done = True
                wish.turn.release()
            if successor is not None:
                successor.turn.release()

    def _take(self) -> list[_Wish[T]]:
        taken: list[_Wish[T]] = []
        weight = 0
        with self._guard:
            while self._waiting and len(taken) < self._most:
                weight += self._waiting[0].weight
                if taken and weight > self._most_weight:
                    break
                taken.append(self._waiting.popleft())
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
