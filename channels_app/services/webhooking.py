"""The webhook at the provider: registered by us, looked at now and then, repaired where it has vanished."""

import uuid
import zlib
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.models import Channel
from channels_app.providers import description_of
from channels_app.selectors.channels import webhook_url
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.services.moving import REASON_LIMIT, tell_changed, write_down
from channels_app.states import SENDS, WebhookState
from kernel import clock
from workspaces.access import Actor
from workspaces.services.auditing import record

CHECKED_EVERY = timedelta(hours=1)
SPREAD_SECONDS = 600  # so that channels connected at the same time are not all asked about at the same time
ASKED_PER_ROUND = 20


def ensure_webhook(*, channel_id: uuid.UUID, anew: bool, deadline: float) -> None:
    """Register the channel's webhook where it is missing; `anew` also where it is not. Raises ProviderError."""
    channel = Channel.objects.living().filter(pk=channel_id).first()
    if channel is None or not description_of(channel.provider).registers_webhooks:
        return
    url = webhook_url(channel)
    found = not anew and gateway.webhook_is_registered(channel_id, url, deadline=deadline / 2)
    if not found:
        gateway.register_webhook(channel_id, url, deadline=deadline / 2)
    _note(channel, WebhookState.REGISTERED, repaired=not found and not anew)


def note_webhook_failure(*, channel_id: uuid.UUID, detail: str) -> None:
    """It could not be registered: shown with what to do by hand, and tried again at the next look."""
    channel = Channel.objects.living().filter(pk=channel_id).first()
    if channel is not None:
        _note(channel, WebhookState.MISSING, detail=detail)


def _note(channel: Channel, state: str, *, detail: str = "", repaired: bool = False) -> None:
    with transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(
            webhook_state=state, webhook_detail=detail[:REASON_LIMIT], webhook_checked_at=clock.now()
        )
        if repaired and channel.webhook_state == WebhookState.REGISTERED:
            reason = "The webhook was gone at the provider. Waybill has registered it again."
            write_down(channel, old=channel.status, new=channel.status, reason=reason)
        if state != channel.webhook_state:
            tell_changed(channel)


def check_webhook(*, actor: Actor, channel_id: uuid.UUID) -> None:
    """Have the outbox look now, and register what is missing."""
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        if not is_asked(channel=channel, kind=jobs.REGISTER_WEBHOOK):
            ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)
        record(actor=actor, deed="channel.webhook_checked", target=channel)


def look_after_webhooks() -> int:
    """Ask for a look at webhooks that nobody looked at for an hour; returns how many were asked for."""
    now = clock.now()
    stale = Q(webhook_checked_at__isnull=True) | Q(webhook_checked_at__lt=now - CHECKED_EVERY)
    channels = Channel.objects.living().filter(stale, status__in=SENDS, credentials__name="token")
    asked = 0
    for channel in channels.order_by("webhook_checked_at", "id")[:ASKED_PER_ROUND]:
        with transaction.atomic():
            if not is_asked(channel=channel, kind=jobs.REGISTER_WEBHOOK):
                due_at = now + timedelta(seconds=zlib.crc32(channel.pk.bytes) % SPREAD_SECONDS)
                ask(channel=channel, kind=jobs.REGISTER_WEBHOOK, due_at=due_at)
                asked += 1
    return asked
