"""Rows as arrays for PostgreSQL's unnest(), for set-based statements."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[str]:
    """`rows` of `width` values turned into one array literal per column; the statement casts each to its type.

    Values are str, UUID, datetime, bool, int or None. psycopg would look at every element on its own, and for
    hundreds of rows that is most of the time that a statement takes.
    """
    turned = list(zip(*rows, strict=True))
    return [_literal(column) for column in turned] if turned else ["{}"] * width


def _literal(column: Sequence[Any]) -> str:
    match next((value for value in column if value is not None), None):
        case str():
            parts = [_quoted(value) for value in column]
        case uuid.UUID():
            parts = ["NULL" if value is None else value.hex for value in column]
        case datetime():
            parts = ["NULL" if value is None else f'"{value.isoformat()}"' for value in column]
        case _:
            parts = ["NULL" if value is None else str(value) for value in column]
    return "{" + ",".join(parts) + "}"


def _quoted(text: str | None) -> str:
    if text is None:
        return "NULL"
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
