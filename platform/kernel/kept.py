"""What a process knows for some seconds without asking again."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

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
