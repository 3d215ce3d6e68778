"""Tells kinds how their items now stand, inside the transaction that records it; one that fails harms only itself."""

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import OperationalError, connection, transaction

from kernel import clock
from outbox.errors import whereabouts
from outbox.models import Item
from outbox.registry import Settled, kind_named

log = logging.getLogger("waybill.outbox.settling")

TELL_AGAIN_BATCH = 50


def settled_from(item: Item, *, data: dict[str, Any] | None = None) -> Settled:
    """How `item`, as just written, stands."""
    return Settled(
        item_id=item.id,
        workspace_id=item.workspace_id,
        lane_id=item.lane_id,
        order_key=item.order_key,
        subject_id=item.subject_id,
        kind=item.kind,
        state=item.state,
        provider_id=item.provider_id,
        data=data or {},
        error_code=item.error_code,
        error=item.error,
        attempts=item.attempts,
        due_at=item.due_at,
        at=clock.now(),
    )


def tell_kinds(settled: Iterable[Settled], *, patient: bool = True) -> None:
    """Call each kind's `settle` with its items.

    A settle that fails is called again for one item at a time, and the culprit is noted on its row (`settle_error`) and
    told again later; its state stays what really happened. While `patient`, an OperationalError (lock, deadlock, lost
    connection) goes through instead, because the whole transaction is better repeated.
    """
    for kind, batch in groupby(sorted(settled, key=attrgetter("kind")), key=attrgetter("kind")):
        _tell(kind, list(batch), patient)


def _tell(kind: str, batch: Sequence[Settled], patient: bool) -> None:
    try:
        with transaction.atomic():
            kind_named(kind).settle(batch)
    except Exception as error:
        if isinstance(error, OperationalError) and (patient or not connection.is_usable()):
            raise
        if len(batch) > 1:
            for one in batch:
                _tell(kind, [one], patient)
            return
        reason = whereabouts(error)
        log.error("outbox.settle_failed kind=%s item=%s error=%s", kind, batch[0].item_id, reason)
        Item.objects.filter(pk=batch[0].item_id).update(settle_error=reason[:500])


def tell_again() -> int:
    """Tell kinds again about items whose state they could not record. Returns for how many it worked."""
    with transaction.atomic():
        items = Item.objects.exclude(settle_error="").order_by("id").select_for_update(skip_locked=True, no_key=True)
        found = list(items[:TELL_AGAIN_BATCH])
        Item.objects.filter(pk__in=[item.pk for item in found]).update(settle_error="")
        tell_kinds([settled_from(item) for item in found], patient=False)
        still = set(
            Item.objects.filter(pk__in=[item.pk for item in found])
            .exclude(settle_error="")
            .values_list("pk", flat=True)
        )
    return len(found) - len(still)
