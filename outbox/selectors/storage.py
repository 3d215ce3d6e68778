"""How the outbox's tables fare in PostgreSQL: dead rows, sizes, and what keeps vacuum from working."""

from dataclasses import dataclass

from django.db import connection

TABLES = ("outbox_item", "outbox_attempt", "outbox_orderkey", "outbox_lane", "outbox_worker")

FIGURES = """
    select stat.relname, stat.n_dead_tup, pg_table_size(stat.relid), pg_indexes_size(stat.relid)
    from pg_stat_user_tables stat where stat.relname = any(%s) and stat.schemaname = current_schema()
    order by 1
"""
OLDEST_SNAPSHOT = """
    select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8
    from pg_stat_activity
    where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
"""
SENT_LAST_MINUTE = """
    select coalesce(sum(sent), 0) from outbox_sentminute
    where minute = date_trunc('minute', clock_timestamp()) - interval '1 minute'
"""


@dataclass(frozen=True)
class TableFigures:
    """`dead_rows` is what PostgreSQL's statistics say; sizes are in bytes."""

    name: str
    dead_rows: int
    table_bytes: int
    index_bytes: int


def table_figures() -> list[TableFigures]:
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, [list(TABLES)])
        return [TableFigures(*row) for row in cursor.fetchall()]


def oldest_snapshot_seconds() -> float:
    """The age of the oldest transaction whose snapshot keeps vacuum from clearing what is newer; 0 without one."""
    return _scalar(OLDEST_SNAPSHOT)


def sent_last_minute() -> int:
    """How many items were sent in the last full minute."""
    return int(_scalar(SENT_LAST_MINUTE))


def _scalar(query: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
