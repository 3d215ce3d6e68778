"""Counts queries, so that a read costs the same for two rows and for forty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def at_most(budget: int) -> Iterator[CaptureQueriesContext]:
    """Fails when the block asks the database more often than `budget` times, and shows what it asked."""
    with CaptureQueriesContext(connection) as captured:
        yield captured
    assert len(captured) <= budget, f"{len(captured)} queries, the budget is {budget}:\n" + _listed(captured)


def queries_of(deed: Callable[[], object]) -> list[str]:
    """The statements of `deed`."""
    with CaptureQueriesContext(connection) as captured:
        deed()
    return [query["sql"] for query in captured.captured_queries]


def _listed(captured: CaptureQueriesContext) -> str:
    return "\n".join(f"{number:3} {query['sql'][:300]}" for number, query in enumerate(captured, start=1))
