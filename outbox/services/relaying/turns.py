"""Whose turn it is: lanes one after the other, and within quotas people before housekeeping before bulk."""

from collections import deque

from outbox.services.relaying.lanes import LanePlan

QUOTA = (8, 2, 1)  # turns of interactive, system and campaign while all three have work


class Turns:
    """A ring of lanes for each urgency. A lane is in a ring while it has somebody ready and may start something."""

    def __init__(self) -> None:
        self._rings: tuple[deque[LanePlan], deque[LanePlan], deque[LanePlan]] = (deque(), deque(), deque())
        self._left = list(QUOTA)

    def __bool__(self) -> bool:
        return any(self._rings)

    def line_up(self, lane: LanePlan, now: float) -> None:
        """Put the lane at the end of each ring where it belongs and is not yet."""
        if not lane.may_start(now):
            return
        for urgency, heap in enumerate(lane.ready):
            if heap and not lane.in_ring[urgency]:
                lane.in_ring[urgency] = True
                self._rings[urgency].append(lane)

    def next(self) -> tuple[int, LanePlan] | None:
        """The urgency whose turn it is, with the lane taken from the front of its ring."""
        urgency = self._whose()
        if urgency is None:
            return None
        lane = self._rings[urgency].popleft()
        lane.in_ring[urgency] = False
        return urgency, lane

    def used(self, urgency: int) -> None:
        self._left[urgency] -= 1

    def _whose(self) -> int | None:
        first = None
        for urgency, ring in enumerate(self._rings):
            if ring:
                if self._left[urgency] > 0:
                    return urgency
                first = urgency if first is None else first
        if first is not None:
            self._left = list(QUOTA)
        return first
