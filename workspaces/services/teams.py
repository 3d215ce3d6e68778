"""Teams: made, named, filled and dissolved."""

import uuid
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kernel.errors import Conflict
from kernel.events import publish
from workspaces.access import Actor, require
from workspaces.errors import NoSuchTeam
from workspaces.events import TeamChanged
from workspaces.models import Member, Team, TeamMember
from workspaces.roles import Permission
from workspaces.services.auditing import record
from workspaces.services.people import clean_name

NAME_LIMIT = 60


def create_team(*, actor: Actor, name: str) -> Team:
    """Raises Forbidden, Invalid, and Conflict for a name that another team has."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    team = Team(workspace_id=actor.workspace_id, name=clean_name(name, limit=NAME_LIMIT))
    with transaction.atomic():
        _save(team)
        record(actor=actor, deed="team.created", target=team, details={"name": team.name})
    return team


def change_team(*, actor: Actor, team_id: uuid.UUID, name: str, member_ids: Collection[uuid.UUID]) -> Team:
    """The name, and exactly these members; ids of others than living members are passed over.

    Raises Forbidden, NoSuchTeam, Invalid, Conflict.
    """
    require(actor, Permission.MANAGE_TEAM_WORK)
    with transaction.atomic():
        team = _locked(actor, team_id)
        team.name = clean_name(name, limit=NAME_LIMIT)
        _save(team)
        members = Member.objects.filter(workspace_id=actor.workspace_id, removed_at__isnull=True, pk__in=member_ids)
        inside = TeamMember.objects.filter(team=team)
        inside.exclude(member__in=members).delete()
        known = set(inside.values_list("member_id", flat=True))
        fresh = [member for member in members if member.pk not in known]
        TeamMember.objects.bulk_create(
            [TeamMember(workspace_id=team.workspace_id, team=team, member=member) for member in fresh]
        )
        details = {"name": team.name, "members": len(known) + len(fresh)}
        record(actor=actor, deed="team.changed", target=team, details=details)
        publish(TeamChanged(workspace_id=team.workspace_id, team_id=team.pk))
    return team


def delete_team(*, actor: Actor, team_id: uuid.UUID) -> None:
    """A channel that only this team saw is seen by everybody then. Raises Forbidden, NoSuchTeam."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    with transaction.atomic():
        team = _locked(actor, team_id)
        record(actor=actor, deed="team.deleted", target=team, details={"name": team.name})
        publish(TeamChanged(workspace_id=team.workspace_id, team_id=team.pk))
        team.delete()


def _locked(actor: Actor, team_id: uuid.UUID) -> Team:
    team = Team.objects.select_for_update().filter(workspace_id=actor.workspace_id, pk=team_id).first()
    if team is None:
        raise NoSuchTeam
    return team


def _save(team: Team) -> None:
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:
        raise Conflict(_("There is a team of this name already."), fields={"name": ["taken"]}) from None
