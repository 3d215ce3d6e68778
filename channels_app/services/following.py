"""What a lane tells about its channel: that the provider asks to slow down, or that the relay met a closed door.

Channels are locked before lanes, so these facts are heard after the commit that held the lane; they may be lost with a
process, and `follow_lanes` catches up.
"""

import uuid

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from channels_app.models import Channel
from channels_app.services.moving import move
from channels_app.states import SENDS, ChannelStatus
from kernel import clock
from outbox.models import Lane
from outbox.states import HoldKind


def note_lane_held(*, lane_id: uuid.UUID, kind: str) -> None:
    """A lane that was told to slow down makes its channel `degraded`; one that the relay closed, `disconnected`."""
    if kind != HoldKind.PERSON:
        _follow(lane_id)


def note_lane_resumed(*, lane_id: uuid.UUID, kind: str) -> None:
    """A lane that goes on after it was told to slow down makes its channel `connected` again."""
    if kind in {HoldKind.RATE_LIMIT, HoldKind.BREAKER}:
        _follow(lane_id, lifts=True)


def follow_lanes() -> int:
    """Bring every sending channel in line with its held or closed lane; returns how many moved.

    For facts that were not heard. A `degraded` channel whose lane goes on is left to `check_channels`, because a
    provider may call a connection degraded as well.
    """
    lane = Lane.objects.filter(pk=OuterRef("pk"))
    held = Q(status=ChannelStatus.CONNECTED) & Exists(lane.filter(not_before__gt=clock.now()))
    out_of_line = _sending().filter(held | Exists(lane.filter(closed=True)))
    return sum(_follow(channel_id) for channel_id in out_of_line.values_list("pk", flat=True))


def _sending() -> QuerySet[Channel]:
    return Channel.objects.living().filter(status__in=SENDS)


def _follow(lane_id: uuid.UUID, *, lifts: bool = False) -> bool:
    """Bring a sending channel in line with its lane as the lane is now, for the fact may be heard late.

    The relay's scheduler tells this, so it never waits: a channel that somebody else is changing is left to
    `follow_lanes`.
    """
    with transaction.atomic():
        channel = _sending().select_for_update(no_key=True, skip_locked=True).filter(pk=lane_id).first()
        lane = Lane.objects.filter(pk=lane_id).first()
        if channel is None or lane is None:
            return False  # a lane of something else, or the channel has left these states already, or is leaving them
        if lane.closed and channel.former_wa_id:
            return False  # closed by a question to people, not by the connection
        if lane.closed:
            to, reason = ChannelStatus.DISCONNECTED, lane.closed_reason
        elif lane.not_before is not None and lane.not_before > clock.now():
            to, reason = ChannelStatus.DEGRADED, lane.not_before_reason
        elif lifts and channel.silent_since is None:
            to, reason = ChannelStatus.CONNECTED, "The lane goes on."
        else:
            return False
        return move(channel_id=lane_id, to=to, reason=reason)
