"""Waiting for a named condition with a deadline, where real processes are involved."""

import time
from collections.abc import Callable

from django.db import connection


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Returns as soon as the condition holds. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"Waited {seconds} s in vain."
        time.sleep(0.02)


def queries_that_wait() -> int:
    """How many other sessions of the test's database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]
