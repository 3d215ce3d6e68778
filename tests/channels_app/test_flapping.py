"""A connection that comes and goes a hundred times: the history stays short, nobody is stormed, nothing is lost."""

from datetime import timedelta

import pytest
from django.db import transaction

from channels_app import jobs
from channels_app.models import Channel, ConnectionLogEntry
from channels_app.providers.base import Health, InboundConnection
from channels_app.services import connection
from channels_app.services.credentials import TOKEN, store_credential
from channels_app.services.health import check_channels
from channels_app.states import ChannelStatus
from channels_app.workers import KINDS
from kernel import clock
from outbox.models import Hold, Item, Lane
from outbox.services.enqueuing import enqueue
from tests.support.fake_provider import perform, waiting_jobs
from tests.support.world import make_world

S = ChannelStatus
OURS = {kind.name for kind in KINDS}
TIMES = 100
SECONDS_BETWEEN = 20


@pytest.mark.django_db(transaction=True)
def test_a_hundred_losses_and_returns_in_half_an_hour(provider, monkeypatch):
    world = make_world()
    channel = world.channel
    store_credential(channel=channel, name=TOKEN, secret="tok-0123456789")
    provider.answers["webhook_is_registered"] = True
    start = clock.now()
    for step in range(2 * TIMES):
        at = start + timedelta(seconds=step * SECONDS_BETWEEN / 2)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        lost = step % 2 == 0
        status = S.CONNECTING if lost else S.CONNECTED
        provider.answers["health"] = Health(status=status)
        if lost:
            with transaction.atomic():
                _write(channel)
        connection.note_connection(channel_id=channel.pk, values=InboundConnection(status=status, detail="It blinked."))
        lane = Lane.objects.get(pk=channel.pk)
        assert lane.closed is lost, step
        if step % 6 == 0:  # once a minute, as the schedule does
            check_channels()
            for item in waiting_jobs(channel):
                if item.kind in OURS:
                    perform(item)
    channel.refresh_from_db()
    assert channel.status == S.CONNECTED
    assert channel.restart_at is None
    entries = ConnectionLogEntry.objects.filter(channel=channel)
    assert entries.count() <= 4, "one line for each kind of move within the hour"
    assert sum(entries.values_list("times", flat=True)) == 2 * TIMES
    assert provider.names().count("register_webhook") == 0
    assert provider.names().count("webhook_is_registered") <= 5
    assert provider.names().count("restart") == 0, "what comes back by itself within seconds is left alone"
    assert provider.names().count("health") <= TIMES / 3 + 1
    assert not [item for item in waiting_jobs(channel) if item.kind == jobs.CONNECT], "nobody asked for a code"
    waiting = Item.objects.filter(lane_id=channel.pk, kind="message.send", state="queued", open=True)
    assert list(waiting.order_by("seq").values_list("seq", flat=True)) == list(range(1, TIMES + 1)), "all, in order"
    assert not Hold.objects.filter(lane_id=channel.pk, ended_at__isnull=True).exists()
    assert Channel.objects.get(pk=channel.pk).wants_connection


def _write(channel: Channel) -> None:
    lane = channel.pk
    enqueue(workspace_id=channel.workspace_id, lane_id=lane, order_key=lane, kind="message.send", payload={})
