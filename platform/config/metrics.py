"""Prometheus figures, read from the database at each scrape, so that any process may answer for all of them."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from channels_app.models import Channel
from config import checks
from kernel import clock
from outbox.models import Hold, Item
from outbox.selectors import storage
from outbox.states import ItemState
from webhooks.models import InboundEvent
from webhooks.states import Result


def exposition() -> bytes:
    """The figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Figures())
    return generate_latest(registry)


class _Figures:
    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("waybill", "Which version runs.", value={"version": settings.VERSION})
        yield gauge("waybill_relays", "Relay processes with a living lease.", checks.living_workers())
        yield gauge(
            "waybill_outbox_waiting_items",
            f"Open items, counted up to {checks.COUNT_LIMIT}.",
            Item.objects.filter(open=True)[: checks.COUNT_LIMIT].count(),
        )
        yield gauge(
            "waybill_outbox_oldest_waiting_seconds",
            "How long the longest-waiting item that may go out has been due; 0 when none waits.",
            age(checks.oldest_waiting_at()),
        )
        yield gauge(
            "waybill_outbox_sent_last_minute",
            "Items that were sent in the last full minute.",
            storage.sent_last_minute(),
        )
        yield gauge(
            "waybill_database_oldest_snapshot_seconds",
            "Age of the oldest transaction that keeps PostgreSQL from clearing dead rows; queues slow down above 60.",
            storage.oldest_snapshot_seconds(),
        )
        yield from table_metrics()
        yield by_label(
            "waybill_outbox_needs_person",
            "Items that ended badly and that nobody has decided on.",
            "state",
            Item.objects.filter(state__in=[ItemState.FAILED, ItemState.UNCERTAIN]),
        )
        yield by_label(
            "waybill_lanes_held",
            "Lanes on hold, by the kind of hold.",
            "kind",
            Hold.objects.filter(ended_at=None).exclude(until__lt=Now()),
        )
        yield gauge(
            "waybill_inbound_pending_events",
            f"Webhook bodies stored and not yet applied, counted up to {checks.COUNT_LIMIT}.",
            InboundEvent.objects.filter(result=Result.PENDING)[: checks.COUNT_LIMIT].count(),
        )
        yield gauge(
            "waybill_inbound_oldest_pending_seconds",
            "Age of the oldest of them; 0 when none waits.",
            age(checks.oldest_pending_at()),
        )
        yield by_label("waybill_channels", "Channels by connection status.", "status", Channel.objects.living())


def table_metrics() -> Iterator[Metric]:
    dead = GaugeMetricFamily("waybill_table_dead_rows", "Rows that vacuum has not yet cleared.", labels=["table"])
    size = GaugeMetricFamily("waybill_table_bytes", "What a table takes on disk.", labels=["table", "part"])
    for figures in storage.table_figures():
        dead.add_metric([figures.name], figures.dead_rows)
        size.add_metric([figures.name, "rows"], figures.table_bytes)
        size.add_metric([figures.name, "indexes"], figures.index_bytes)
    yield from (dead, size)


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def by_label(name: str, text: str, field: str, rows) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[field])
    for row in rows.order_by().values(field).annotate(number=Count("pk")):
        family.add_metric([row[field]], row["number"])
    return family


def age(since) -> float:
    return max(0.0, (clock.now() - since).total_seconds()) if since else 0.0
