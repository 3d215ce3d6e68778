"""What outlives a restart of a simulator: the numbers and their settings, in a file. Messages and files do not."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Kept:
    """`names` are the fields of a number that are kept. Without a path nothing is."""

    def __init__(self, path: Path | None, names: tuple[str, ...]):
        self._path = path
        self._names = names

    def read(self) -> list[dict[str, Any]]:
        if self._path is None or not self._path.exists():
            return []
        return json.loads(self._path.read_text())

    def write(self, numbers: Iterable[Any]) -> None:
        """At once or not at all: a simulator may be stopped at any moment."""
        if self._path is None:
            return
        kept = [{name: getattr(number, name) for name in self._names} for number in numbers]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(kept))
        draft.replace(self._path)
