"""One door to every channel."""

import uuid

from django.db.models import QuerySet

from channels_app.errors import NoSuchChannel
from channels_app.jobs import control_lane_id
from channels_app.models import Channel
from channels_app.models.restriction import hidden_channel_ids, hidden_channels
from workspaces.access import Actor, require
from workspaces.roles import Permission


def channels_visible_to(actor: Actor) -> QuerySet[Channel]:
    """The living channels that the actor sees: those of the workspace that are not kept for other teams."""
    if not actor.may(Permission.SEE_CHATS):
        return Channel.objects.none()
    channels = Channel.objects.living().filter(workspace_id=actor.workspace_id)
    return channels.exclude(pk__in=hidden_channels(actor))


def lanes_hidden_from(actor: Actor) -> set[uuid.UUID]:
    """The lanes of channels that are kept for other teams."""
    return {lane for key in hidden_channel_ids(actor) for lane in (key, control_lane_id(key))}


def channel_for(actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Raises NoSuchChannel."""
    channel = channels_visible_to(actor).filter(pk=channel_id).first()
    if channel is None:
        raise NoSuchChannel
    return channel


def channel_to_manage(actor: Actor, channel_id: uuid.UUID) -> Channel:
    """The channel, for a deed that changes it. Raises NoSuchChannel, or Forbidden for a role that only sees it."""
    channel = channel_for(actor, channel_id)
    require(actor, Permission.MANAGE_CHANNELS)
    return channel
