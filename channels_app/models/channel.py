"""A connected WhatsApp number, and the history of its connection."""

from django.db import models
from django.db.models.fields.json import KT
from django.utils import timezone

from channels_app.policy import WA_ID_LIMIT
from channels_app.states import MOVES, ChannelStatus, ProviderKind, WebhookState
from kernel.models import Row
from workspaces.models import Workspace

NUMBER_ONCE = "channel_phone_number_id_once"


class ChannelQuerySet(models.QuerySet):
    def living(self) -> "ChannelQuerySet":
        return self.filter(removed_at__isnull=True)


class Channel(Row):
    """`status` moves only through services.connection.move; its lane in the outbox has the same id."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="channels")
    provider = models.CharField(max_length=8, choices=ProviderKind.choices)
    name = models.CharField(max_length=80)
    phone_number = models.CharField(max_length=20, blank=True, help_text="Digits with a leading +, once known.")
    own_wa_id = models.CharField(
        max_length=WA_ID_LIMIT, blank=True, help_text="The number's own WhatsApp id, once known."
    )
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
    linking_by = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The member or API key that asked to link, and sees the code."
    )
    linking_until = models.DateTimeField(null=True, blank=True, help_text="When nobody waits for a scan any more.")
    former_wa_id = models.CharField(
        max_length=WA_ID_LIMIT,
        blank=True,
        help_text="The number linked before; until somebody says what to do, nothing is sent.",
    )
    silent_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when messages are accepted but nothing confirms them."
    )
    restarts = models.PositiveSmallIntegerField(default=0, help_text="Tries to take a lost connection up again.")
    restart_at = models.DateTimeField(null=True, blank=True, help_text="When to try next.")
    admins_told_at = models.DateTimeField(null=True, blank=True, help_text="When the last e-mail about it went out.")
    webhook_state = models.CharField(max_length=10, choices=WebhookState.choices, default=WebhookState.UNKNOWN)
    webhook_detail = models.CharField(max_length=300, blank=True)
    webhook_checked_at = models.DateTimeField(null=True, blank=True)
    groups_synced_at = models.DateTimeField(null=True, blank=True)
    webhook_secret_digest = models.CharField(max_length=64, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_acknowledged_at = models.DateTimeField(null=True, blank=True, help_text="The provider accepted a message.")
    last_confirmed_at = models.DateTimeField(null=True, blank=True, help_text="WhatsApp reported on a message of ours.")
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
            models.CheckConstraint(
                condition=models.Q(webhook_state__in=WebhookState.values), name="channel_webhook_state_known"
            ),
            # One webhook of Meta's may be about several numbers: each must lead to one channel of the workspace.
            models.UniqueConstraint(
                "workspace",
                KT("settings__phone_number_id"),
                condition=models.Q(provider=ProviderKind.CLOUD, removed_at__isnull=True),
                name=NUMBER_ONCE,
            ),
        ]
        indexes = [models.Index(fields=["workspace", "name"], name="channel_by_name")]

    def __str__(self) -> str:
        return self.name

    def may_move_to(self, status: str) -> bool:
        return status in MOVES[self.status]


class ConnectionLogEntry(Row):
    """One move of a channel's status, and its cause.

    A connection that comes and goes repeats itself: the same move for the same cause within the hour is counted in
    `times` and `last_at` of the first, so that the history stays readable and bounded.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="connection_log")
    at = models.DateTimeField(default=timezone.now)
    old = models.CharField(max_length=12, choices=ChannelStatus.choices)
    new = models.CharField(max_length=12, choices=ChannelStatus.choices)
    reason = models.CharField(max_length=300)
    actor_name = models.CharField(max_length=120, blank=True)
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(null=True, blank=True, help_text="Of several times the last.")

    class Meta:
        verbose_name_plural = "connection log"
        indexes = [models.Index(fields=["channel", "-id"], name="connection_log_newest")]
