"""Changes a body as JSON, so that most of what comes of it is still JSON and gets past the first line of a parser."""

import json
import random
from collections.abc import Iterator
from typing import Any

import atheris

STRANGE = (
    None, True, -1, 0, 1e300, 10**30, "", "\x00", "a\ud800", "9" * 400, {}, [], [[]], {"": None}, "status@broadcast",
    "15550100201@s.whatsapp.net", "120363000000000077@g.us", "1@lid", 1_700_000_000, "1700000000", "2026-01-01T00:00Z",
)  # fmt: skip


def mutate(body: bytes, max_size: int, seed: int) -> bytes:
    """A value replaced, taken away or put elsewhere, a text changed; or, if it is no JSON, any of its bytes."""
    luck = random.Random(seed)
    try:
        document = json.loads(body)
        spots = list(_spots(document))
    except (ValueError, RecursionError):
        spots = []
    if not spots or luck.random() < 0.2:
        return atheris.Mutate(body, max_size)
    for _ in range(luck.choice((1, 1, 2, 4))):
        holder, key = luck.choice(spots)
        _change(holder, key, spots, luck)
    try:
        return json.dumps(document).encode()[:max_size]
    except (ValueError, RecursionError):  # put into itself
        return body


def _change(holder: Any, key: Any, spots: list[tuple[Any, Any]], luck: random.Random) -> None:
    try:
        value = holder[key]
    except (KeyError, IndexError):  # an earlier change took it away
        return
    match luck.randrange(4):
        case 0:
            holder[key] = luck.choice(STRANGE)
        case 1:
            other, its_key = luck.choice(spots)
            holder[key] = json.loads(json.dumps(_at(other, its_key)))
        case 2 if isinstance(value, str):
            holder[key] = atheris.Mutate(value.encode("utf-8", "replace"), 200).decode("utf-8", "replace")
        case _:
            del holder[key]


def _at(holder: Any, key: Any) -> Any:
    try:
        return holder[key]
    except (KeyError, IndexError):
        return None


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _spots(value[key])
