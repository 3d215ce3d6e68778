"""Taking up lost connections without a person: with growing pauses, never many at once, and not for ever."""

import random
import uuid
from datetime import timedelta

from django.db import transaction

from channels_app import jobs
from channels_app.models import Channel
from channels_app.policy import RESTARTS_MOST, restart_wait_seconds
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.services.moving import note_detail
from channels_app.states import SENDS
from kernel import clock

PER_ROUND = 10


def restart_lost() -> int:
    """Ask the outbox to take up connections whose time for it has come; returns how many were asked for."""
    now = clock.now()
    asked = 0
    lost = Channel.objects.living().filter(restart_at__lte=now, wants_connection=True).exclude(status__in=SENDS)
    for channel_id in lost.order_by("restart_at", "id").values_list("pk", flat=True)[:PER_ROUND]:
        with transaction.atomic():
            channel = lost.select_for_update(no_key=True, skip_locked=True).filter(pk=channel_id).first()
            if channel is None:
                continue
            if channel.restarts >= RESTARTS_MOST:
                Channel.objects.filter(pk=channel_id).update(restart_at=None)
                note_detail(channel, f"{channel.status_detail} Waybill has tried {RESTARTS_MOST} times. Reconnect it.")
                continue
            tries = channel.restarts + 1
            wait = restart_wait_seconds(tries, random.random())
            Channel.objects.filter(pk=channel_id).update(restarts=tries, restart_at=now + timedelta(seconds=wait))
            if not is_asked(channel=channel, kind=jobs.RESTART):
                ask(channel=channel, kind=jobs.RESTART)
                asked += 1
    return asked


def take_up(*, channel_id: uuid.UUID, deadline: float) -> None:
    """Made by the outbox; what came of it is told by webhook or by the next check. Raises ProviderError."""
    if Channel.objects.living().filter(pk=channel_id, wants_connection=True).exclude(status__in=SENDS).exists():
        gateway.restart(channel_id, deadline=deadline)
