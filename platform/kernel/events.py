"""Facts go up: lower apps publish frozen dataclasses, higher apps subscribe in their apps.py."""

import enum
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.db import transaction

log = logging.getLogger("waybill.events")


class Moment(enum.Enum):
    """When a subscriber hears of a fact.

    SAME_TRANSACTION may only write rows; if it fails, the deed fails.
    AFTER_COMMIT may be lost in a crash and must be recoverable; a failure is logged and isolated.
    AFTER_COMMIT_TOGETHER is the same for a subscriber that takes a list: all events of its type that were published at
    once, so that it asks the database once for all of them.
    """

    SAME_TRANSACTION = "same transaction"
    AFTER_COMMIT = "after commit"
    AFTER_COMMIT_TOGETHER = "after commit, together"


_subscribers: dict[type, list[tuple[Moment, Callable[[Any], None]]]] = defaultdict(list)


def subscribe(event_type: type, handler: Callable[[Any], None], moment: Moment) -> None:
    if (moment, handler) not in _subscribers[event_type]:
        _subscribers[event_type].append((moment, handler))


def publish(*events: object) -> None:
    """Tell the subscribers of each event's type. Raises RuntimeError outside a transaction: a fact needs a commit."""
    connection = transaction.get_connection()
    later: dict[tuple[Moment, Callable[[Any], None]], list[object]] = {}
    for event in events:
        if not connection.in_atomic_block:
            name = type(event).__name__
            raise RuntimeError(f"{name} was published outside a transaction; wrap the deed in atomic().")
        for moment, handler in _subscribers[type(event)]:
            if moment is Moment.SAME_TRANSACTION:
                handler(event)
            else:
                later.setdefault((moment, handler), []).append(event)
    for (moment, handler), heard in later.items():
        tellings = [heard] if moment is Moment.AFTER_COMMIT_TOGETHER else heard
        connection.on_commit(partial(_tell, handler, tellings))


def _tell(handler: Callable[[Any], None], tellings: Iterable[Any]) -> None:
    """Each on its own: what goes wrong with one keeps none of the others from being heard."""
    for telling in tellings:
        try:
            handler(telling)
        except Exception:
            log.exception("event.not_heard by=%s", handler.__qualname__)


def subscriptions() -> dict[type, list[tuple[Moment, Callable[[Any], None]]]]:
    """Who listens to what; for `manage.py show_wiring` and tests."""
    return dict(_subscribers)
