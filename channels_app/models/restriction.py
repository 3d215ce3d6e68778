"""Which teams see a channel."""

import uuid

from django.db import models

from channels_app.models.channel import Channel
from kernel.models import Row
from workspaces.access import Actor, author_of
from workspaces.models import Team, Workspace
from workspaces.roles import Permission


class ChannelTeam(Row):
    """The team sees the channel. A channel with any such row is hidden from everybody else but admins."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="channel_teams", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "team"], name="channel_team_once")]


def hidden_channels(actor: Actor) -> models.QuerySet:
    """Ids of the channels that are kept for teams of which the actor is none: the one rule of who sees which channel.

    To be excluded in a query; PostgreSQL evaluates it once for the statement. An API key is in no team.
    """
    kept = ChannelTeam.objects.filter(workspace_id=actor.workspace_id)
    if actor.may(Permission.SEE_EVERY_CHANNEL):
        return kept.none().values("channel_id")
    member = author_of(actor)
    own = kept.filter(team__team_members__member=member) if member is not None else kept.none()
    return kept.exclude(channel_id__in=own.values("channel_id")).values("channel_id")


def hidden_channel_ids(actor: Actor) -> list[uuid.UUID]:
    """The same as a list, for statements of one's own. One query, none for who sees every channel."""
    if actor.may(Permission.SEE_EVERY_CHANNEL):
        return []
    return list(hidden_channels(actor).values_list("channel_id", flat=True))
