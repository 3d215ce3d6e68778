"""A key for programs: shown once, stored as a digest, with a role of its own."""

from django.db import models
from django.utils import timezone

from kernel.models import Row
from workspaces.models.workspace import Member, Workspace
from workspaces.roles import Permission, Role, allows


class ApiKey(Row):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=8, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8, help_text="The last characters, to tell keys apart.")
    created_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="api_key_role_known")]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)
