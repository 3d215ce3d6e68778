"""One round: read what is pending, understand it, apply it in one transaction; a bad body harms nobody but itself."""

import logging
import traceback
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction

from channels_app.providers.base import Ignored, Inbound, Parsed
from channels_app.providers.errors import Unreadable
from channels_app.services import gateway
from inbox.services.ingesting import CannotApply, Heard, Source, apply_values
from kernel.arrays import columns
from kernel.statements import prepared_cursor
from webhooks.services.homes import Home, Homes, nobodys
from webhooks.states import Result

log = logging.getLogger("waybill.webhooks")

BATCH = 500
BATCH_BYTES = 16 * 1024 * 1024
SHARDS = 4
"""Channels are dealt out to so many locks; the rows of one channel are applied by one applier at a time, in order."""

SWEEP_ROUNDS = 200
FROZEN_SECONDS = 30
"""A process that says nothing for so long in the middle of a round is frozen, and PostgreSQL ends its transaction: the
others wait for its shard."""

_LOCK_CLASS = 0x5742
_REASON_LENGTH = 500
_SEPARATOR = "\x1f"

# SQLSTATE classes that say nothing about the data: connection, transaction state (ended while it was idle; a server
# that takes no writes), rollback (deadlock), resources, locks, intervention (shutdown, cancel), system. The same batch
# is simply tried again.
_PASSING = ("08", "25", "40", "53", "55", "57", "58", "XX")

# A round names the rows that it wants by their keys. The planner, which cannot guess how few they are, would otherwise
# read whole tables as long as these are not huge. Before PostgreSQL 18 a forbidden scan that is needed nevertheless
# counts as so expensive that the statement would be compiled first.
_LOCK = """
SELECT pg_advisory_xact_lock(%s, %s), set_config('enable_seqscan', 'off', true),
       set_config('random_page_cost', '1.1', true), set_config('jit', 'off', true),
       set_config('idle_in_transaction_session_timeout', %s, true)
"""

_SHARDS_WITH_WORK = """
SELECT DISTINCT get_byte(uuid_send(channel_id), 15) %% %s
FROM (SELECT channel_id FROM webhooks_inboundevent WHERE result = 'pending' ORDER BY id LIMIT %s) AS first_rows
"""

# The channel comes along, so that a round asks for it neither row by row nor in a query of its own.
_READ = """
SELECT e.id, e.channel_id, e.method, e.suffix, e.body, e.applied_at IS NOT NULL, c.workspace_id, c.provider, c.own_wa_id
FROM (
    SELECT *, row_number() OVER in_order AS place, sum(octet_length(body)) OVER in_order AS bytes
    FROM (
        SELECT id, channel_id, method, suffix, body, applied_at FROM webhooks_inboundevent
        WHERE result = 'pending' AND get_byte(uuid_send(channel_id), 15) %% %s = %s
        ORDER BY id LIMIT %s
    ) AS first_rows
    WINDOW in_order AS (ORDER BY id)
) AS e
LEFT JOIN channels_app_channel c ON c.id = e.channel_id
WHERE e.place = 1 OR e.bytes <= %s
ORDER BY e.id
"""

_READ_NAMED = """
SELECT e.id, e.channel_id, e.method, e.suffix, e.body, e.applied_at IS NOT NULL, c.workspace_id, c.provider, c.own_wa_id
FROM webhooks_inboundevent e LEFT JOIN channels_app_channel c ON c.id = e.channel_id
WHERE e.id = ANY(%s::uuid[]) AND e.result <> 'refused'
ORDER BY e.id
"""

_MARK = """
UPDATE webhooks_inboundevent e
SET result = r.result, reason = r.reason, kind = r.kind, wa_message_ids = string_to_array(r.ids, %s),
    attempts = e.attempts + 1,
    applied_at = CASE WHEN r.result = 'parked' THEN e.applied_at ELSE coalesce(e.applied_at, now()) END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[]) AS r (id, result, reason, kind, ids)
WHERE e.id = r.id
"""


@dataclass
class _Row:
    id: uuid.UUID
    heard: list[Heard]
    result: str = Result.APPLIED
    reason: str = ""
    kind: str = ""
    wa_message_ids: tuple[str, ...] = ()

    def park(self, reason: str) -> None:
        self.result, self.reason, self.heard = Result.PARKED, reason, []


def apply_pending(*, limit: int = BATCH) -> int:
    """One round over every shard that has work: at most `limit` bodies of each. Returns how many were dealt with.

    Raises django.db.Error when the database is in trouble; then the bodies stay pending.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_SHARDS_WITH_WORK, [SHARDS, limit])
        shards = sorted(shard for (shard,) in cursor.fetchall())
    return sum(_apply_shard(shard, limit) for shard in shards)


def sweep_pending() -> int:
    """Apply everything that is pending, for schedules: what a crash left between storing and applying ends here."""
    done = 0
    for _ in range(SWEEP_ROUNDS):
        if not (applied := apply_pending()):
            break
        done += applied
    return done


def apply_events(event_ids: Sequence[uuid.UUID]) -> int:
    """Apply these bodies now, whatever became of them before. Returns how many there were; refused ones have none."""
    with transaction.atomic():
        for shard in range(SHARDS):
            _lock(shard)
        return _apply_stored(_READ_NAMED, [list(event_ids)])


def _apply_shard(shard: int, limit: int) -> int:
    with transaction.atomic():
        _lock(shard)
        return _apply_stored(_READ, [SHARDS, shard, limit, BATCH_BYTES])


def _lock(shard: int) -> None:
    with prepared_cursor() as cursor:
        cursor.execute(_LOCK, [_LOCK_CLASS, shard, f"{FROZEN_SECONDS}s"])


def _apply_stored(statement: str, parameters: list) -> int:
    with prepared_cursor() as cursor:
        cursor.execute(statement, parameters)
        stored = cursor.fetchall()
    if not stored:
        return 0
    rows = _understand(stored)
    _apply([row for row in rows if row.heard])
    _mark(rows)
    return len(rows)


def _understand(stored: Sequence[tuple]) -> list[_Row]:
    """Parse each body on its own: one that cannot be understood is parked here already."""
    sources: dict[uuid.UUID, Source] = {}
    rows = []
    understood: list[tuple[_Row, Source, Parsed, bool]] = []
    for event_id, channel_id, method, suffix, body, again, *channel in stored:
        row = _Row(event_id, [])
        rows.append(row)
        if channel[0] is None:
            row.park("Its channel is not there any more.")
            continue
        source = sources.setdefault(channel_id, Source(channel_id, *channel))
        try:
            parsed = gateway.parse(source.provider, method=method, suffix=suffix, body=bytes(body))
        except Unreadable as error:
            row.park(str(error))
        except RecursionError:
            row.park("The body is nested too deeply to be understood.")
        except Exception as error:  # a body must never stop the others, whatever the vendor's code did with it
            row.park(f"It could not be understood ({_whereabouts(error)}).")
            log.error("webhook.not_understood event=%s at=%s", event_id, _whereabouts(error))
        else:
            understood.append((row, source, parsed, again))
    homes = Homes((source, parsed) for _, source, parsed, _ in understood)
    for row, source, parsed, again in understood:
        _note(row, parsed, *homes.hear(source, parsed, again))
    return rows


def _note(row: _Row, parsed: Parsed, heard: list[Heard], unknown: list[Home]) -> None:
    """What is about a number that is not here is kept for the day when it is; the rest is applied all the same."""
    row.kind = parsed.kind.replace("\0", "")[:60]
    row.wa_message_ids = _message_ids(parsed.values)
    row.heard = heard
    if unknown:
        row.result, row.reason = Result.PARKED, nobodys(unknown)
    elif not heard:
        reasons = (value.reason for value in parsed.values if isinstance(value, Ignored) and value.reason)
        row.result, row.reason = Result.IGNORED, next(reasons, "There is nothing in it.")


def _message_ids(values: Iterable[Inbound]) -> tuple[str, ...]:
    """Every message that the body is about, for the search by message id."""
    ids: dict[str, None] = {}
    for value in values:
        for name in ("wa_message_id", "target_wa_id"):
            if (found := getattr(value, name, "")) and len(found) <= 255 and found.isprintable():
                ids[found] = None
    return tuple(ids)


def _apply(rows: list[_Row], *, again: bool = False) -> None:
    """Apply all, or, where that fails, each half on its own, down to the one body that cannot be applied.

    A body that collides with a row which somebody committed meanwhile sees that row the next time: it is tried again.
    """
    if not rows:
        return
    try:
        with transaction.atomic():
            apply_values([heard for row in rows for heard in row.heard])
    except Exception as error:
        if isinstance(error, DatabaseError) and _passes(error):
            raise
        if len(rows) > 1:
            middle = len(rows) // 2
            _apply(rows[:middle])
            return _apply(rows[middle:])
        if isinstance(error, IntegrityError) and not again:
            return _apply(rows, again=True)
        rows[0].park(_reason(error))
        log.error("webhook.parked event=%s at=%s", rows[0].id, _whereabouts(error))


def _mark(rows: list[_Row]) -> None:
    marks = [
        (
            row.id,
            str(row.result),
            row.reason.replace("\0", "")[:_REASON_LENGTH],
            row.kind,
            _SEPARATOR.join(row.wa_message_ids),
        )
        for row in rows
    ]
    with prepared_cursor() as cursor:
        cursor.execute(_MARK, [_SEPARATOR, *columns(marks, 5)])


def _passes(error: DatabaseError) -> bool:
    """Whether trying the same again may work. An error without a code is a lost connection."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(_PASSING)


def _reason(error: Exception) -> str:
    if isinstance(error, CannotApply):
        return str(error)
    if isinstance(error, DatabaseError):
        said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or type(error).__name__
        return f"The database refused it: {said}."
    return f"It could not be applied ({_whereabouts(error)})."


def _whereabouts(error: Exception) -> str:
    """The kind of an error and the line that raised it: bodies and messages stay out of logs and reasons."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
