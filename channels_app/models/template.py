"""A text that the vendor has approved beforehand, as it was when it was last read there."""

from django.db import models
from django.utils import timezone

from channels_app.models.channel import Channel
from kernel.models import Row
from workspaces.models import Workspace


class MessageTemplate(Row):
    """`components` are in the vendor's own form; the vendor's adapter reads and fills them."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="templates", db_index=False)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    category = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=40, help_text="approved, pending, rejected, paused, disabled …")
    components = models.JSONField(default=list)
    provider_template_id = models.CharField(max_length=80, blank=True)
    synced_at = models.DateTimeField(default=timezone.now, help_text="When the vendor last listed or changed it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "name", "language"], name="template_once_per_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def usable(self) -> bool:
        return self.status == APPROVED


APPROVED = "approved"
