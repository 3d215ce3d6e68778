"""A channel's way through its states: what people ask for, and what the provider tells."""

import random
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import CredentialMissing, MoveNotAllowed
from channels_app.models import Channel, Credential
from channels_app.policy import restart_wait_seconds
from channels_app.providers import description_of
from channels_app.providers.base import Health, InboundConnection, InboundNotice
from channels_app.services.asking import ask, is_asked, take_back
from channels_app.services.credentials import CODES, TOKEN
from channels_app.services.moving import move, note_detail, open_unless_held, tell_changed, write_down
from channels_app.services.renumbering import note_identity
from channels_app.services.templates import have_templates_read
from channels_app.states import LINKING, MOVES, SENDS, UNLINKED, ChannelStatus
from kernel import clock
from kernel.repeating import again_after_deadlock
from outbox.models import Lane
from workspaces.access import Actor, name_of
from workspaces.services.auditing import record

PATIENCE_SECONDS = 300
"""How long codes are renewed after a person asked to connect."""

NOTED_EVERY_SECONDS = 5
WEBHOOK_TRUSTED = timedelta(minutes=10)
"""A connection that comes back within this time after its webhook was checked does not have it checked again."""


# --- What people ask for ----------------------------------------------------------------------------------------------


@again_after_deadlock
def connect(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Begin to link the number; the provider is asked by the outbox. Raises MoveNotAllowed for a connected channel."""
    with transaction.atomic():
        channel = _ready_to_link(actor, channel_id)
        if channel.status in SENDS:
            raise MoveNotAllowed(_("The channel is connected already. To start over, reconnect it."))
        _begin_linking(actor, channel, deed="channel.connect_asked")
    return channel


@again_after_deadlock
def reconnect(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Begin to link the number again, whatever its state; messages wait until it is connected."""
    with transaction.atomic():
        channel = _ready_to_link(actor, channel_id)
        _begin_linking(actor, channel, deed="channel.reconnect_asked")
    return channel


@again_after_deadlock
def disconnect(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Stop sending. The phone stays linked at the provider, and what arrives is still kept."""
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        reason = f"Disconnected by {name_of(actor)}."
        return _stop(actor, channel, reason=reason, deed="channel.disconnected")


@again_after_deadlock
def log_out(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Stop sending and unlink the phone; the provider is asked by the outbox."""
    with transaction.atomic():
        channel = _ready_to_link(actor, channel_id)
        ask(channel=channel, kind=jobs.LOG_OUT)
        reason = f"{name_of(actor)} asked to log the number out."
        return _stop(actor, channel, reason=reason, deed="channel.log_out_asked")


def _ready_to_link(actor: Actor, channel_id: uuid.UUID) -> Channel:
    channel = channel_to_manage(actor, channel_id)
    if not channel.credentials.filter(name=TOKEN).exists():
        raise CredentialMissing
    return channel


def _begin_linking(actor: Actor, channel: Channel, *, deed: str) -> None:
    """Whoever asks last sees the code: what was made for somebody else goes."""
    take_back(channel=channel, kind=jobs.CONNECT)  # before the channel is locked, as everywhere: items first
    Channel.objects.filter(pk=channel.pk).update(
        wants_connection=True,
        linking_by=getattr(actor, "pk", None),
        linking_until=clock.now() + timedelta(seconds=PATIENCE_SECONDS),
        restarts=0,
        restart_at=None,
    )
    Credential.objects.filter(channel_id=channel.pk, name__in=CODES).delete()
    reason = f"{name_of(actor)} asked to connect."
    if not move(channel_id=channel.pk, to=ChannelStatus.CONNECTING, reason=reason, actor=actor):
        note_detail(channel, reason)
    ask(channel=channel, kind=jobs.CONNECT, payload={"since": clock.now().timestamp()})
    record(actor=actor, deed=deed, target=channel)
    channel.refresh_from_db()


def _stop(actor: Actor, channel: Channel, *, reason: str, deed: str) -> Channel:
    Channel.objects.filter(pk=channel.pk).update(wants_connection=False, restarts=0, restart_at=None)
    if channel.status not in UNLINKED:
        move(channel_id=channel.pk, to=ChannelStatus.DISCONNECTED, reason=reason, actor=actor)
    record(actor=actor, deed=deed, target=channel)
    channel.refresh_from_db()
    return channel


# --- What the provider tells ------------------------------------------------------------------------------------------


def lock_for_news(channel_ids: Iterable[uuid.UUID]) -> None:
    """Lock channels and their lanes before anything else of the transaction, when news about connections will follow.

    The relay locks lanes before items, and ingestion items before everything: news that came after its messages would
    close a ring with a tick that closes the lane.
    """
    ids = sorted(channel_ids)
    for rows in (Channel.objects, Lane.objects):
        list(rows.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))


def note_connection(*, channel_id: uuid.UUID, values: InboundConnection) -> bool:
    """Believe a webhook about the connection. Returns whether the channel moved; a removed channel never does."""
    return _believe(channel_id, values, source="webhook")


@again_after_deadlock
def note_health(*, channel_id: uuid.UUID, health: Health) -> bool:
    """Believe the provider's answer about the connection. Returns whether the channel moved."""
    return _believe(channel_id, health, source="check")


@again_after_deadlock
def note_logged_out(*, channel_id: uuid.UUID) -> None:
    """The provider has unlinked the phone, as we asked; ignored when somebody connects it again already."""
    with transaction.atomic():
        # Locked, because the provider's own webhook about the log-out arrives at the same moment.
        channels = Channel.objects.select_for_update(no_key=True).living()
        if channels.filter(pk=channel_id, wants_connection=False).first() is not None:
            move(channel_id=channel_id, to=ChannelStatus.LOGGED_OUT, reason="Logged out.")


def note_failure(*, channel_id: uuid.UUID, detail: str, linking: bool = False) -> None:
    """Something asked for a channel failed for good. A channel that was being linked goes to `error`."""
    channel = Channel.objects.living().filter(pk=channel_id).first()
    if channel is None:
        return
    if linking and channel.status in LINKING:
        move(channel_id=channel_id, to=ChannelStatus.ERROR, reason=detail)
    else:
        note_detail(channel, detail)


def _believe(channel_id: uuid.UUID, said: InboundConnection | Health, *, source: str) -> bool:
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).living().filter(pk=channel_id).first()
        if channel is None:
            return False
        if source == "check":
            Channel.objects.filter(pk=channel_id).update(checked_at=clock.now())
        note_identity(channel, said)
        if not _changes_something(channel, said):
            return False
        to = ChannelStatus(said.status)
        if to in SENDS and channel.status not in SENDS:
            _have_webhook_checked(channel)
            have_templates_read(channel)
        if to not in SENDS and channel.status in SENDS:
            _plan_restart(channel, to)
        return move(
            channel_id=channel_id, to=to, reason=said.detail or f"The provider says: {to.label.lower()} ({source})."
        )


def _changes_something(channel: Channel, said: InboundConnection | Health) -> bool:
    """Whether the provider's word for the state moves the channel."""
    status = said.status
    if status == channel.status:
        if status in SENDS:
            _open_lane_if_closed(channel)
        elif channel.linking_until is not None and getattr(said, "passkey", False):
            Credential.objects.filter(channel_id=channel.pk, name__in=CODES).delete()  # the code is used up
            note_detail(channel, said.detail)
        return False
    if not channel.wants_connection:
        return status == ChannelStatus.LOGGED_OUT  # what a person disconnected, no word of the provider connects
    if status == ChannelStatus.QR_PENDING:
        return channel.status not in UNLINKED  # says the same as ours, unless somebody is linking
    if status == ChannelStatus.CONNECTED and channel.status == ChannelStatus.DEGRADED:
        held = Lane.objects.filter(pk=channel.pk, not_before__gt=clock.now()).exists()
        return not held and channel.silent_since is None  # against the word "connected" there is evidence
    return status in MOVES[channel.status]


def _open_lane_if_closed(channel: Channel) -> None:
    if not channel.former_wa_id and Lane.objects.filter(pk=channel.pk, closed=True).exists():
        open_unless_held(channel)


def _have_webhook_checked(channel: Channel) -> None:
    """A vendor may forget the webhook with a new link; a connection that only blinked has not lost it."""
    linked = channel.linking_until is not None
    trusted = channel.webhook_checked_at is not None and channel.webhook_checked_at > clock.now() - WEBHOOK_TRUSTED
    if (linked or not trusted) and not is_asked(channel=channel, kind=jobs.REGISTER_WEBHOOK):
        ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)


def _plan_restart(channel: Channel, to: str) -> None:
    """A connection that is lost while the phone stays linked is taken up again, where the vendor can do that."""
    if to in (ChannelStatus.CONNECTING, ChannelStatus.ERROR) and description_of(channel.provider).restarts:
        wait = restart_wait_seconds(0, random.random())
        Channel.objects.filter(pk=channel.pk).update(restarts=0, restart_at=clock.now() + timedelta(seconds=wait))


def note_notice(*, channel_id: uuid.UUID, notice: InboundNotice) -> None:
    """Show in the channel's history what the provider says of the number or its account; it moves nothing."""
    with transaction.atomic():
        channel = Channel.objects.living().filter(pk=channel_id).first()
        if channel is not None:
            write_down(channel, old=channel.status, new=channel.status, reason=notice.text)
            tell_changed(channel)


def note_inbound(channel_ids: Iterable[uuid.UUID], at: datetime) -> None:
    """The provider delivered something for these channels at `at`."""
    _note_time(channel_ids, at, "last_inbound_at")


def note_acknowledged(channel_ids: Iterable[uuid.UUID], at: datetime) -> None:
    """The provider accepted something from these channels at `at`."""
    _note_time(channel_ids, at, "last_acknowledged_at")


def note_confirmed(channel_ids: Iterable[uuid.UUID], at: datetime) -> None:
    """WhatsApp reported at `at` what became of a message of these channels: it was accepted, then."""
    _note_time(channel_ids, at, "last_confirmed_at", "last_acknowledged_at")


def _note_time(channel_ids: Iterable[uuid.UUID], at: datetime, column: str, *also: str) -> None:
    """Once in NOTED_EVERY_SECONDS is enough; a row that somebody else has locked is left alone, the next tells it."""
    stale = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lt": at - timedelta(seconds=NOTED_EVERY_SECONDS)})
    rows = Channel.objects.select_for_update(skip_locked=True, no_key=True).filter(stale, pk__in=list(channel_ids))
    Channel.objects.filter(pk__in=rows.values("pk")).update(**dict.fromkeys((column, *also), at))
