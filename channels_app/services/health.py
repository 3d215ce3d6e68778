"""Asking providers how their connections are, where the traffic does not tell."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection as database
from django.db.models import F, Q

from channels_app.models import Channel
from channels_app.providers.base import Health
from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from channels_app.services.connection import note_health
from channels_app.services.following import follow_lanes
from channels_app.services.restarting import restart_lost
from channels_app.services.silence import judge_silence
from channels_app.services.webhooking import look_after_webhooks
from channels_app.states import ChannelStatus
from kernel import clock

log = logging.getLogger("waybill.channels")

QUIET = timedelta(minutes=10)  # a number that received or sent something since then is not asked
UNSETTLED_EVERY = timedelta(minutes=1)
ASKED_AT_ONCE = 16
ASKED_PER_ROUND = 96  # half a minute when none answers; the others come next, longest unasked first
DEADLINE_SECONDS = 5.0


def check_channels() -> int:
    """Ask the provider of every channel without recent evidence, and believe the answers; returns how many moved.

    First what the lanes know and no subscriber heard is caught up with, and what only messages can tell is looked at.
    Afterwards lost connections are taken up again, and webhooks looked at, both by the outbox.

    Evidence is a webhook or an accepted message. A channel that is not settled, or that moved since it was last asked,
    is asked every minute. A provider that does not answer proves nothing: the channel stays as it is.
    """
    moved = follow_lanes() + judge_silence()
    channels = _due()
    with ThreadPoolExecutor(max_workers=ASKED_AT_ONCE) as pool:
        answers = list(pool.map(_ask, channels))
    moved += sum(_believe(channel, answer) for channel, answer in zip(channels, answers, strict=True))
    restart_lost()
    look_after_webhooks()
    return moved


def _due() -> Sequence[Channel]:
    now = clock.now()
    asked_long_ago = Q(checked_at__isnull=True) | Q(checked_at__lt=now - QUIET)
    asked_a_minute_ago = Q(checked_at__isnull=True) | Q(checked_at__lt=now - UNSETTLED_EVERY)
    heard = Q(last_inbound_at__gt=now - QUIET) | Q(last_acknowledged_at__gt=now - QUIET)
    unsettled = ~Q(status=ChannelStatus.CONNECTED) | Q(checked_at__lt=F("status_since"))
    due = (asked_long_ago & ~heard) | (asked_a_minute_ago & unsettled)
    with_token = Channel.objects.living().filter(wants_connection=True, credentials__name="token")
    return list(with_token.filter(due).order_by(F("checked_at").asc(nulls_first=True), "id")[:ASKED_PER_ROUND])


def _ask(channel: Channel) -> Health | None:
    """On a thread of the pool, which gives its database connection back."""
    try:
        return gateway.health(channel.pk, deadline=DEADLINE_SECONDS)
    except ProviderError as error:
        log.warning("channel.check_failed channel=%s code=%s", channel.pk, error.code)
        return None
    finally:
        database.close()


def _believe(channel: Channel, health: Health | None) -> bool:
    if health is None:
        Channel.objects.filter(pk=channel.pk).update(checked_at=clock.now())
        return False
    return note_health(channel_id=channel.pk, health=health)
