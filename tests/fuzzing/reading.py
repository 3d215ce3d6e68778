"""What every parser promises of any bytes: values that PostgreSQL can store, or a reason in one sentence."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from channels_app.providers import adapter_named
from channels_app.providers.base import Parsed
from channels_app.providers.errors import Unreadable


def read(vendor: str, body: bytes) -> None:
    """Raises AssertionError, or whatever the parser did not foresee."""
    try:
        parsed = adapter_named(vendor).parse(method="POST", suffix="", body=body)
    except Unreadable as refusal:
        reason = str(refusal)
    else:
        reason = "read"
        assert_storable(parsed)
    assert reason, "a refusal needs a sentence"


def assert_storable(parsed: Parsed) -> None:
    assert isinstance(parsed, Parsed)
    assert parsed.values, "a body without values needs a reason"
    for text in texts_in(parsed.values):
        assert "\x00" not in text, "PostgreSQL stores no NUL"
        text.encode()  # nor half a surrogate


def texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from texts_in(list(value))
            yield from texts_in(list(value.values()))
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from texts_in(inner)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from texts_in(getattr(value, field.name))
