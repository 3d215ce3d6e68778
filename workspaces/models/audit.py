"""Who changed what: a row for every administrative deed."""

from django.db import models
from django.utils import timezone

from kernel.models import Row
from workspaces.models.api_key import ApiKey
from workspaces.models.user import User
from workspaces.models.workspace import Workspace


class AuditEntry(Row):
    """Append-only. `deed` is a dotted past-tense name (`channel.token_replaced`); `details` hold no secrets."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="audit_entries")
    at = models.DateTimeField(default=timezone.now, editable=False)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=120)
    deed = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.UUIDField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["workspace", "-id"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.deed}"
