"""The states of an item and the outcomes of an attempt. `sending` is not stored: it is queued with an open attempt."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ItemState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")  # not yet in its chat's order: takes its place when it is due
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Uncertain")
    CANCELLED = "cancelled", _("Cancelled")


class Outcome(models.TextChoices):
    SENT = "sent", _("Accepted")
    FAILED = "failed", _("Refused for good")
    RETRY = "retry", _("Not sent; tried again later")
    DEFERRED = "deferred", _("Asked to wait; no try used")
    NOT_SENT = "not_sent", _("Never left; no try used")
    UNCERTAIN = "uncertain", _("May have been sent")


class Priority(models.IntegerChoices):
    """Lower is more urgent. Inside a chat order always wins over priority."""

    INTERACTIVE = 0, _("A person waits")
    SYSTEM = 1, _("Housekeeping")
    CAMPAIGN = 2, _("Bulk")


class HoldKind(models.TextChoices):
    PERSON = "person", _("Paused by a person")
    RATE_LIMIT = "rate_limit", _("Asked to slow down")
    CONNECTION = "connection", _("The channel cannot send")
    BREAKER = "breaker", _("The provider fails repeatedly")
