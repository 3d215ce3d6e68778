"""What a process knows for some seconds without asking again."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Kept(Generic[T]):
    """`load()`'s answer, at most `seconds` old. Two threads that find it too old may both ask."""

    def __init__(self, load: Callable[[], T], *, seconds: float):
        self._load = load
        self._seconds = seconds
        self._known: tuple[float, T] | None = None

    def get(self) -> T:
        known = self._known
        if known is None or known[0] < time.monotonic():
            known = self._known = (time.monotonic() + self._seconds, self._load())
        return known[1]

    def forget(self) -> None:
        """Ask again the next time."""
        self._known = None


class KeptEach(Generic[K, T]):
    """`load(key)`'s answers, each at most `seconds` old; of so many keys that there are `most`, all are forgotten."""

    def __init__(self, load: Callable[[K], T], *, seconds: float, most: int = 10_000):
        self._load = load
        self._seconds = seconds
        self._most = most
        self._known: dict[K, tuple[float, T]] = {}

    def get(self, key: K) -> T:
        known = self._known.get(key)
        if known is None or known[0] < time.monotonic():
            if len(self._known) >= self._most:
                self._known.clear()
            known = self._known[key] = (time.monotonic() + self._seconds, self._load(key))
        return known[1]

    def forget(self, key: K) -> None:
        """Ask again for this one the next time."""
        self._known.pop(key, None)

    def clear(self) -> None:
        self._known.clear()
