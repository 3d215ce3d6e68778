"""What happens by itself: who is given a new chat, and what customers are told outside the hours."""

from django.db import models
from django.utils import timezone

from channels_app.models import Channel
from kernel.models import Row
from workspaces.models import Member, Workspace


class AssignmentRule(Row):
    """How unassigned chats find somebody. Giving one out locks this row: nobody ends with more than `capacity`."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    round_robin = models.BooleanField(default=False)
    capacity = models.PositiveSmallIntegerField(default=10, help_text="Open chats that one member has at most.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(capacity__gte=1), name="assignment_capacity_positive")]


class AssignmentTurn(Row):
    """When a member was last given a chat: whose turn was longest ago is next."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)


class AwayMessage(Row):
    """What a channel answers outside its hours. `hours` are {weekday "0" (Monday) to "6": [from, to]}, as "09:00"."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="+")
    enabled = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    zone = models.CharField(max_length=60, default="UTC", help_text="A name of the IANA time zone database.")
    hours = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
