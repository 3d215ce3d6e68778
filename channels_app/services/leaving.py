"""The end of a channel: its provider is told, and then its secrets are gone."""

import uuid
from datetime import timedelta

from channels_app import jobs
from channels_app.models import Channel, Credential
from channels_app.selectors.channels import webhook_url
from channels_app.services import gateway
from channels_app.services.asking import ask
from channels_app.services.credentials import CODES, TOKEN
from kernel import clock

SECRETS_KEPT = timedelta(hours=1)
"""How long a removed channel has its secrets at most: all tries to tell the provider are over by then."""


def begin_to_leave(channel: Channel) -> None:
    """Have the provider told, in the transaction that removes the channel. Without a token there is nobody to tell."""
    Credential.objects.filter(channel=channel, name__in=CODES).delete()
    if Credential.objects.filter(channel=channel, name=TOKEN).exists():
        ask(channel=channel, kind=jobs.LEAVE)
    else:
        forget_secrets(channel.pk)


def leave(*, channel_id: uuid.UUID, deadline: float) -> None:
    """Made by the outbox. Raises ProviderError."""
    channel = Channel.objects.filter(pk=channel_id, removed_at__isnull=False, credentials__name=TOKEN).first()
    if channel is not None:
        gateway.leave(channel_id, webhook_url(channel), deadline=deadline)


def forget_secrets(channel_id: uuid.UUID) -> None:
    """Of a removed channel."""
    Credential.objects.filter(channel_id=channel_id, channel__removed_at__isnull=False).delete()


def forget_removed() -> int:
    """For a schedule: secrets of removed channels whose providers were never told. Returns how many."""
    left = Credential.objects.filter(channel__removed_at__lte=clock.now() - SECRETS_KEPT)
    deleted, _rows = left.delete()
    return deleted
