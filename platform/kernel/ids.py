"""Primary keys: UUIDv7, ordered by time and monotonic within a process."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
