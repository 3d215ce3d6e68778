"""One value that a provider told us, which channel said it, and how its texts become storable."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from channels_app.providers.base import Inbound


class CannotApply(Exception):
    """A value that has no place in the inbox; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Source:
    """The channel that speaks."""

    channel_id: uuid.UUID
    workspace_id: uuid.UUID
    provider: str
    own_wa_id: str


@dataclass(frozen=True, slots=True)
class Heard:
    """`again`: this delivery was applied before. Values that carry no time of their own then say nothing new."""

    source: Source
    value: Inbound
    again: bool = False


def storable(text: str, length: int | None = None) -> str:
    """`text` without what PostgreSQL cannot hold (NUL, halves of surrogate pairs), cut to `length`."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if "\0" in text:
        text = text.replace("\0", "")
    return text if length is None else text[:length]


def identity(text: str, length: int, what: str) -> str:
    """An id as it came. Raises CannotApply for one that cannot be stored whole: a shortened id would be another's."""
    if len(text) > length or storable(text) != text:
        raise CannotApply(f"The {what} is longer than {length} characters or holds unreadable ones.")
    return text


_encode = json.JSONEncoder(default=str).encode  # made once: json.dumps with options makes one for every call


def as_json(value: Any) -> str | None:
    if value is None:
        return None
    text = _encode(value)
    return _encode(_storable_json(value)) if "\\u0000" in text or "\\ud" in text else text


def _storable_json(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(str(key)): _storable_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_storable_json(inner) for inner in value]
    return value
