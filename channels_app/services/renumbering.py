"""The number behind a channel: learning it, and what happens when another one is linked to the channel."""

import contextlib
import uuid

from django.db import transaction
from django.db.models import Q

from channels_app.access import channel_to_manage
from channels_app.errors import MoveNotAllowed
from channels_app.events import FormerChatsArchived
from channels_app.models import Channel
from channels_app.providers.base import Health, InboundConnection
from channels_app.services.moving import open_unless_held, tell_changed, write_down
from channels_app.states import SENDS
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.errors import NoLongerQueued
from outbox.models import Item
from outbox.services.operating import cancel_item
from outbox.states import ItemState
from workspaces.access import Actor, name_of
from workspaces.services.auditing import record

BY_NUMBER = "s.whatsapp.net"


def note_identity(channel: Channel, said: InboundConnection | Health) -> None:
    """Learn the number that is linked, inside the caller's transaction, which has locked the channel.

    Another number than before would write to the customers of the former one: nothing is sent until somebody says
    what to do with the chats. The former number, linked again, is the answer.
    """
    news = {}
    if said.provider_channel_id and said.provider_channel_id != channel.provider_channel_id:
        news["provider_channel_id"] = said.provider_channel_id
    if said.own_wa_id and said.own_wa_id != channel.own_wa_id:
        news["own_wa_id"] = said.own_wa_id
        digits, _, server = said.own_wa_id.partition("@")
        if server == BY_NUMBER and digits.isdecimal():
            news["phone_number"] = f"+{digits}"[:20]
        if _is_another(channel.own_wa_id, said.own_wa_id):
            news["former_wa_id"] = _former(channel, now=said.own_wa_id)
            reason = f"Another number is linked now: {digits} instead of {channel.own_wa_id.partition('@')[0]}."
            write_down(channel, old=channel.status, new=channel.status, reason=reason)
    if not news:
        return
    Channel.objects.filter(pk=channel.pk).update(**news)
    asked = channel.former_wa_id
    for name, value in news.items():
        setattr(channel, name, value)
    if channel.former_wa_id != asked and channel.status in SENDS:
        open_unless_held(channel)
    tell_changed(channel)


def _is_another(before: str, now: str) -> bool:
    """Names in different systems (a number, a hidden id) cannot be told apart, so they are believed to be one."""
    return bool(before) and before.partition("@")[2] == now.partition("@")[2]


def _former(channel: Channel, *, now: str) -> str:
    first = channel.former_wa_id or channel.own_wa_id
    return "" if first == now else first


@again_after_deadlock
def keep_chats(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """The new number goes on with the chats of the former one; what waits is sent. Raises MoveNotAllowed."""
    with transaction.atomic():
        channel = _asked(actor, channel_id)
        return _answer(actor, channel, deed="channel.chats_kept", said="keeps the chats of")


@again_after_deadlock
def archive_chats(*, actor: Actor, channel_id: uuid.UUID) -> Channel:
    """The former number's chats become read-only; what waits in them is cancelled. Raises MoveNotAllowed."""
    with transaction.atomic():
        channel = _asked(actor, channel_id)
        cancel_waiting(channel_id)  # before the channel is locked, as ingestion does: messages first
        publish(FormerChatsArchived(channel_id=channel_id, workspace_id=channel.workspace_id))
        return _answer(actor, channel, deed="channel.chats_archived", said="archived the chats of")


def cancel_waiting(channel_id: uuid.UUID) -> int:
    """Take back whatever waits in the channel's lane; returns how many."""
    cancelled = 0
    waiting = Item.objects.filter(Q(open=True) | Q(state=ItemState.SCHEDULED), lane_id=channel_id)
    for item_id in waiting.order_by("id").values_list("id", flat=True):
        with contextlib.suppress(NoLongerQueued):  # being sent now, or uncertain: it ends by itself or by a person
            cancel_item(item_id=item_id)
            cancelled += 1
    return cancelled


def _asked(actor: Actor, channel_id: uuid.UUID) -> Channel:
    channel = channel_to_manage(actor, channel_id)
    if not channel.former_wa_id:
        raise MoveNotAllowed("No other number is linked to this channel; there is nothing to decide.")
    return channel


def _answer(actor: Actor, channel: Channel, *, deed: str, said: str) -> Channel:
    former = channel.former_wa_id
    if not Channel.objects.filter(pk=channel.pk, former_wa_id=former).update(former_wa_id=""):
        raise MoveNotAllowed("Somebody else has just answered this.")
    channel.refresh_from_db()
    reason = f"{name_of(actor)} {said} {former.partition('@')[0]}."
    write_down(channel, old=channel.status, new=channel.status, reason=reason, actor=actor)
    if channel.status in SENDS:
        open_unless_held(channel)
    record(actor=actor, deed=deed, target=channel, details={"former": former, "now": channel.own_wa_id})
    tell_changed(channel)
    return channel
