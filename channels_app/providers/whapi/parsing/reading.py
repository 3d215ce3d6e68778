"""Careful reading as for every vendor, and what is Whapi's own about it: names."""

from typing import Any

from channels_app.providers.reading import (
    NAME_LIMIT,
    Malformed,
    decimal,
    integer,
    is_conversation,
    load,
    mapping,
    message_id,
    moment,
    sequence,
    storable,
    text,
    wa_id,
)

__all__ = [
    "Malformed",
    "decimal",
    "integer",
    "is_conversation",
    "load",
    "mapping",
    "message_id",
    "moment",
    "name",
    "sequence",
    "storable",
    "text",
    "wa_id",
]


def name(data: dict[str, Any], key: str) -> str:
    """A name; one that the provider marks as not saved (`~ name`) without the mark."""
    value = text(data, key, NAME_LIMIT + 2)
    return (value[1:] if value.startswith("~") else value).strip()[:NAME_LIMIT]
