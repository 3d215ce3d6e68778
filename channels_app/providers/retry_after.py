"""The Retry-After header: seconds, fractions of seconds, or an HTTP date (RFC 9110 §10.2.3)."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kernel import clock

LONGEST_SECONDS = 86_400.0


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """How long to wait, at most a day; 0.0 when nothing usable is said. A date counts from the answer's own Date."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, headers.get("Date", ""))
    return min(seconds, LONGEST_SECONDS) if math.isfinite(seconds) and seconds > 0 else 0.0


def _until(value: str, date: str) -> float:
    at = _date(value)
    if at is None:
        return 0.0
    return (at - (_date(date) or clock.now())).total_seconds()


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
