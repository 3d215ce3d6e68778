"""What became of an inbound body."""

from django.db import models


class Result(models.TextChoices):
    PENDING = "pending", "Waiting to be applied"
    APPLIED = "applied", "Applied"
    IGNORED = "ignored", "Genuine, nothing to do"
    PARKED = "parked", "Kept, not applied"
    REFUSED = "refused", "Not theirs"
