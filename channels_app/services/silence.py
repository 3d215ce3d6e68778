"""Evidence against the word "connected": messages that are accepted, and nothing ever confirms them."""

from datetime import timedelta

from django.db import connection, transaction

from channels_app import jobs
from channels_app.models import Channel
from channels_app.services import alarming
from channels_app.services.asking import ask, is_asked
from channels_app.services.moving import move
from channels_app.states import SENDS, ChannelStatus
from kernel import clock

PATIENCE = timedelta(minutes=10)
"""Reports take seconds; a phone that is off delays what was delivered, not what was sent."""

REMEMBERED = timedelta(hours=2)
MESSAGES = 3
CHATS = 2
"""Fewer than these may be the fault of one message or one customer."""

# By the index of accepted attempts; an attempt without an id was no message (a receipt, a reaction). What was accepted
# before the present connection began says nothing about it.
_UNCONFIRMED = """
SELECT a.lane_id, min(a.finished_at)
FROM channels_app_channel c
JOIN outbox_attempt a ON a.lane_id = c.id AND a.outcome = 'sent' AND a.provider_id <> '' AND a.finished_at < %s
    AND a.finished_at
        > greatest(%s, c.last_confirmed_at, CASE WHEN c.silent_since IS NULL THEN c.status_since END)
WHERE c.removed_at IS NULL AND c.status = ANY(%s)
GROUP BY a.lane_id
HAVING count(*) >= %s AND count(DISTINCT a.order_key) >= %s
"""


def judge_silence() -> int:
    """Degrade numbers of which nothing is confirmed, and lift that where reports came again; returns how many moved."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_UNCONFIRMED, [now - PATIENCE, now - REMEMBERED, list(SENDS), MESSAGES, CHATS])
        silent = dict(cursor.fetchall())
    told = Channel.objects.living().filter(status__in=SENDS)
    moved = 0
    for channel in told.filter(pk__in=silent, silent_since__isnull=True):
        moved += _degrade(channel, since=silent[channel.pk])
    for channel in told.filter(silent_since__isnull=False).exclude(pk__in=silent):
        moved += _lift(channel)
    return moved


def _degrade(channel: Channel, *, since) -> bool:
    with transaction.atomic():
        claimed = Channel.objects.filter(pk=channel.pk, silent_since__isnull=True, status__in=SENDS)
        if not claimed.update(silent_since=since):
            return False
        if not is_asked(channel=channel, kind=jobs.REGISTER_WEBHOOK):
            ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)  # reports may be lost only on their way to us
        alarming.expect_news(channel, status=channel.status, silent=True)
        reason = (
            f"The provider says connected and accepts messages, but since {since:%H:%M} UTC WhatsApp has confirmed "
            "none. Look at the phone; if it is fine, reconnect."
        )
        return move(channel_id=channel.pk, to=ChannelStatus.DEGRADED, reason=reason)


def _lift(channel: Channel) -> bool:
    with transaction.atomic():
        lifted = Channel.objects.filter(pk=channel.pk, silent_since__isnull=False, status=ChannelStatus.DEGRADED)
        if not lifted.update(silent_since=None):
            return False
        confirmed = channel.last_confirmed_at is not None and channel.last_confirmed_at > channel.silent_since
        reason = (
            "WhatsApp confirms messages again." if confirmed else "Nothing was sent lately that could be confirmed."
        )
        return move(channel_id=channel.pk, to=ChannelStatus.CONNECTED, reason=reason)
