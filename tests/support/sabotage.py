"""Takes guards out of the relay, for tests that show that their judge would notice. The product has no such switch."""

from collections.abc import Callable
from typing import Any

from django.db import connection

from outbox.services.relaying import owning, reading, ticking
from outbox.services.relaying.threads import Lease

Patch = Callable[[Any, str, Any], None]  # setattr, or monkeypatch.setattr

INDEX = "attempt_one_open_per_chat"


def without_fence(patch: Patch) -> None:
    """A worker may be dead, its lease over and its lane another's: it goes on all the same."""
    patch(ticking, "FENCE", changed(ticking.FENCE, "and not dead and lease_until > clock_timestamp()", ""))
    patch(ticking, "TAKE", changed(ticking.TAKE, "and lane.owner_id = %s", "and %s::bigint is not null"))
    patch(Lease, "may_start", lambda lease: True)
    really = owning.renew
    patch(owning, "renew", lambda worker_id, lease_seconds: really(worker_id, lease_seconds) or True)
    patch(reading, "LANE_SETTINGS", everyones_lanes())


def without_one_open_per_chat(patch: Patch) -> None:
    """The unique index is not asked. It is dropped by `index_dropped`, in the database that the test uses."""
    clause = "on conflict (order_key) where finished_at is null do nothing"
    patch(ticking, "INTEND", changed(ticking.INTEND, clause, ""))


def without_heads(patch: Patch) -> None:
    """Any item of a chat may start, whatever waits before it."""
    patch(ticking, "TAKE", changed(ticking.TAKE, "and earlier.seq < item.seq", "and false"))


def late_answers_decide(patch: Patch) -> None:
    """What a process learns about an attempt that was taken from it counts as if it were still its own."""
    careless = changed(ticking.RECORD, "and attempt.outcome is null", "")
    patch(ticking, "RECORD", changed(careless, "and item.state = 'queued'", ""))


def counting_instead_of_owning(patch: Patch) -> None:
    """Every relay serves every lane, and counts what is open before it takes."""
    count = (
        "and %s::bigint is not null and lane.cap > (select count(*) from outbox_attempt other"
        " where other.lane_id = lane.id and other.finished_at is null)"
    )
    counted = changed(ticking.TAKE, "and lane.owner_id = %s", count)
    patch(ticking, "TAKE", changed(counted, "for no key update of item", "for no key update of item skip locked"))
    patch(reading, "LANE_SETTINGS", everyones_lanes())


def everyones_lanes() -> str:
    return changed(reading.LANE_SETTINGS, "where owner_id = %s", "where %s::bigint is not null")


def changed(statement: str, old: str, new: str) -> str:
    """Fails when the statement has no longer what the sabotage takes out: then it would prove nothing."""
    assert statement.count(old) == 1, f"{old!r} is not in the statement; this sabotage must be written anew"
    return statement.replace(old, new)


class index_dropped:
    """The database without its unique index, for a while."""

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select indexdef from pg_indexes where indexname = %s", [INDEX])
            (self._definition,) = cursor.fetchone()
            cursor.execute(f"drop index {INDEX}")

    def __exit__(self, *error: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("delete from outbox_attempt")
            cursor.execute(self._definition)
