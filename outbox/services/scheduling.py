"""Scheduled items take their place in their chat when they are due, and not before (docs/adr/0007)."""

from collections import Counter

from django.db import connection, transaction

from outbox.models import Item
from outbox.services.enqueuing import take_places, wake_tokens
from outbox.services.settling import settled_from, tell_kinds
from outbox.services.waking import wake_after_commit
from outbox.states import ItemState

BATCH = 200


def enter_due_items() -> int:
    """Queue the scheduled items that are due by the database's clock, in the order in which they were due."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """
                select id from outbox_item where state = 'scheduled' and due_at <= clock_timestamp()
                order by due_at, id limit %s for no key update skip locked
                """,
                [BATCH],
            )
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        found = Item.objects.in_bulk(ids)
        items = [found[item_id] for item_id in ids]
        next_seq = take_places(Counter(item.order_key for item in items))
        for item in items:
            item.state, item.open, item.seq = ItemState.QUEUED, True, next_seq[item.order_key]
            next_seq[item.order_key] += 1
        Item.objects.bulk_update(items, ["state", "open", "seq"])
        tell_kinds(settled_from(item) for item in items)
        wake_after_commit(wake_tokens(items))
    return len(items)
