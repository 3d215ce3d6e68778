"""What changed, in ids: small enough for a PostgreSQL notification, merged when it comes in bursts."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PAYLOAD_LIMIT_BYTES = 7900
"""PostgreSQL refuses a notification of 8000 bytes or more (documentation of NOTIFY)."""

IDS_MAX = 100
"""More changed messages than this in one chat at once are not named one by one: the page asks for a fresh state."""


@dataclass(frozen=True)
class Poke:
    """`kind` is messages, notes, chat, presence, company, channel, member or mention; `subject_id` the chat, channel or
    member it is about. `message_ids` are notes where the kind is. Of `company` the detail is who and what they do."""

    kind: str
    workspace_id: uuid.UUID
    subject_id: uuid.UUID
    message_ids: tuple[uuid.UUID, ...] = ()
    removed: tuple[uuid.UUID, ...] = ()
    detail: str = ""
    many: bool = False  # more messages than are named

    def to_values(self) -> list:
        return [
            self.kind,
            self.workspace_id.hex,
            self.subject_id.hex,
            [key.hex for key in self.message_ids],
            [key.hex for key in self.removed],
            self.detail,
            self.many,
        ]

    @classmethod
    def from_values(cls, values: list) -> "Poke":
        kind, workspace_id, subject_id, message_ids, removed, detail, many = values
        return cls(
            kind=kind,
            workspace_id=uuid.UUID(workspace_id),
            subject_id=uuid.UUID(subject_id),
            message_ids=tuple(uuid.UUID(key) for key in message_ids),
            removed=tuple(uuid.UUID(key) for key in removed),
            detail=detail,
            many=many,
        )


def merged(pokes: Iterable[Poke]) -> list[Poke]:
    """One poke per thing, in the order in which the things were first named; the latest detail wins."""
    by_thing: dict[tuple, Poke] = {}
    for poke in pokes:
        who = poke.detail.partition(" ")[0] if poke.kind == "company" else ""
        thing = (poke.kind, poke.workspace_id, poke.subject_id, who)
        known = by_thing.get(thing)
        by_thing[thing] = _capped(poke if known is None else _both(known, poke))
    return list(by_thing.values())


_encode = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps would make one for every poke


def payloads(pokes: Iterable[Poke]) -> Iterator[str]:
    """JSON lists of pokes, each short enough for one notification."""
    held: list[str] = []
    size = 2
    for poke in pokes:
        text = _encode(poke.to_values())
        if held and size + len(text) + 1 > PAYLOAD_LIMIT_BYTES:
            yield f"[{','.join(held)}]"
            held, size = [], 2
        held.append(text)
        size += len(text) + 1
    if held:
        yield f"[{','.join(held)}]"


def read_payload(payload: str) -> list[Poke]:
    return [Poke.from_values(values) for values in json.loads(payload)]


def _both(first: Poke, second: Poke) -> Poke:
    return Poke(
        kind=first.kind,
        workspace_id=first.workspace_id,
        subject_id=first.subject_id,
        message_ids=tuple(dict.fromkeys(first.message_ids + second.message_ids)),
        removed=tuple(dict.fromkeys(first.removed + second.removed)),
        detail=second.detail,
        many=first.many or second.many,
    )


def _capped(poke: Poke) -> Poke:
    if len(poke.message_ids) + len(poke.removed) <= IDS_MAX:
        return poke
    return Poke(poke.kind, poke.workspace_id, poke.subject_id, detail=poke.detail, many=True)
