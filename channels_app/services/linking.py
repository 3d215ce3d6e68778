"""Linking a phone: fetch the QR code, show it, renew it until it is scanned or the time is over."""

import uuid
from datetime import timedelta

from django.db import transaction

from channels_app import jobs
from channels_app.models import Channel, Credential
from channels_app.providers.base import QrCode
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.services.connection import LINKING, move, note_health
from channels_app.services.credentials import QR, store_credential
from channels_app.states import ChannelStatus
from kernel import clock

PATIENCE_SECONDS = 180  # how long QR codes are renewed after a person asked to connect
PENDING_AGAIN_SECONDS = 2  # the provider is preparing the code
QR_SECONDS = 20  # how long WhatsApp shows a code, for vendors that do not say


def continue_linking(*, channel_id: uuid.UUID, item_id: uuid.UUID, since: float, deadline: float) -> None:
    """One step, made by the outbox item `item_id`; it asks for the next step itself. Raises ProviderError.

    `since` is when the person asked (Unix seconds), `deadline` what both calls may take together.
    """
    if not Channel.objects.living().filter(pk=channel_id, status__in=LINKING).exists():
        return  # connected, disconnected or removed meanwhile
    qr = gateway.qr_code(channel_id, deadline=deadline / 2)
    health = gateway.health(channel_id, deadline=deadline / 2) if qr.status == "already_connected" else None
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).living().filter(pk=channel_id).first()
        if channel is None or channel.status not in LINKING:
            return
        if health is not None:
            note_health(channel_id=channel_id, health=health)
            channel.refresh_from_db()
            if channel.status not in LINKING:
                return
        elif qr.status == "unavailable":
            reason = "The provider offers no QR code at the moment. Try again in a minute."
            move(channel_id=channel_id, to=ChannelStatus.ERROR, reason=reason)
            return
        if clock.now().timestamp() > since + PATIENCE_SECONDS:
            reason = "Nobody scanned the QR code in time. Connect again when the phone is at hand."
            move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=reason)
            return
        again_at = clock.now() + timedelta(seconds=_show(channel, qr))
        if not is_asked(channel=channel, kind=jobs.CONNECT, besides=item_id):
            ask(channel=channel, kind=jobs.CONNECT, payload={"since": since}, due_at=again_at)


def _show(channel: Channel, qr: QrCode) -> float:
    """Keep a ready code, sealed; returns after how many seconds to ask again."""
    if qr.status != "ready" or not qr.png_data_uri:
        return PENDING_AGAIN_SECONDS
    seconds = min(max(qr.expires_in_seconds or QR_SECONDS, 1), PATIENCE_SECONDS)
    expires_at = clock.now() + timedelta(seconds=seconds)
    store_credential(channel=channel, name=QR, secret=qr.png_data_uri, expires_at=expires_at)
    move(channel_id=channel.pk, to=ChannelStatus.QR_PENDING, reason="Waiting for somebody to scan the QR code.")
    return seconds


def expire_qr_codes() -> int:
    """Delete QR codes whose time is over; returns how many."""
    deleted, _ = Credential.objects.filter(name=QR, expires_at__lte=clock.now()).delete()
    return deleted
