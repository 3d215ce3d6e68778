"""Facts the outbox tells upstairs."""

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LaneHeld:
    """A lane went on hold, or its hold grew longer. `until` is None when only a person or a connection ends it."""

    lane_id: uuid.UUID
    workspace_id: uuid.UUID
    kind: str  # HoldKind
    reason: str
    until: datetime | None


@dataclass(frozen=True)
class LaneResumed:
    lane_id: uuid.UUID
    workspace_id: uuid.UUID
    kind: str  # HoldKind that ended
