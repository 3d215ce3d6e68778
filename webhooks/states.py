"""What became of an inbound body."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Result(models.TextChoices):
    PENDING = "pending", _("Waiting to be applied")
    APPLIED = "applied", _("Applied")
    IGNORED = "ignored", _("Genuine, nothing to do")
    PARKED = "parked", _("Kept, not applied")
    REFUSED = "refused", _("Not theirs")
