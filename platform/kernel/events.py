"""Facts go up: lower apps publish frozen dataclasses, higher apps subscribe in their apps.py."""

import enum
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db import transaction

log = logging.getLogger("waybill.events")


class Moment(enum.Enum):
    """When a subscriber hears of a fact.

    SAME_TRANSACTION may only write rows; if it fails, the deed fails.
    AFTER_COMMIT may be lost in a crash and must be recoverable; a failure is logged and isolated.
    """

    SAME_TRANSACTION = "same transaction"
    AFTER_COMMIT = "after commit"


_subscribers: dict[type, list[tuple[Moment, Callable[[Any], None]]]] = defaultdict(list)


def subscribe(event_type: type, handler: Callable[[Any], None], moment: Moment) -> None:
    if (moment, handler) not in _subscribers[event_type]:
        _subscribers[event_type].append((moment, handler))


def publish(event: object) -> None:
    """Tell the subscribers of `type(event)`. Raises RuntimeError outside a transaction: a fact needs a commit."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was published outside a transaction; wrap the deed in atomic().")
    for moment, handler in _subscribers[type(event)]:
        if moment is Moment.SAME_TRANSACTION:
            handler(event)
        else:
            transaction.on_commit(lambda handler=handler: handler(event), robust=True)


def subscriptions() -> dict[type, list[tuple[Moment, Callable[[Any], None]]]]:
    """Who listens to what; for `manage.py show_wiring` and tests."""
    return dict(_subscribers)
