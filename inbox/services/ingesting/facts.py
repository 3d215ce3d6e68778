"""Reports, edits, revokes, reactions and votes as a set of facts about messages, known or not."""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers.base import (
    InboundEdit,
    InboundMessage,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
)
from inbox.services.folding import FactKey, text_digest
from inbox.services.ingesting.heard import Heard, Source, as_json, identity, storable
from inbox.states import REPORT_RANK, FactKind
from kernel.arrays import columns
from kernel.clock import now
from kernel.ids import new_id
from kernel.statements import prepared_cursor

OURS = "me"
"""The key of reactions and votes of our own number, which providers name in several ways."""

ONCE = (FactKind.STATUS, FactKind.REVOKE)
"""Kinds of which the first time counts. Of the others (edits, reactions, votes) the last does."""

# The same rule as _beats: a repeat changes nothing, and the order of arrival does not matter.
_KEEP = """
INSERT INTO inbox_messagefact AS f (id, workspace_id, channel_id, wa_message_id, kind, key, actor_wa_id, actor_name,
                                    value, at, tie, created_at)
SELECT n.id, n.workspace_id, n.channel_id, n.wa_message_id, n.kind, n.key, n.actor_wa_id, n.actor_name,
       n.value::jsonb, n.at, n.tie, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::timestamptz[], %s::text[])
    AS n (id, workspace_id, channel_id, wa_message_id, kind, key, actor_wa_id, actor_name, value, at, tie)
ORDER BY n.channel_id, n.wa_message_id, n.kind, n.key
ON CONFLICT (channel_id, wa_message_id, kind, key) DO UPDATE
SET actor_wa_id = excluded.actor_wa_id, actor_name = excluded.actor_name, value = excluded.value,
    at = excluded.at, tie = excluded.tie
WHERE CASE WHEN excluded.kind IN ('status', 'revoke')
    THEN (coalesce(excluded.at, 'infinity'), excluded.tie COLLATE "C") < (coalesce(f.at, 'infinity'), f.tie COLLATE "C")
    ELSE (coalesce(excluded.at, '-infinity'), excluded.tie COLLATE "C")
         > (coalesce(f.at, '-infinity'), f.tie COLLATE "C")
    END
RETURNING channel_id, wa_message_id
"""


class Fact(NamedTuple):
    workspace_id: uuid.UUID
    channel_id: uuid.UUID
    wa_message_id: str
    kind: str
    key: str
    actor_wa_id: str
    actor_name: str
    value: str  # JSON
    at: datetime | None
    tie: str


def facts_in(batch: Iterable[Heard]) -> list[Fact]:
    """What the batch says about messages, each fact once."""
    kept: dict[tuple, Fact] = {}
    for heard in batch:
        if (fact := _fact(heard.source, heard.value)) is not None:
            place = (fact.channel_id, fact.wa_message_id, fact.kind, fact.key)
            if place not in kept or _beats(fact, kept[place]):
                kept[place] = fact
    return list(kept.values())


def keep_facts(facts: list[Fact]) -> set[FactKey]:
    """Store what is new; the messages about which something is."""
    if not facts:
        return set()
    with prepared_cursor() as cursor:
        cursor.execute(_KEEP, [now(), *columns(((new_id(), *fact) for fact in facts), 11)])
        return set(cursor.fetchall())


def _fact(source: Source, value: Any) -> Fact | None:
    match value:
        case InboundStatus(status="deleted"):
            return _about(source, value.wa_message_id, FactKind.REVOKE, "", "", "", {"by": ""}, value.at, "")
        case InboundStatus() if value.status in REPORT_RANK:
            failed = value.status == "failed"
            said = {"code": value.error_code, "detail": value.error_detail} if failed else value.extra
            tie = _digest(value.error_code, value.error_detail) if failed else ""
            key = f"{value.status}:{value.viewer_wa_id}"
            return _about(
                source, value.wa_message_id, FactKind.STATUS, key, value.viewer_wa_id, "", said, value.at, tie
            )
        case InboundMessage(from_me=True) if value.status in REPORT_RANK:
            # The time is the message's own, not that of the report: it says that, not when.
            at = value.at if value.status == "sent" else None
            return _about(source, value.wa_message_id, FactKind.STATUS, f"{value.status}:", "", "", {}, at, "")
        case InboundEdit():
            text = storable(value.text)
            digest = text_digest(text)
            return _about(source, value.target_wa_id, FactKind.EDIT, digest, "", "", {"text": text}, value.at, digest)
        case InboundRevoke():
            by = {"by": value.by_wa_id}
            return _about(
                source, value.target_wa_id, FactKind.REVOKE, "", value.by_wa_id, "", by, value.at, value.by_wa_id
            )
        case InboundReaction():
            ours = value.from_me or (value.by_wa_id and value.by_wa_id == source.own_wa_id)
            return _about(
                source,
                value.target_wa_id,
                FactKind.REACTION,
                OURS if ours else value.by_wa_id,
                value.by_wa_id,
                value.by_name,
                {"emoji": value.emoji},
                value.at,
                f"{value.event_wa_id} {value.emoji}",
            )
        case InboundVote():
            ours = value.by_wa_id and value.by_wa_id == source.own_wa_id
            options = sorted(value.options)
            return _about(
                source,
                value.target_wa_id,
                FactKind.VOTE,
                OURS if ours else value.by_wa_id,
                value.by_wa_id,
                "",
                {"options": options},
                value.at,
                _digest(*options),
            )
    return None


def _about(
    source: Source,
    wa_message_id: str,
    kind: str,
    key: str,
    actor_wa_id: str,
    actor_name: str,
    value: dict,
    at: datetime | None,
    tie: str,
) -> Fact:
    return Fact(
        source.workspace_id,
        source.channel_id,
        identity(wa_message_id, 255, "message id"),
        str(kind),
        storable(key, 200),
        storable(actor_wa_id, WA_ID_LIMIT),
        storable(actor_name, 200),
        as_json(value) or "{}",
        at,
        storable(tie, 300),
    )


def _beats(new: Fact, old: Fact) -> bool:
    if new.kind in ONCE:
        return _order(new, float("inf")) < _order(old, float("inf"))
    return _order(new, float("-inf")) > _order(old, float("-inf"))


def _order(fact: Fact, unknown: float) -> tuple[float, bytes]:
    return (fact.at.timestamp() if fact.at else unknown, fact.tie.encode())


def _digest(*texts: str) -> str:
    joined = "\x1f".join(texts).encode("utf-8", "replace")
    return hashlib.sha256(joined).hexdigest()[:32]
