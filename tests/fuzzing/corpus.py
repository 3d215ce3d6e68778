"""Where the fuzzer starts from: bodies that a vendor really calls with, and the words in them."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from tests.channels_app.providers.vendors import Vendor

MESSAGES = ("text", "image", "document", "location", "contact", "button", "typing", "call", "group")
LONGEST_WORD = 40


def true_bodies(vendor: Callable[[], AbstractContextManager[Vendor]]) -> list[bytes]:
    """One of every kind that its simulator knows."""
    with vendor() as linked:
        act = linked.simulator.inbound
        for kind in MESSAGES:
            act(type=kind, text="Words")
        (theirs,) = act(type="poll", options=["Now", "Later"])
        for kind in ("reaction", "edit", "vote", "revoke", "failed"):
            act(type=kind, target=theirs, text="Words", options=["Now"])
        for kind in ("rename", "join", "leave", "promote"):
            act(type=kind, chat_id="120363000000000077@g.us", text="Team")
        linked.simulator.wait_until_idle()
        return [call.body for call in linked.receiver.calls]


def keywords(bodies: list[bytes]) -> list[str]:
    """Names and short texts of these bodies, as libFuzzer wants them in its dictionary."""
    found = {word for body in bodies for word in _words(json.loads(body))}
    return sorted(word for word in found if word.isascii() and word.replace("_", "").isalnum())


def _words(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                yield name
                yield from _words(inner)
        case list():
            for inner in value:
                yield from _words(inner)
        case str() if len(value) <= LONGEST_WORD:
            yield value
