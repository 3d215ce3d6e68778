"""Linking a phone: fetch a code, show it to who asked, renew it until it is scanned or the time is over."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import MoveNotAllowed
from channels_app.models import Channel, Credential
from channels_app.policy import linking_wait_seconds
from channels_app.providers import description_of
from channels_app.providers.base import Health, QrCode
from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.services.connection import PATIENCE_SECONDS, note_health
from channels_app.services.credentials import CODES, PAIRING_CODE, QR, store_credential
from channels_app.services.moving import move, note_detail, tell_changed
from channels_app.services.numbers import clean_phone_number
from channels_app.states import LINKING, ChannelStatus
from kernel import clock
from kernel.errors import Invalid
from workspaces.access import Actor
from workspaces.services.auditing import record

PENDING_AGAIN_SECONDS = 2  # the provider is preparing the code
PASSKEY_AGAIN_SECONDS = 5  # a person is busy with another window
QR_SECONDS = 20  # how long WhatsApp shows a code, for vendors that do not say
PAIRING_SECONDS = 160  # how long WhatsApp takes a pairing code (seen: a little less than three minutes)


def continue_linking(*, channel_id: uuid.UUID, item_id: uuid.UUID, since: float, tries: int, deadline: float) -> None:
    """One step, made by the outbox item `item_id`; it asks for the next step itself.

    `since` is when the person asked (Unix seconds), `tries` how many steps before this one failed in a row, `deadline`
    what both calls may take together. A provider that cannot be reached is tried again within seconds, because
    somebody waits at the page, and the page says what is wrong. Raises ProviderError for a refusal that will stay.
    """
    channel = Channel.objects.living().filter(pk=channel_id, status__in=LINKING).first()
    if channel is None:
        return  # connected, disconnected or removed meanwhile
    try:
        qr, health = _ask_provider(channel, deadline)
    except ProviderError as error:
        if error.permanent or error.unauthorized:
            raise
        _try_later(channel_id, item_id, since, tries, error)
        return
    with transaction.atomic():
        channel = _locked(channel_id)
        if channel is None:
            return
        if health is not None:
            note_health(channel_id=channel_id, health=health)
            channel.refresh_from_db()
            if channel.status not in LINKING:
                return
        elif qr.status == "unavailable":
            reason = qr.detail or "The provider offers no QR code at the moment. Try again in a minute."
            move(channel_id=channel_id, to=ChannelStatus.ERROR, reason=reason)
            return
        if clock.now().timestamp() > since + PATIENCE_SECONDS:
            move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=_not_linked(channel))
            return
        _ask_again(channel, item_id, {"since": since}, seconds=_show(channel, qr))


def _ask_provider(channel: Channel, deadline: float) -> tuple[QrCode, Health | None]:
    if not description_of(channel.provider).links_by_phone:
        return QrCode("already_connected"), gateway.health(channel.pk, deadline=deadline)
    qr = gateway.qr_code(channel.pk, deadline=deadline / 2)
    connected = qr.status == "already_connected"
    return qr, gateway.health(channel.pk, deadline=deadline / 2) if connected else None


def _try_later(channel_id: uuid.UUID, item_id: uuid.UUID, since: float, tries: int, error: ProviderError) -> None:
    with transaction.atomic():
        channel = _locked(channel_id)
        if channel is None:
            return
        seconds = linking_wait_seconds(tries, error.retry_after)
        if clock.now().timestamp() + seconds > since + PATIENCE_SECONDS:
            move(channel_id=channel_id, to=ChannelStatus.ERROR, reason=error.detail)
            return
        note_detail(channel, f"{error.detail} Waybill tries again by itself.")
        _ask_again(channel, item_id, {"since": since, "tries": tries + 1}, seconds=seconds)


def _locked(channel_id: uuid.UUID) -> Channel | None:
    """The channel, if it is still being linked."""
    channels = Channel.objects.select_for_update(no_key=True).living()
    return channels.filter(pk=channel_id, status__in=LINKING).first()


def _not_linked(channel: Channel) -> str:
    if description_of(channel.provider).links_by_phone:
        return "Nobody scanned the QR code in time. Connect again when the phone is at hand."
    return "The provider did not report a connection in time. Connect again in some minutes."


def _ask_again(channel: Channel, item_id: uuid.UUID, payload: dict[str, float], *, seconds: float) -> None:
    if not is_asked(channel=channel, kind=jobs.CONNECT, besides=item_id):
        due_at = clock.now() + timedelta(seconds=seconds)
        ask(channel=channel, kind=jobs.CONNECT, payload=payload, due_at=due_at)


def _show(channel: Channel, qr: QrCode) -> float:
    """Keep a ready code, sealed; returns after how many seconds to ask again."""
    if qr.status == "passkey":
        reason = qr.detail or _("WhatsApp asks for a passkey. Confirm it on the phone, then wait here.")
        if not move(channel_id=channel.pk, to=ChannelStatus.QR_PENDING, reason=reason):
            note_detail(channel, reason)
        return PASSKEY_AGAIN_SECONDS
    if qr.status != "ready" or not qr.png_data_uri:
        return PENDING_AGAIN_SECONDS
    seconds = min(max(qr.expires_in_seconds or QR_SECONDS, 1), PATIENCE_SECONDS)
    expires_at = clock.now() + timedelta(seconds=seconds)
    store_credential(channel=channel, name=QR, secret=qr.png_data_uri, expires_at=expires_at)
    reason = "Waiting for somebody to scan the QR code."
    if not move(channel_id=channel.pk, to=ChannelStatus.QR_PENDING, reason=reason):
        note_detail(channel, reason)
    tell_changed(channel)
    return seconds


# --- The pairing code, for who cannot scan ----------------------------------------------------------------------------


def ask_pairing_code(*, actor: Actor, channel_id: uuid.UUID, phone_number: str) -> None:
    """Have the provider make a code to type on the phone of this number. Raises Invalid, MoveNotAllowed."""
    phone_number = clean_phone_number(phone_number)
    if not phone_number:
        raise Invalid(_("A pairing code is for one number. Write it with the country code."))
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        if channel.status not in LINKING or not may_see_codes(actor, channel):
            raise MoveNotAllowed(_("Begin to connect the channel first; then ask for the code."))
        if not description_of(channel.provider).pairing_codes:
            raise MoveNotAllowed(_("This provider makes no pairing codes. Scan the QR code instead."))
        Credential.objects.filter(channel=channel, name=PAIRING_CODE).delete()
        ask(channel=channel, kind=jobs.PAIR, payload={"phone_number": phone_number})
        record(actor=actor, deed="channel.pairing_code_asked", target=channel)


def fetch_pairing_code(*, channel_id: uuid.UUID, phone_number: str, deadline: float) -> None:
    """Made by the outbox. Raises ProviderError."""
    if not Channel.objects.living().filter(pk=channel_id, status__in=LINKING).exists():
        return
    code = gateway.pairing_code(channel_id, phone_number, deadline=deadline)
    with transaction.atomic():
        channel = _locked(channel_id)
        if channel is not None:
            expires_at = clock.now() + timedelta(seconds=PAIRING_SECONDS)
            store_credential(channel=channel, name=PAIRING_CODE, secret=code, expires_at=expires_at)
            tell_changed(channel)


# --- Who sees a code, and until when ----------------------------------------------------------------------------------


def may_see_codes(actor: Actor, channel: Channel) -> bool:
    """Only the one who asked: whoever scans a code becomes the number."""
    return channel.linking_by is not None and channel.linking_by == getattr(actor, "pk", None)


def code_for(actor: Actor, channel: Channel, name: str) -> tuple[str, datetime] | None:
    """The code `name` (qr, pairing_code) and its end, for the actor who asked for it; else None."""
    if channel.status not in LINKING or not may_see_codes(actor, channel):
        return None
    return gateway.waiting_code(channel.pk, name)


def expire_qr_codes() -> int:
    """Delete codes whose time is over, and end the linking that nobody finishes; returns how many codes."""
    now = clock.now()
    deleted, _rows = Credential.objects.filter(name__in=CODES, expires_at__lte=now).delete()
    left = Channel.objects.living().filter(status__in=LINKING, linking_until__lte=now - timedelta(minutes=1))
    for channel_id in left.values_list("pk", flat=True):
        with transaction.atomic():
            channel = _locked(channel_id)
            if channel is not None:
                move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=_not_linked(channel))
    return deleted
