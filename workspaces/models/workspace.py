"""A workspace and its members."""

from django.db import models
from django.utils import timezone

from kernel.models import Row
from workspaces.models.user import User
from workspaces.roles import Permission, Role, allows


class Workspace(Row):
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Member(Row):
    """A person in a workspace. Removing one keeps the row (`removed_at`), because messages name their author."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    available = models.BooleanField(default=True, help_text="Takes new chats; a member who is away is given none.")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    steps_closed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When they closed the first steps in the inbox."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="member_once_per_workspace"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    def may(self, permission: Permission) -> bool:
        return self.removed_at is None and allows(self.role, permission)
