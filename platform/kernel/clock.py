"""The only source of time in Python code, so that tests can move it. Leases and pauses use the database's clock."""

from datetime import UTC, datetime

from django.utils import timezone


def now() -> datetime:
    return timezone.now()


def from_unix(seconds: int | float | str) -> datetime:
    """A provider's timestamp in seconds. Raises ValueError for what no calendar holds."""
    try:
        return datetime.fromtimestamp(float(seconds), tz=UTC)
    except (OverflowError, OSError, TypeError) as error:
        raise ValueError(f"not a Unix timestamp: {seconds!r}") from error
