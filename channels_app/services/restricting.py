"""Which teams see a channel."""

import uuid
from collections.abc import Collection

from django.db import transaction

from channels_app.events import ChannelAudienceChanged
from channels_app.models import Channel, ChannelTeam
from kernel.events import publish
from workspaces.access import Actor, require
from workspaces.models import Team
from workspaces.roles import Permission
from workspaces.services.auditing import record


def keep_for_teams(*, actor: Actor, channel: Channel, team_ids: Collection[uuid.UUID]) -> None:
    """From now on these teams and admins see the channel and its chats; no team: everybody does. Raises Forbidden."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    with transaction.atomic():
        teams = list(Team.objects.filter(workspace_id=channel.workspace_id, pk__in=team_ids).order_by("name"))
        kept = ChannelTeam.objects.filter(channel=channel)
        before = set(kept.values_list("team_id", flat=True))
        if before == {team.pk for team in teams}:
            return
        kept.exclude(team__in=teams).delete()
        fresh = [team for team in teams if team.pk not in before]
        ChannelTeam.objects.bulk_create(
            [ChannelTeam(workspace_id=channel.workspace_id, channel=channel, team=team) for team in fresh]
        )
        record(
            actor=actor,
            deed="channel.audience_changed",
            target=channel,
            details={"channel": channel.name, "teams": [team.name for team in teams] or "everybody"},
        )
        publish(ChannelAudienceChanged(workspace_id=channel.workspace_id, channel_id=channel.pk))
