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
from kernel.ids import first_id_since

PATIENCE = timedelta(minutes=10)
"""Reports take seconds; a phone that is off delays what was delivered, not what was sent."""

REMEMBERED = timedelta(hours=2)
MESSAGES = 3
CHATS = 2
"""Fewer than these may be the fault of one message or one customer."""

# First by the counts per minute, which are few; only numbers that sent and were not confirmed have their items read, by
# the index of the workspace's newest. An item without an id was no message (a receipt, a reaction). What was accepted
# before the present connection began says nothing about it.
_UNCONFIRMED = """
WITH number AS (
    SELECT c.id, c.workspace_id,
           greatest(%(first)s, c.last_confirmed_at, CASE WHEN c.silent_since IS NULL THEN c.status_since END) AS since
    FROM channels_app_channel c
    WHERE c.removed_at IS NULL AND c.status = ANY(%(sends)s)
), suspect AS (
    SELECT n.* FROM number n
    WHERE n.since < %(last)s AND %(messages)s <= (
        SELECT sum(m.sent) FROM outbox_sentminute m
        WHERE m.lane_id = n.id AND m.minute BETWEEN date_trunc('minute', n.since) AND %(last)s)
)
SELECT i.lane_id, min(i.finished_at)
FROM suspect s
JOIN outbox_item i ON i.workspace_id = s.workspace_id AND i.lane_id = s.id AND i.id >= %(first_id)s
    AND i.state = 'sent' AND i.provider_id <> '' AND i.finished_at > s.since AND i.finished_at < %(last)s
GROUP BY i.lane_id
HAVING count(*) >= %(messages)s AND count(DISTINCT i.order_key) >= %(chats)s
"""


def judge_silence() -> int:
    """Degrade numbers of which nothing is confirmed, and lift that where reports came again; returns how many moved."""
    now = clock.now()
    asked = {
        "first": now - REMEMBERED,
        "first_id": first_id_since(now - REMEMBERED),
        "last": now - PATIENCE,
        "sends": list(SENDS),
        "messages": MESSAGES,
        "chats": CHATS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNCONFIRMED, asked)
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
