"""What must reach the outside, in order per chat."""

from django.db import models
from django.db.models.functions import Now

from kernel.models import Row
from outbox.models.lane import Lane
from outbox.states import ItemState, Priority
from workspaces.models import Workspace


class OrderKey(models.Model):
    """The sequence of one chat (or any other thing with an order). Locked by whoever enqueues, never by the relay."""

    key = models.UUIDField(primary_key=True)
    last_seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} at {self.last_seq}"


class Item(Row):
    """One thing to do outside. `open` means that it still blocks its chat: queued, or uncertain and not yet released.

    A scheduled item has no `seq`: it gets its place in the chat when it is due (docs/adr/0007).
    `due_at` is when it may next be touched: entered, attempted, or, while it is uncertain, looked up.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="items", db_index=False)
    order_key = models.UUIDField()
    seq = models.BigIntegerField(null=True, help_text="Place in the chat; empty while scheduled.")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.INTERACTIVE)
    kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True, help_text="The row this is about, e.g. the message; for timelines.")
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.QUEUED)
    open = models.BooleanField(default=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    due_at = models.DateTimeField(db_default=Now())
    provider_id = models.CharField(max_length=255, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, help_text="When it left the queue; of an uncertain item: since when.")
    released_at = models.DateTimeField(null=True, help_text="When an uncertain item stopped blocking its chat.")
    settle_error = models.CharField(
        max_length=500, blank=True, default="", help_text="Why its kind could not record the state; told again later."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_key", "seq"], condition=models.Q(open=True), name="item_place_in_chat"
            ),
            models.CheckConstraint(condition=models.Q(state__in=ItemState.values), name="item_state_known"),
            models.CheckConstraint(condition=models.Q(priority__in=Priority.values), name="item_priority_known"),
            models.CheckConstraint(
                condition=models.Q(open=True, state__in=[ItemState.QUEUED, ItemState.UNCERTAIN])
                | models.Q(open=False) & ~models.Q(state=ItemState.QUEUED),
                name="item_open_only_while_waiting",
            ),
            models.CheckConstraint(
                condition=models.Q(seq__isnull=False) | models.Q(open=False), name="item_open_has_place"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "priority", "id"],
                include=["order_key"],
                condition=models.Q(open=True),
                name="item_open_by_lane",
            ),
            models.Index(fields=["subject_id"], condition=models.Q(subject_id__isnull=False), name="item_by_subject"),
            models.Index(
                fields=["workspace", "state", "-id"],
                condition=models.Q(state__in=["failed", "uncertain"]),
                name="item_needs_person",
            ),
            models.Index(fields=["workspace", "-id"], name="item_newest"),
            models.Index(fields=["due_at"], condition=models.Q(state="scheduled"), name="item_scheduled"),
            models.Index(fields=["due_at"], condition=models.Q(state="uncertain", open=True), name="item_to_look_up"),
            models.Index(fields=["id"], condition=~models.Q(settle_error=""), name="item_to_tell_again"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
