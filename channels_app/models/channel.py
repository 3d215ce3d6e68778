"""A connected WhatsApp number, and the history of its connection."""

from django.db import models
from django.utils import timezone

from channels_app.states import MOVES, ChannelStatus, ProviderKind
from kernel.models import Row
from workspaces.models import Workspace


class ChannelQuerySet(models.QuerySet):
    def living(self) -> "ChannelQuerySet":
        return self.filter(removed_at__isnull=True)


class Channel(Row):
    """`status` moves only through services.connection.move; its lane in the outbox has the same id."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="channels")
    provider = models.CharField(max_length=8, choices=ProviderKind.choices)
    name = models.CharField(max_length=80)
    phone_number = models.CharField(max_length=20, blank=True, help_text="Digits with a leading +, once known.")
    own_wa_id = models.CharField(max_length=80, blank=True, help_text="The number's own WhatsApp id, once known.")
    provider_channel_id = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=12, choices=ChannelStatus.choices, default=ChannelStatus.DISCONNECTED)
    status_detail = models.CharField(max_length=300, blank=True)
    status_since = models.DateTimeField(default=timezone.now)
    wants_connection = models.BooleanField(
        default=True, help_text="False after a person disconnected it: the provider's word does not reconnect it then."
    )
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the provider was last asked for its state."
    )
    webhook_secret_digest = models.CharField(max_length=64, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_acknowledged_at = models.DateTimeField(null=True, blank=True)
    settings = models.JSONField(
        default=dict, blank=True, help_text="What the vendor needs beside secrets, e.g. phone_number_id."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=ChannelStatus.values), name="channel_status_known"),
            models.CheckConstraint(condition=models.Q(provider__in=ProviderKind.values), name="channel_provider_known"),
        ]
        indexes = [models.Index(fields=["workspace", "name"], name="channel_by_name")]

    def __str__(self) -> str:
        return self.name

    def may_move_to(self, status: str) -> bool:
        return status in MOVES[self.status]


class ConnectionLogEntry(Row):
    """One move of a channel's status, and its cause."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="connection_log")
    at = models.DateTimeField(default=timezone.now)
    old = models.CharField(max_length=12, choices=ChannelStatus.choices)
    new = models.CharField(max_length=12, choices=ChannelStatus.choices)
    reason = models.CharField(max_length=300)
    actor_name = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "connection log"
        indexes = [models.Index(fields=["channel", "-id"], name="connection_log_newest")]
