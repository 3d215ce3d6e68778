"""What the team sees of a message is a function of the message and the set of facts about it, in any order."""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from inbox.states import REPORT_RANK, FactKind
from kernel.arrays import columns
from kernel.statements import prepared_cursor

_LOCK_CLASS = 0x5746

# A report may come in the moment in which our message gets the id that the report names. Whoever stores facts takes
# the buckets of their ids alone, whoever gives ids to messages shares them, so that one of the two sees the other.
_LOCK = "SELECT pg_advisory_xact_lock(%s, b) FROM unnest(%s::int[]) AS b"
_LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(%s, b) FROM unnest(%s::int[]) AS b"

_LOCK_MESSAGES = """
SELECT FROM unnest(%s::uuid[], %s::text[]) AS wanted (channel_id, wa_message_id)
JOIN inbox_message m ON m.channel_id = wanted.channel_id AND m.wa_message_id = wanted.wa_message_id
ORDER BY m.id FOR NO KEY UPDATE OF m
"""

_READ = """
SELECT m.id, m.workspace_id, m.channel_id, m.chat_id, m.wa_message_id,
       m.direction, m.status, m.text, m.sort_at, m.sent_at, m.delivered_at, m.read_at, m.played_at,
       m.edited_at, m.deleted_at, m.error_code, m.error_detail,
       f.kind, f.key, f.value, f.at, f.tie
FROM unnest(%s::uuid[], %s::text[]) AS wanted (channel_id, wa_message_id)
JOIN inbox_message m ON m.channel_id = wanted.channel_id AND m.wa_message_id = wanted.wa_message_id
JOIN inbox_messagefact f ON f.channel_id = wanted.channel_id AND f.wa_message_id = wanted.wa_message_id
ORDER BY m.id FOR NO KEY UPDATE OF m
"""

_WRITE = """
UPDATE inbox_message m
SET status = n.status, text = n.text, sent_at = n.sent_at, delivered_at = n.delivered_at, read_at = n.read_at,
    played_at = n.played_at, edited_at = n.edited_at, deleted_at = n.deleted_at, error_code = n.error_code,
    error_detail = n.error_detail, version = m.version + 1
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[])
    AS n (id, status, text, sent_at, delivered_at, read_at, played_at, edited_at, deleted_at, error_code, error_detail)
WHERE m.id = n.id
"""

# Through the index of replies that wait for what they answer, which is all but empty.
_LINK_REPLIES = """
UPDATE inbox_message m SET quoted_id = q.id, version = m.version + 1
FROM unnest(%s::uuid[], %s::text[]) AS came (channel_id, wa_message_id)
JOIN inbox_message q ON q.channel_id = came.channel_id AND q.wa_message_id = came.wa_message_id
WHERE m.channel_id = came.channel_id AND m.quoted_wa_id = came.wa_message_id AND m.quoted_wa_id <> ''
  AND m.quoted_id IS NULL AND m.chat_id = q.chat_id AND m.id <> q.id
RETURNING m.id, m.chat_id
"""

FactKey = tuple[uuid.UUID, str]  # channel id, wa_message_id


@dataclass(frozen=True, slots=True)
class Seen:
    """The part of a message that facts decide."""

    direction: str
    status: str
    text: str
    sort_at: datetime
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    played_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    error_code: str = ""
    error_detail: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """A fact, as folding needs it."""

    kind: str
    key: str
    value: dict[str, Any]
    at: datetime | None
    tie: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A message that looks different now. `was` is its status before."""

    id: uuid.UUID
    workspace_id: uuid.UUID
    channel_id: uuid.UUID
    chat_id: uuid.UUID
    wa_message_id: str
    was: str
    seen: Seen
    written: bool


@dataclass
class Folded:
    changed: list[Changed] = field(default_factory=list)
    read_on_phone: dict[uuid.UUID, datetime] = field(default_factory=dict)  # chat id: time of the newest message read


def folded(base: Seen, facts: Sequence[About]) -> Seen:
    """`base` with everything that is known about it. Folding again, or in another order, changes nothing."""
    seen = _with_reports(base, [fact for fact in facts if fact.kind == FactKind.STATUS])
    seen = _with_edits(seen, [fact for fact in facts if fact.kind == FactKind.EDIT])
    revokes = [fact.at or base.sort_at for fact in facts if fact.kind == FactKind.REVOKE]
    return replace(seen, deleted_at=min(revokes)) if revokes else seen


def fold(keys: Iterable[FactKey]) -> list[uuid.UUID]:
    """Bring the messages with these ids up to date with the facts about them, inside the caller's transaction.

    For whoever has just given messages their ids; replies to them that came before find them too. Returns the ids of
    the messages that changed; publishes nothing. Call it once for all of them: in two calls the buckets would be
    locked out of order.
    """
    keys = list(keys)
    _lock(_LOCK_SHARED, keys)
    replies = [message_id for message_id, _ in link_replies(keys)]
    return [*write(read_folded(keys)), *replies]


def link_replies(keys: Sequence[FactKey]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Let replies that came before these messages point to them; their ids and chats."""
    if not keys:
        return []
    with prepared_cursor() as cursor:
        cursor.execute(_LINK_REPLIES, columns(keys, 2))
        return cursor.fetchall()


def lock_facts(keys: Iterable[FactKey]) -> None:
    """Call before storing facts about these messages. After the locks of chats and messages: it is the last to take.

    The messages that have these ids already are locked first. Else whoever settles one of them, and then wants to
    share the bucket, and whoever has the bucket, and then wants to fold the message, wait for each other.
    """
    keys = list(keys)
    if keys:
        with prepared_cursor() as cursor:
            cursor.execute(_LOCK_MESSAGES, columns(keys, 2))
    _lock(_LOCK, keys)


def read_folded(keys: Iterable[FactKey], *, touched: Iterable[FactKey] = ()) -> Folded:
    """What changes for the messages with these ids; `touched` also change when no column does (reactions, votes)."""
    wanted, touched = sorted(set(keys), key=itemgetter(1)), set(touched)
    if not wanted:
        return Folded()
    with prepared_cursor() as cursor:
        cursor.execute(_READ, columns(wanted, 2))
        rows = cursor.fetchall()
    result = Folded()
    for (message_id, workspace_id, channel_id, chat_id, wa_message_id), group in groupby(
        rows, key=itemgetter(*range(5))
    ):
        known = list(group)
        base = Seen(*known[0][5:17])
        facts = [About(kind, key, _decoded(value), at, tie) for *_, kind, key, value, at, tie in known]
        seen = folded(base, facts)
        if seen != base or (channel_id, wa_message_id) in touched:
            result.changed.append(
                Changed(message_id, workspace_id, channel_id, chat_id, wa_message_id, base.status, seen, seen != base)
            )
        if base.direction == "inbound" and any(_is_reading(fact) for fact in facts):
            known_until = result.read_on_phone.get(chat_id, base.sort_at)
            result.read_on_phone[chat_id] = max(known_until, base.sort_at)
    return result


def write(result: Folded) -> list[uuid.UUID]:
    """Write the changes, each with a new version; the ids of the messages."""
    if not result.changed:
        return []
    rows = [
        (
            one.id,
            one.seen.status,
            one.seen.text,
            one.seen.sent_at,
            one.seen.delivered_at,
            one.seen.read_at,
            one.seen.played_at,
            one.seen.edited_at,
            one.seen.deleted_at,
            one.seen.error_code,
            one.seen.error_detail,
        )
        for one in result.changed
    ]
    with prepared_cursor() as cursor:
        cursor.execute(_WRITE, columns(rows, 11))
    return [one.id for one in result.changed]


def _with_reports(base: Seen, reports: Sequence[About]) -> Seen:
    """Only the furthest report counts. Our own reading of a customer's message is no report about it."""
    if base.direction == "inbound" or not reports:
        return base
    times = defaultdict(list)
    for report in reports:
        times[_word(report)].append(report.at)
    furthest = max(times, key=REPORT_RANK.__getitem__)
    failure = min((report for report in reports if _word(report) == "failed"), key=_first, default=None)
    failed = furthest == "failed" and failure is not None
    return replace(
        base,
        status=furthest,
        sent_at=base.sent_at or _earliest(times["sent"]),
        delivered_at=_earliest(times["delivered"]),
        read_at=_earliest(times["read"]),
        played_at=_earliest(times["played"]),
        error_code=failure.value.get("code", "")[:60] if failed else "",
        error_detail=failure.value.get("detail", "")[:500] if failed else "",
    )


def _with_edits(seen: Seen, edits: Sequence[About]) -> Seen:
    """The latest edit counts; one without a time is older than any with one."""
    if not edits:
        return seen
    latest = max(edits, key=lambda edit: (edit.at.timestamp() if edit.at else float("-inf"), edit.tie))
    return replace(seen, text=latest.value.get("text", ""), edited_at=latest.at or seen.sort_at)


def text_digest(text: str) -> str:
    """Names an edit by its text, and decides between two edits of the same second."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _is_reading(fact: About) -> bool:
    return fact.kind == FactKind.STATUS and _word(fact) in ("read", "played")


def _word(report: About) -> str:
    return report.key.partition(":")[0]


def _first(report: About) -> tuple[float, str]:
    return (report.at.timestamp() if report.at else float("inf"), report.tie)


def _earliest(times: Sequence[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _lock(statement: str, keys: Iterable[FactKey]) -> None:
    buckets = sorted({_bucket(key) for key in keys})
    if buckets:
        with prepared_cursor() as cursor:
            cursor.execute(statement, [_LOCK_CLASS, buckets])


def _bucket(key: FactKey) -> int:
    channel_id, wa_message_id = key
    return hashlib.blake2b(channel_id.bytes + wa_message_id.encode(), digest_size=1).digest()[0]


def _decoded(value: str) -> dict[str, Any]:
    """Django's cursors give jsonb as text."""
    decoded = json.loads(value)
    return decoded if isinstance(decoded, dict) else {}
