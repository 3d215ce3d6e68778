"""Whether a channel can send right now, in a word, a colour and a sentence; for chips, banners and the rail."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from channels_app.access import channels_visible_to
from channels_app.models import Channel
from channels_app.services.moving import HELD
from channels_app.states import SENDS, ChannelStatus
from inbox.models import Chat
from kernel.clock import now
from outbox.models import Lane
from workspaces.access import Actor


@dataclass(frozen=True)
class Standing:
    """`health` is good, wait, bad or idle. `until` is set when the hold ends by itself. `kind` says what helps:
    "" | held | paused | logged_out | connecting | error | renumbered | unconfirmed, which keeps nothing from going."""

    id: uuid.UUID
    name: str
    phone_number: str
    status: str
    health: str
    word: str
    kind: str = ""
    reason: str = ""
    until: datetime | None = None

    @property
    def calm(self) -> bool:
        return self.health == "good"


def standings_of(workspace_id: uuid.UUID) -> dict[uuid.UUID, Standing]:
    """All living channels of a workspace by id, in the order of their names. Two queries."""
    return _standings(Channel.objects.living().filter(workspace_id=workspace_id))


def standings_seen_by(actor: Actor) -> dict[uuid.UUID, Standing]:
    """The same of the channels that the actor sees."""
    return _standings(channels_visible_to(actor))


def _standings(living: QuerySet[Channel]) -> dict[uuid.UUID, Standing]:
    channels = list(living.order_by("name", "id"))
    lanes = Lane.objects.filter(id__in=[channel.id for channel in channels]).in_bulk()
    return {channel.id: standing_of(channel, lanes.get(channel.id)) for channel in channels}


def standing_of(channel: Channel, lane: Lane | None) -> Standing:
    def stands(health: str, word: str, kind: str = "", reason: str = "", until: datetime | None = None) -> Standing:
        return Standing(
            channel.id, channel.name, channel.phone_number, channel.status, health, word, kind, reason, until
        )

    if channel.status == ChannelStatus.LOGGED_OUT:
        return stands("bad", _("logged out"), "logged_out", channel.status_detail)
    if channel.status == ChannelStatus.ERROR:
        return stands("bad", _("in error"), "error", channel.status_detail)
    if lane is not None and lane.paused:
        return stands("wait", _("paused"), "paused", lane.paused_reason)
    if lane is not None and lane.not_before is not None and lane.not_before > now():
        return stands("wait", _("paused"), "held", lane.not_before_reason, lane.not_before)
    if channel.status not in SENDS:
        word = ChannelStatus(channel.status).label.lower()
        return stands("idle", word, "connecting", channel.status_detail)
    if channel.former_wa_id:
        return stands("wait", _("held"), "renumbered", HELD)
    if channel.silent_since is not None:
        return stands("wait", _("not confirmed"), "unconfirmed", channel.status_detail)
    return stands("good", _("connected") if channel.status == ChannelStatus.CONNECTED else _("limited"))


def standing_in(chat: Chat) -> Standing:
    """Of the chat's channel, which came with the chat. One query."""
    return standing_of(chat.channel, Lane.objects.filter(id=chat.channel_id).first())
