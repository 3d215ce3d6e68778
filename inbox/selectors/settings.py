"""What the settings pages of the team's work show."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from channels_app.models import Channel, ChannelTeam
from inbox.models import AssignmentRule, AwayMessage, Label, QuickReply
from workspaces.models import Member, Team, TeamMember, Workspace


def labels_with_use(workspace: Workspace) -> QuerySet[Label]:
    """By name, with `chats`: on how many they are."""
    return Label.objects.filter(workspace=workspace).annotate(chats=Count("chat_labels")).order_by("name", "id")


def quick_replies_of(workspace: Workspace) -> QuerySet[QuickReply]:
    return QuickReply.objects.filter(workspace=workspace).order_by("shortcut", "id")


@dataclass(frozen=True)
class TeamSheet:
    team: Team
    member_ids: frozenset


def teams_of(workspace: Workspace) -> list[TeamSheet]:
    """By name. Two queries."""
    inside: dict = {}
    ties = TeamMember.objects.filter(workspace=workspace, member__removed_at__isnull=True)
    for team_id, member_id in ties.values_list("team_id", "member_id"):
        inside.setdefault(team_id, set()).add(member_id)
    teams = Team.objects.filter(workspace=workspace).order_by("name", "id")
    return [TeamSheet(team, frozenset(inside.get(team.pk, ()))) for team in teams]


@dataclass(frozen=True)
class ChannelSheet:
    """A channel with the teams it is kept for, and what it answers outside its hours."""

    channel: Channel
    team_ids: frozenset
    away: AwayMessage


def channels_with_rules(workspace: Workspace) -> list[ChannelSheet]:
    """The living channels by name. Three queries."""
    kept: dict = {}
    for channel_id, team_id in ChannelTeam.objects.filter(workspace=workspace).values_list("channel_id", "team_id"):
        kept.setdefault(channel_id, set()).add(team_id)
    away = {one.channel_id: one for one in AwayMessage.objects.filter(workspace=workspace)}
    channels = Channel.objects.living().filter(workspace=workspace).order_by("name", "id")
    return [
        ChannelSheet(one, frozenset(kept.get(one.pk, ())), away.get(one.pk) or AwayMessage(channel=one))
        for one in channels
    ]


def rule_of(workspace: Workspace) -> AssignmentRule:
    """The workspace's, or one that does nothing."""
    return AssignmentRule.objects.filter(workspace=workspace).first() or AssignmentRule(workspace=workspace)


def available_members(workspace: Workspace) -> QuerySet[Member]:
    return Member.objects.filter(workspace=workspace, removed_at__isnull=True).select_related("user")
