"""A secret of a channel, encrypted; opened in services/gateway.py and nowhere else."""

from django.db import models
from django.utils import timezone

from channels_app.models.channel import Channel
from kernel.models import Row
from workspaces.models import Workspace


class Credential(Row):
    """`name` is the vendor's word for it: token, webhook_secret, app_secret, hmac_key, session …

    `qr` is the code that links a phone; it lives until `expires_at`. The others have no end.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="credentials")
    name = models.CharField(max_length=40)
    sealed = models.TextField(help_text="salt:iv:authTag:ciphertext, hex.")
    hint = models.CharField(max_length=4, blank=True, help_text="The last characters, to tell tokens apart.")
    updated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "name"], name="credential_once_per_channel")]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})" if self.hint else self.name

    def __repr__(self) -> str:
        return f"<Credential {self.name} of channel {self.channel_id}>"
