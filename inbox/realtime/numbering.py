"""Numbers the frames of each group, so that a socket notices when the channel layer dropped one."""

import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from inbox.realtime.frames import Frame

GROUPS_MAX = 10_000


class Numbering:
    """Frames get `source` (who numbers) and `n`, one more for each frame of the group."""

    def __init__(self) -> None:
        self.source = uuid.uuid4().hex
        self._last: OrderedDict[str, int] = OrderedDict()

    def numbered(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for group, event in frames:
            number = self._last.pop(group, 0) + 1
            self._last[group] = number
            if len(self._last) > GROUPS_MAX:
                self._last.popitem(last=False)
            yield group, {"type": "frame", "group": group, "source": self.source, "n": number, "frame": event}


class Gaps:
    """The other end: which numbers have come."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def missed(self, group: str, source: str, number: int) -> bool:
        """Whether frames are missing between the last one and this one. The first one of a group proves nothing."""
        last = self._last.get((group, source))
        self._last[group, source] = number
        return last is not None and number != last + 1

    def forget(self, group: str) -> None:
        self._last = {key: number for key, number in self._last.items() if key[0] != group}
