"""Teams: members who share channels that others do not see."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from kernel.models import Row
from workspaces.models.workspace import Member, Workspace


class Team(Row):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="teams", db_index=False)
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="team_once")]

    def __str__(self) -> str:
        return self.name


class TeamMember(Row):
    """A member in a team."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="team_members", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="team_members")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "member"], name="team_member_once")]
