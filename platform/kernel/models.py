"""What every table shares."""

from django.db import models

from kernel.ids import new_id


class Row(models.Model):
    """A row with a time-ordered UUID that is its name inside and outside."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True
