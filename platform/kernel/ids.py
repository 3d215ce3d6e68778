"""Primary keys: UUIDv7, ordered by time and monotonic within a process."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def first_id_since(moment: datetime) -> UUID:
    """A bound below every id that is made from `moment` on: for ranges of time in a primary key."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
