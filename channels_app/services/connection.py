"""A channel's way through its states: what people ask for, and what the provider and the lane tell.

Locks are taken in one order: first the channel, then its lane. That is why facts about lanes are heard after commit.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import CredentialMissing, MoveNotAllowed
from channels_app.events import ChannelStatusChanged
from channels_app.models import Channel, ConnectionLogEntry, Credential
from channels_app.providers.base import Health, InboundConnection
from channels_app.services.asking import ask, is_asked
from channels_app.services.credentials import QR, TOKEN
from channels_app.states import MOVES, SENDS, ChannelStatus
from kernel import clock
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.models import Lane
from outbox.services.operating import close_lane, open_lane
from workspaces.access import Actor, name_of
from workspaces.services.auditing import record

LINKING = frozenset({ChannelStatus.CONNECTING, ChannelStatus.QR_PENDING})
UNLINKED = frozenset({ChannelStatus.DISCONNECTED, ChannelStatus.LOGGED_OUT})
REASON_LIMIT = 300
NOTED_EVERY_SECONDS = 5


def move(*, channel_id: uuid.UUID, to: str, reason: str, actor: Actor | None = None) -> bool:
    """Move the channel to `to`, open or close its lane, and tell it upstairs. False when it is there already.

    Of two who try at the same time one moves it; the other gets MoveNotAllowed, as for a move that states.py does not
    draw.
    """
    with transaction.atomic():
        channel = Channel.objects.living().filter(pk=channel_id).first()
        if channel is None:
            raise MoveNotAllowed("The channel was removed.")
        old = channel.status
        if old == to:
            return False
        if not channel.may_move_to(to):
            raise MoveNotAllowed(
                f"The channel is {ChannelStatus(old).label.lower()}; from there it cannot become "
                f"{ChannelStatus(to).label.lower()}."
            )
        reason = reason[:REASON_LIMIT]
        moved = Channel.objects.filter(pk=channel_id, status=old).update(
            status=to, status_detail="" if to == ChannelStatus.CONNECTED else reason, status_since=clock.now()
        )
        if not moved:
            raise MoveNotAllowed("Somebody changed the channel at the same time. Look again before you go on.")
        _log(channel, old=old, new=to, reason=reason, actor=actor)
        if to not in LINKING:
            Credential.objects.filter(channel_id=channel_id, name=QR).delete()
        if to in SENDS and old not in SENDS:
            open_lane(lane_id=channel_id)
        elif to not in SENDS and old in SENDS:
            close_lane(lane_id=channel_id, reason=reason)
        publish(
            ChannelStatusChanged(
                channel_id=channel_id, workspace_id=channel.workspace_id, old=old, new=to, reason=reason
            )
        )
        return True


# --- What people ask for ----------------------------------------------------------------------------------------------


@again_after_deadlock
def connect(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Begin to link the number; the provider is asked by the outbox. Raises MoveNotAllowed for a connected channel."""
    with transaction.atomic():
        channel = _ready_to_link(actor, channel_id)
        if channel.status in SENDS:
            raise MoveNotAllowed("The channel is connected already. To start over, reconnect it.")
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
        _want(channel, connection=False)
        if channel.status not in UNLINKED:
            reason = f"Disconnected by {name_of(actor)}."
            move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=reason, actor=actor)
        record(actor=actor, deed="channel.disconnected", target=channel)
    channel.refresh_from_db()
    return channel


@again_after_deadlock
def log_out(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """Stop sending and unlink the phone; the provider is asked by the outbox."""
    with transaction.atomic():
        channel = _ready_to_link(actor, channel_id)
        _want(channel, connection=False)
        if channel.status not in UNLINKED:
            reason = f"{name_of(actor)} asked to log the number out."
            move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=reason, actor=actor)
        ask(channel=channel, kind=jobs.LOG_OUT)
        record(actor=actor, deed="channel.log_out_asked", target=channel)
    channel.refresh_from_db()
    return channel


def _ready_to_link(actor: Actor, channel_id: uuid.UUID) -> Channel:
    channel = channel_to_manage(actor, channel_id)
    if not channel.credentials.filter(name=TOKEN).exists():
        raise CredentialMissing
    return channel


def _begin_linking(actor: Actor, channel: Channel, *, deed: str) -> None:
    _want(channel, connection=True)
    reason = f"{name_of(actor)} asked to connect."
    move(channel_id=channel.pk, to=ChannelStatus.CONNECTING, reason=reason, actor=actor)
    _ask_to_link(channel)
    record(actor=actor, deed=deed, target=channel)
    channel.refresh_from_db()


def _ask_to_link(channel: Channel) -> None:
    ask(channel=channel, kind=jobs.CONNECT, payload={"since": clock.now().timestamp()})


def _want(channel: Channel, *, connection: bool) -> None:
    Channel.objects.filter(pk=channel.pk).update(wants_connection=connection)


# --- What the provider tells ------------------------------------------------------------------------------------------


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
    if linking and Channel.objects.living().filter(pk=channel_id, status__in=LINKING).exists():
        move(channel_id=channel_id, to=ChannelStatus.ERROR, reason=detail)
    else:
        Channel.objects.filter(pk=channel_id).update(status_detail=detail[:REASON_LIMIT])


def _believe(channel_id: uuid.UUID, said: InboundConnection | Health, *, source: str) -> bool:
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).living().filter(pk=channel_id).first()
        if channel is None:
            return False
        if source == "check":
            Channel.objects.filter(pk=channel_id).update(checked_at=clock.now())
        _note_identity(channel, said)
        if not _changes_something(channel, said.status):
            return False
        to = ChannelStatus(said.status)
        if to in SENDS and channel.status not in SENDS and not is_asked(channel=channel, kind=jobs.REGISTER_WEBHOOK):
            ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)  # a vendor may forget it with a new link
        if to == ChannelStatus.QR_PENDING and not is_asked(channel=channel, kind=jobs.CONNECT):
            _ask_to_link(channel)  # the provider came to it by itself: without the code nobody could scan
        return move(
            channel_id=channel_id, to=to, reason=said.detail or f"The provider says: {to.label.lower()} ({source})."
        )


def _changes_something(channel: Channel, status: str) -> bool:
    """Whether the provider's word for the state moves the channel."""
    if status == channel.status:
        if status in SENDS:
            _open_lane_if_closed(channel.pk)
        return False
    if not channel.wants_connection:
        return status == ChannelStatus.LOGGED_OUT  # what a person disconnected, no word of the provider connects
    if status == ChannelStatus.QR_PENDING:
        return channel.status not in UNLINKED  # says the same as ours, unless somebody is linking
    if status == ChannelStatus.CONNECTED and channel.status == ChannelStatus.DEGRADED:
        return not Lane.objects.filter(pk=channel.pk, not_before__gt=clock.now()).exists()
    return status in MOVES[channel.status]


def _open_lane_if_closed(channel_id: uuid.UUID) -> None:
    if Lane.objects.filter(pk=channel_id, closed=True).exists():
        open_lane(lane_id=channel_id)


def _note_identity(channel: Channel, said: InboundConnection | Health) -> None:
    """Learn the number that is linked. A different one than before is a fact for the log: the chats are another's."""
    news = {}
    if said.provider_channel_id and said.provider_channel_id != channel.provider_channel_id:
        news["provider_channel_id"] = said.provider_channel_id
    if said.own_wa_id and said.own_wa_id != channel.own_wa_id:
        news["own_wa_id"] = said.own_wa_id
        digits, _, server = said.own_wa_id.partition("@")
        if server == "s.whatsapp.net" and digits.isdecimal():
            news["phone_number"] = f"+{digits}"[:20]
        if channel.own_wa_id:
            reason = f"Another number is linked now: {digits} instead of {channel.own_wa_id.partition('@')[0]}."
            _log(channel, old=channel.status, new=channel.status, reason=reason)
    if news:
        Channel.objects.filter(pk=channel.pk).update(**news)


def note_inbound(channel_ids: Iterable[uuid.UUID], at: datetime) -> None:
    """The provider delivered something for these channels at `at`."""
    _note_time("last_inbound_at", channel_ids, at)


def note_acknowledged(channel_ids: Iterable[uuid.UUID], at: datetime) -> None:
    """The provider accepted something from these channels at `at`."""
    _note_time("last_acknowledged_at", channel_ids, at)


def _note_time(column: str, channel_ids: Iterable[uuid.UUID], at: datetime) -> None:
    """Once in NOTED_EVERY_SECONDS is enough; a row that somebody else has locked is left alone, the next tells it."""
    stale = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lt": at - timedelta(seconds=NOTED_EVERY_SECONDS)})
    rows = Channel.objects.select_for_update(skip_locked=True, no_key=True).filter(stale, pk__in=list(channel_ids))
    Channel.objects.filter(pk__in=rows.values("pk")).update(**{column: at})


def _log(channel: Channel, *, old: str, new: str, reason: str, actor: Actor | None = None) -> None:
    ConnectionLogEntry.objects.create(
        workspace_id=channel.workspace_id,
        channel=channel,
        at=clock.now(),
        old=old,
        new=new,
        reason=reason[:REASON_LIMIT],
        actor_name=name_of(actor)[:120],
    )
