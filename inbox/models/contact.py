"""The other person, and the WhatsApp ids they are known by."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Func
from django.db.models.functions import Collate, Reverse
from django.utils import timezone

from channels_app.policy import WA_ID_LIMIT
from inbox.models.folding import Folded
from kernel.models import Row
from workspaces.models import Workspace

NAME_WORDS = SearchVector(Folded("name"), Folded("push_name"), config="simple")


class Contact(Row):
    """`name` is what our side saved; `push_name` what the person calls themself, as of `push_name_at`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    push_name = models.CharField(max_length=200, blank=True)
    push_name_at = models.DateTimeField(null=True, blank=True)
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [GinIndex(NAME_WORDS, name="contact_name_search")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.push_name


NUMBER = Func(
    models.F("wa_id"), models.Value("@"), models.Value(1), function="split_part", output_field=models.TextField()
)
FORWARDS, BACKWARDS = Collate(NUMBER, "C"), Collate(Reverse(NUMBER), "C")
"""The number from its first digit, and from its last: people know the end of a number, and an index knows beginnings.
Only in the collation C can an index serve LIKE."""


class ContactAddress(Row):
    """A WhatsApp id of a contact, unique in the workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    wa_id = models.CharField(max_length=WA_ID_LIMIT)
    former_contact_id = models.UUIDField(
        null=True, editable=False, help_text="Whose it was before the two were found to be one person."
    )
    kept_apart = models.BooleanField(
        default=False, db_default=False, help_text="A person said that this is somebody else; it stays so."
    )

    class Meta:
        verbose_name_plural = "contact addresses"
        constraints = [models.UniqueConstraint(fields=["workspace", "wa_id"], name="contact_address_once")]
        indexes = [
            models.Index("workspace", FORWARDS, name="contact_address_beginning"),
            models.Index("workspace", BACKWARDS, name="contact_address_end"),
        ]
