"""Adding, changing and removing channels."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import MoveNotAllowed
from channels_app.events import ChannelCreated
from channels_app.models import Channel, Credential
from channels_app.providers import built_in
from channels_app.selectors.channels import forget_webhook_target
from channels_app.services import gateway
from channels_app.services.asking import ask
from channels_app.services.connection import move
from channels_app.services.credentials import TOKEN, WEBHOOK_SECRET, clean_token, store_credential
from channels_app.states import ChannelStatus
from kernel import clock, signing
from kernel.errors import Invalid
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.errors import NoLongerQueued
from outbox.models import Item, Lane
from outbox.services.operating import cancel_item, close_lane, ensure_lane
from outbox.states import ItemState
from workspaces.access import Actor, name_of, require
from workspaces.roles import Permission
from workspaces.services.auditing import record
from workspaces.services.people import clean_name

NAME_LIMIT = 80
PHONE_DIGITS = range(7, 16)


def create_channel(
    *,
    actor: Actor,
    provider: str,
    name: str,
    token: str,
    phone_number: str = "",
    settings: dict[str, Any] | None = None,
) -> tuple[Channel, str]:
    """A new channel, not connected yet, and its webhook secret, which cannot be read again later.

    `settings` hold what the vendor needs beside secrets; `base_url` in them names another address of its API.
    Raises Forbidden, or Invalid for a name, number, token or provider that cannot be used.
    """
    require(actor, Permission.MANAGE_CHANNELS)
    name, phone_number, token = clean_name(name, limit=NAME_LIMIT), clean_phone_number(phone_number), clean_token(token)
    _refuse_unknown(provider)
    webhook_secret = signing.new_secret()
    with transaction.atomic():
        channel = Channel.objects.create(
            workspace_id=actor.workspace_id,
            provider=provider,
            name=name,
            phone_number=phone_number,
            webhook_secret_digest=signing.digest(webhook_secret),
            settings=settings or {},
        )
        ensure_lane(lane_id=channel.pk, workspace_id=channel.workspace_id, name=name)
        close_lane(lane_id=channel.pk, reason="Not connected yet.")
        store_credential(channel=channel, name=TOKEN, secret=token)
        store_credential(channel=channel, name=WEBHOOK_SECRET, secret=webhook_secret)
        ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)
        record(actor=actor, deed="channel.created", target=channel, details={"name": name, "provider": provider})
        publish(ChannelCreated(channel_id=channel.pk, workspace_id=channel.workspace_id))
    return channel, webhook_secret


@again_after_deadlock
def update_channel(
    *,
    actor: Actor,
    channel_id: uuid.UUID,
    name: str | None = None,
    phone_number: str | None = None,
    token: str | None = None,
) -> Channel:
    """Change what people call it, or its token as `replace_token` does; None leaves a value as it is."""
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        news = {}
        if name is not None:
            news["name"] = clean_name(name, limit=NAME_LIMIT)
        if phone_number is not None:
            news["phone_number"] = clean_phone_number(phone_number)
        news = {field: value for field, value in news.items() if value != getattr(channel, field)}
        if news:
            Channel.objects.filter(pk=channel.pk).update(**news)
            record(actor=actor, deed="channel.updated", target=channel, details=news)
            channel.refresh_from_db()
            _rename_lane(channel)
        if token is not None:
            replace_token(actor=actor, channel_id=channel_id, token=token)
    return channel


@again_after_deadlock
def replace_token(*, actor: Actor, channel_id: uuid.UUID, token: str) -> Channel:
    """Seal a new token in place of the old one and register the webhook with it. The old one cannot be read again."""
    token = clean_token(token)
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        credential = store_credential(channel=channel, name=TOKEN, secret=token)
        ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)
        record(actor=actor, deed="channel.token_replaced", target=channel, details={"hint": credential.hint})
        transaction.on_commit(lambda: gateway.forget(channel_id))
    return channel


@again_after_deadlock
def replace_webhook_secret(*, actor: Actor, channel_id: uuid.UUID) -> str:
    """A new webhook secret, shown this once. Webhooks are refused until the outbox has told it to the provider."""
    secret = signing.new_secret()
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        store_credential(channel=channel, name=WEBHOOK_SECRET, secret=secret)
        Channel.objects.filter(pk=channel.pk).update(webhook_secret_digest=signing.digest(secret))
        ask(channel=channel, kind=jobs.REGISTER_WEBHOOK)
        record(actor=actor, deed="channel.webhook_secret_replaced", target=channel)
        transaction.on_commit(lambda: _forget(channel_id))
    return secret


@again_after_deadlock
def remove_channel(*, actor: Actor, channel_id: uuid.UUID) -> None:
    """Take the channel away with its secrets; chats and messages stay. What still waited in its lane is cancelled."""
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        cancelled = _cancel_waiting(channel_id)  # before the channel is locked, as ingestion does: messages first
        if channel.status != ChannelStatus.DISCONNECTED:
            reason = f"Removed by {name_of(actor)}."
            move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=reason, actor=actor)
        removed = (
            Channel.objects.living()
            .filter(pk=channel_id)
            .update(removed_at=clock.now(), wants_connection=False, webhook_secret_digest="")
        )
        if not removed:
            raise MoveNotAllowed("Somebody removed the channel at the same time.")
        Credential.objects.filter(channel_id=channel_id).delete()
        record(
            actor=actor,
            deed="channel.removed",
            target=channel,
            details={"name": channel.name, "messages_cancelled": cancelled},
        )
        transaction.on_commit(lambda: _forget(channel_id))


def _cancel_waiting(channel_id: uuid.UUID) -> int:
    cancelled = 0
    waiting = Item.objects.filter(Q(open=True) | Q(state=ItemState.SCHEDULED), lane_id=channel_id)
    for item_id in waiting.order_by("id").values_list("id", flat=True):
        try:
            cancel_item(item_id=item_id)
        except NoLongerQueued:
            continue  # being sent at this moment, or uncertain: it ends by itself or by a person
        cancelled += 1
    return cancelled


def _rename_lane(channel: Channel) -> None:
    lane = Lane.objects.get(pk=channel.pk)
    ensure_lane(lane_id=lane.pk, workspace_id=lane.workspace_id, name=channel.name, cap=lane.cap)


def _forget(channel_id: uuid.UUID) -> None:
    gateway.forget(channel_id)
    forget_webhook_target(channel_id)


def clean_phone_number(phone_number: str) -> str:
    """A leading + and the digits, or "". Raises Invalid."""
    digits = "".join(sign for sign in phone_number if sign not in " +-()./\t")
    if not digits:
        return ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) in PHONE_DIGITS):
        raise Invalid(
            "That is not a phone number. Write it with the country code, e.g. +1 555 0100.",
            fields={"phone_number": ["Digits with the country code, e.g. +1 555 0100."]},
        )
    return f"+{digits}"


def _refuse_unknown(provider: str) -> None:
    if provider not in built_in():
        raise Invalid("There is no such provider.", fields={"provider": [f"One of: {', '.join(built_in())}."]})
