"""Secrets of channels go in here, sealed at once; only services.gateway takes one out."""

from datetime import datetime

from channels_app.models import Channel, Credential
from kernel import clock, crypto

TOKEN = "token"  # noqa: S105  the name of a secret, not one
QR = "qr"
PAIRING_CODE = "pairing_code"
CODES = (QR, PAIRING_CODE)
"""What links a phone: secrets with an end, gone when the linking is over."""

_HINT_FROM_CHARACTERS = 12  # of a shorter secret four characters would tell too much


def store_credential(*, channel: Channel, name: str, secret: str, expires_at: datetime | None = None) -> Credential:
    """Seal `secret` and keep it as the channel's `name`, in place of an older one."""
    hint = secret[-4:] if name == TOKEN and len(secret) >= _HINT_FROM_CHARACTERS else ""
    credential, _ = Credential.objects.update_or_create(
        channel=channel,
        name=name,
        defaults={
            "workspace_id": channel.workspace_id,
            "sealed": crypto.encrypt(secret),
            "hint": hint,
            "updated_at": clock.now(),
            "expires_at": expires_at,
        },
    )
    return credential
