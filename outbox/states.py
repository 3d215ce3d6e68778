"""The states of an item and the outcomes of an attempt. `sending` is not stored: it is queued with an open attempt."""

from django.db import models


class ItemState(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"  # not yet in its chat's order: takes its place when it is due
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNCERTAIN = "uncertain", "Uncertain"
    CANCELLED = "cancelled", "Cancelled"


class Outcome(models.TextChoices):
    SENT = "sent", "Accepted"
    FAILED = "failed", "Refused for good"
    RETRY = "retry", "Not sent; tried again later"
    DEFERRED = "deferred", "Asked to wait; no try used"
    NOT_SENT = "not_sent", "Never left; no try used"
    UNCERTAIN = "uncertain", "May have been sent"


class Priority(models.IntegerChoices):
    """Lower is more urgent. Inside a chat order always wins over priority."""

    INTERACTIVE = 0, "A person waits"
    SYSTEM = 1, "Housekeeping"
    CAMPAIGN = 2, "Bulk"


class HoldKind(models.TextChoices):
    PERSON = "person", "Paused by a person"
    RATE_LIMIT = "rate_limit", "Asked to slow down"
    CONNECTION = "connection", "The channel cannot send"
    BREAKER = "breaker", "The provider fails repeatedly"
