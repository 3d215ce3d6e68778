"""Lanes (one per channel or endpoint), who owns them, why they were on hold, and what they sent."""

from django.db import models
from django.db.models.functions import Now

from kernel.models import Row
from outbox.states import HoldKind
from workspaces.models import Workspace


class Worker(models.Model):
    """One incarnation of a relay process. Its id is the fence: rows are never revived."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=120)
    started_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField()
    dead = models.BooleanField(default=False)
    shares = models.BooleanField(default=True, help_text="False for one-shot runs, which take free lanes only.")
    buried = models.BooleanField(db_default=False, help_text="Dead, and no attempt of it is open any more.")

    class Meta:
        indexes = [models.Index(fields=["lease_until"], condition=models.Q(dead=False), name="worker_living")]
        constraints = [
            models.CheckConstraint(condition=models.Q(buried=False) | models.Q(dead=True), name="worker_buried_is_dead")
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.id}"


class Lane(Row):
    """The queue of one channel; its id is the channel's id. Changes rarely and holds no counters.

    `paused` is a person's hold, `closed` the connection's; `not_before` ends by itself and only ever grows.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    cap = models.PositiveSmallIntegerField(default=4, help_text="Open attempts at the same time.")
    paused = models.BooleanField(default=False)
    paused_reason = models.CharField(max_length=200, blank=True)
    closed = models.BooleanField(default=False)
    closed_reason = models.CharField(max_length=200, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    not_before_reason = models.CharField(max_length=200, blank=True)
    upstream = models.CharField(
        max_length=120, blank=True, db_default="", help_text="What fails as one, e.g. a provider; for the breaker."
    )
    # No index: lanes are few, and a planner that knows little would look for one lane among all that a worker owns.
    owner = models.ForeignKey(
        Worker, on_delete=models.SET_NULL, null=True, blank=True, related_name="lanes", db_index=False
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(cap__gte=1), name="lane_cap_at_least_one")]

    def __str__(self) -> str:
        return self.name


class Hold(models.Model):
    """The history of a lane's holds, for timelines. `ended_at` is null while it lasts."""

    id = models.BigAutoField(primary_key=True)
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=12, choices=HoldKind.choices)
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lane", "-id"], name="hold_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "kind"], condition=models.Q(ended_at__isnull=True), name="hold_one_open_per_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.lane_id}"


class SentMinute(models.Model):
    """How many items a lane sent in one minute. For charts: the last second before a crash may be missing."""

    id = models.BigAutoField(primary_key=True)
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="sent_minutes", db_index=False)
    minute = models.DateTimeField()
    sent = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lane", "minute"], name="sent_minute_of_lane")]

    def __str__(self) -> str:
        return f"{self.sent} of {self.lane_id} at {self.minute}"
