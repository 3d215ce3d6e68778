"""Does a deed again when PostgreSQL broke a ring of waiting transactions by refusing this one."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

TRIES = 4
DEADLOCK = "40P01"


def again_after_deadlock(deed: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`deed` is one transaction and nothing else; it is done anew, at most TRIES times, before anybody hears of it.

    Inside a transaction of the caller's nothing is repeated, because all of that is lost with the deadlock.
    """

    @functools.wraps(deed)
    def done(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        tries = 1 if connection.in_atomic_block else TRIES
        while True:
            tries -= 1
            try:
                return deed(*args, **kwargs)
            except OperationalError as error:
                if not tries or getattr(error.__cause__, "sqlstate", None) != DEADLOCK:
                    raise

    return done
