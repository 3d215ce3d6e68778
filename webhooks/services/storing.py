"""Keep a webhook body, or the count of a refusal, before anybody tries to understand it."""

import logging
import uuid
from collections.abc import Sequence
from functools import cache

import psycopg
from django.db import Error, InterfaceError, OperationalError, connection, transaction

from kernel.ids import new_id
from kernel.together import Together

log = logging.getLogger("waybill.webhooks")

NOBODY = uuid.UUID(int=0)
"""Stands for the channel and workspace of requests that name no channel of ours: all of them share one row per hour."""

_SUFFIX_LENGTH = 80
_ROWS_TOGETHER = 32
_BYTES_TOGETHER = 16 * 1024 * 1024

_INSERT = """
INSERT INTO webhooks_inboundevent
    (id, workspace_id, channel_id, method, suffix, body, kind, result, reason, wa_message_ids, attempts)
VALUES {}
ON CONFLICT (id) DO NOTHING
"""

_VALUES = "(%b, %b, %b, %s, %s, %b, '', 'pending', '', '{}', 0)"

_COUNT_REFUSAL = """
INSERT INTO webhooks_inboundevent
    (id, workspace_id, channel_id, received_at, method, suffix, body, kind, result, reason, wa_message_ids, attempts)
VALUES (%s, %s, %s, date_trunc('hour', now()), %s, '', '', %s, 'refused', %s, '{}', 1)
ON CONFLICT (channel_id, kind, received_at) WHERE result = 'refused'
DO UPDATE SET attempts = webhooks_inboundevent.attempts + 1
"""


def store(*, workspace_id: uuid.UUID, channel_id: uuid.UUID, method: str, suffix: str, body: bytes) -> uuid.UUID:
    """One row; in autocommit it is durable when this returns.

    Raises django.db.Error, and Unfinished when another thread hangs over it; then it may be kept or not.
    """
    event_id = new_id()
    row = (event_id, workspace_id, channel_id, method, suffix.replace("\0", "")[:_SUFFIX_LENGTH], body)
    _together.do(row, len(body))
    return event_id


def _insert(rows: Sequence[tuple]) -> None:
    """All of them in one statement, which is a transaction of its own."""
    try:
        _execute(rows)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()  # it was stale: the database restarted since the last request
        _execute(rows)


def _execute(rows: Sequence[tuple]) -> None:
    # Django would ask a kept connection whether it lives before each request's first statement: a third of the time
    # that a webhook takes. Here a dead one shows itself, and the rows are inserted again under the same ids.
    connection.health_check_done = True
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_statement(len(rows)), [value for row in rows for value in row])


@cache
def _statement(count: int) -> str:
    return _INSERT.format(", ".join([_VALUES] * count))


_together = Together(_insert, most=_ROWS_TOGETHER, most_weight=_BYTES_TOGETHER)


def count_refusal(
    *, rule: str, reason: str, method: str, workspace_id: uuid.UUID = NOBODY, channel_id: uuid.UUID = NOBODY
) -> None:
    """One row per channel, rule and hour, with `attempts` as its counter. Never fails the answer."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT_REFUSAL, [new_id(), workspace_id, channel_id, method, rule, reason])
    except Error as error:
        log.warning("webhook.refusal_not_counted channel=%s rule=%s error=%s", channel_id, rule, type(error).__name__)
