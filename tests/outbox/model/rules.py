"""The guards of the relay, one by one. `Rules()` is Waybill; leaving one out makes a variant that is broken, or not."""

from dataclasses import dataclass
from enum import Enum


class Finding(Enum):
    """How a process finds the next item of a chat."""

    ASKING = "it asks the database again and again"
    LOCK_THEN_LOOK = "whoever ends an item locks the chat, then looks for the next"
    ONE_STATEMENT = "whoever ends an item looks for the next in the statement that waits for the lock"


@dataclass(frozen=True)
class Rules:
    fence: bool = True  # a tick starts by checking its worker's row, and holds it until the commit
    fence_holds: bool = True  # … the second half of that
    owner_checked: bool = True  # the statement that takes an item asks who owns the lane
    heads_only: bool = True  # … and whether an earlier item of the chat is open
    one_open_per_chat: bool = True  # the unique index
    lease_watched: bool = True  # a sender starts nothing that could outlast the lease
    doubt_kept: bool = True  # an unknown outcome is uncertain, not another try
    late_is_evidence: bool = True  # an outcome of an attempt that was closed meanwhile decides nothing
    counts_then_claims: bool = False  # instead of owning the lane: count what is open, then take
    finding: Finding = Finding.ASKING
    cap: int = 1
    repeatable: bool = False
    max_attempts: int = 2
    whole_ticks: bool = False  # nothing happens between a tick's first statement and its commit


WAYBILL = Rules()
NO_FENCE = Rules(fence=False, owner_checked=False, lease_watched=False)
