"""Secrets of channels go in here, sealed at once; only services.gateway takes one out."""

import string
from datetime import datetime

from channels_app.models import Channel, Credential
from kernel import clock, crypto
from kernel.errors import Invalid

TOKEN = "token"  # noqa: S105  the name of a secret, not one
WEBHOOK_SECRET = "webhook_secret"  # noqa: S105
QR = "qr"

_VISIBLE = frozenset(string.ascii_letters + string.digits + string.punctuation)
_TOKEN_LIMIT_CHARACTERS = 4096
_HINT_FROM_CHARACTERS = 12  # of a shorter secret four characters would tell too much


def clean_token(token: str) -> str:
    """The token without the white space that pasting brings along. Raises Invalid."""
    token = token.strip()
    if not token or len(token) > _TOKEN_LIMIT_CHARACTERS or not set(token) <= _VISIBLE:
        raise Invalid(
            "That is not a token: it must be one word of letters, digits and signs, as the provider shows it.",
            fields={"token": ["Paste the token exactly as the provider shows it."]},
        )
    return token


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
