"""A webhook body as it came, stored before it is understood."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from kernel.models import Row
from webhooks.states import Result


class InboundEvent(Row):
    """No foreign keys: the table is written on every request and is meant to be partitioned and dropped by time.

    A refused request keeps no body: one row per channel, rule (`kind`) and hour (`received_at`), and `attempts` counts.
    `applied_at` is set once, by the first application; a row that has it and is pending is being replayed.
    """

    workspace_id = models.UUIDField()
    channel_id = models.UUIDField()
    received_at = models.DateTimeField(db_default=Now())
    method = models.CharField(max_length=6, default="POST")
    suffix = models.CharField(max_length=80, blank=True, help_text="Path after the channel id, e.g. messages/post.")
    body = models.BinaryField()
    kind = models.CharField(max_length=60, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.PENDING)
    reason = models.CharField(max_length=500, blank=True)
    wa_message_ids = ArrayField(models.CharField(max_length=255), default=list)
    attempts = models.PositiveIntegerField(default=0)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(result__in=Result.values), name="inbound_event_result_known"),
            models.UniqueConstraint(
                fields=["channel_id", "kind", "received_at"],
                condition=models.Q(result="refused"),
                name="inbound_event_refused_once_per_hour",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(result="pending"), name="inbound_event_pending"),
            models.Index(fields=["workspace_id", "-id"], name="inbound_event_newest"),
            models.Index(fields=["channel_id", "-id"], name="inbound_event_by_channel"),
            GinIndex(fields=["wa_message_ids"], name="inbound_event_by_message"),
        ]

    def __str__(self) -> str:
        return f"{self.kind or self.method} {self.id}"
