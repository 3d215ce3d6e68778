"""The one way a channel changes its state: guarded, written down, told upstairs, its lane in the same transaction.

Locks are taken in one order: first the channel, then its lane. That is why facts about lanes are heard after commit.
"""

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels_app.errors import MoveNotAllowed
from channels_app.events import ChannelChanged, ChannelStatusChanged
from channels_app.models import Channel, ConnectionLogEntry, Credential
from channels_app.services import alarming
from channels_app.services.credentials import CODES
from channels_app.states import LINKING, SENDS, ChannelStatus
from kernel import clock
from kernel.events import publish
from outbox.services.operating import close_lane, open_lane
from workspaces.access import Actor, name_of

REASON_LIMIT = 300
REPEATED_WITHIN = timedelta(hours=1)
REPEATED_AMONG = 8  # newest entries: the round of a connection that comes and goes has two to four moves
HELD = "Another number is linked to this channel now. Say what to do with its chats, and sending goes on."


def move(*, channel_id: uuid.UUID, to: str, reason: str, actor: Actor | None = None) -> bool:
    """Move the channel to `to`, open or close its lane, and tell it upstairs. False when it is there already.

    Of two who try at the same time one moves it; the other gets MoveNotAllowed, as for a move that states.py does not
    draw.
    """
    with transaction.atomic():
        channel = Channel.objects.living().filter(pk=channel_id).first()
        if channel is None:
            raise MoveNotAllowed(_("The channel was removed."))
        old = channel.status
        if old == to:
            return False
        if not channel.may_move_to(to):
            raise MoveNotAllowed(
                f"The channel is {ChannelStatus(old).label.lower()}; from there it cannot become "
                f"{ChannelStatus(to).label.lower()}."
            )
        reason = reason[:REASON_LIMIT]
        moved = Channel.objects.filter(pk=channel_id, status=old).update(
            status=to, status_detail="" if to == ChannelStatus.CONNECTED else reason, **_forgotten_in(to)
        )
        if not moved:
            raise MoveNotAllowed(_("Somebody changed the channel at the same time. Look again before you go on."))
        write_down(channel, old=old, new=to, reason=reason, actor=actor)
        if to not in LINKING:
            Credential.objects.filter(channel_id=channel_id, name__in=CODES).delete()
        if to in SENDS and old not in SENDS:
            open_unless_held(channel)
        elif to not in SENDS and old in SENDS:
            close_lane(lane_id=channel_id, reason=reason)
        if actor is None and old in SENDS | LINKING:
            alarming.expect_news(channel, status=to)
        publish(
            ChannelStatusChanged(
                channel_id=channel_id, workspace_id=channel.workspace_id, old=old, new=to, reason=reason
            )
        )
        return True


def _forgotten_in(status: str) -> dict[str, object]:
    """What no longer counts in this state."""
    news: dict[str, object] = {"status_since": clock.now()}
    if status not in LINKING:
        news |= {"linking_by": None, "linking_until": None}
    if status not in SENDS:
        news["silent_since"] = None
    if status in SENDS or status == ChannelStatus.LOGGED_OUT:
        news |= {"restarts": 0, "restart_at": None}
    return news


def open_unless_held(channel: Channel) -> None:
    """Open the lane of a channel that can send; while the question about its former number is open, it stays shut."""
    if channel.former_wa_id:
        close_lane(lane_id=channel.pk, reason=HELD)
    else:
        open_lane(lane_id=channel.pk)


def write_down(channel: Channel, *, old: str, new: str, reason: str, actor: Actor | None = None) -> None:
    """A line of the connection's history; the same one again within the hour is counted, not repeated."""
    said = {"old": old, "new": new, "reason": reason[:REASON_LIMIT], "actor_name": name_of(actor)[:120]}
    now = clock.now()
    newest = ConnectionLogEntry.objects.filter(channel=channel).order_by("-id")[:REPEATED_AMONG]
    for entry in newest if actor is None else ():
        if entry.at > now - REPEATED_WITHIN and all(getattr(entry, key) == value for key, value in said.items()):
            ConnectionLogEntry.objects.filter(pk=entry.pk).update(times=F("times") + 1, last_at=now)
            return
    ConnectionLogEntry.objects.create(workspace_id=channel.workspace_id, channel=channel, at=now, **said)


def note_detail(channel: Channel, detail: str) -> None:
    """Say something about the present state without leaving it."""
    detail = detail[:REASON_LIMIT]
    if Channel.objects.filter(pk=channel.pk).exclude(status_detail=detail).update(status_detail=detail):
        tell_changed(channel)


def tell_changed(channel: Channel) -> None:
    """Pages that show the channel look again after the commit."""
    publish(ChannelChanged(channel_id=channel.pk, workspace_id=channel.workspace_id))
