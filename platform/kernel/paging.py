"""Keyset pages: an opaque cursor names the last row seen; no OFFSET, no counting."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid

LIMIT_DEFAULT = 50
LIMIT_MAX = 200


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    next: str | None


def encode_cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[str]:
    """The values of a cursor made by `encode_cursor`. Raises Invalid."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, UnicodeDecodeError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(value, str) for value in values):
        raise Invalid(
            "The cursor is not one that this list gave out. Start again without it.", fields={"cursor": ["not valid"]}
        )
    return values


def page_limit(raw: str | None) -> int:
    """The page size asked for, between 1 and 200. Raises Invalid."""
    if raw in (None, ""):
        return LIMIT_DEFAULT
    try:
        limit = int(raw)
    except ValueError:
        limit = 0
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid(f"limit must be a whole number from 1 to {LIMIT_MAX}.", fields={"limit": [f"1 to {LIMIT_MAX}"]})
    return limit
