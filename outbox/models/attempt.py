"""One try at one item: inserted before the socket is opened, closed once. The evidence behind every timeline."""

from django.db import models
from django.db.models.functions import Now

from outbox.models.item import Item
from outbox.models.lane import Worker
from outbox.states import Outcome


class Attempt(models.Model):
    id = models.BigAutoField(primary_key=True)
    # No constraint: rows are only made for items that the same transaction has locked, and the check costs the relay a
    # twentieth of its speed.
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="tries", db_constraint=False)
    order_key = models.UUIDField()
    lane_id = models.UUIDField()
    # No constraint: workers that died long ago are swept away, what they did stays.
    worker = models.ForeignKey(
        Worker, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, null=True)  # noqa: DJ001  null = open
    provider_id = models.CharField(max_length=255, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(null=True)
    error_code = models.CharField(max_length=60, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    late_evidence = models.JSONField(
        null=True, help_text="What was learnt after the end: by a fenced worker, an echo, a person."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_key"], condition=models.Q(finished_at__isnull=True), name="attempt_one_open_per_chat"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__isnull=True, finished_at__isnull=True)
                | models.Q(outcome__isnull=False, finished_at__isnull=False),
                name="attempt_outcome_with_end",
            ),
        ]
        # No other indexes: each one is written twice per message.

    def __str__(self) -> str:
        return f"attempt {self.id}"
