"""Adding, changing and removing channels."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import MoveNotAllowed
from channels_app.events import ChannelCreated
from channels_app.models import Channel
from channels_app.models.channel import NUMBER_ONCE
from channels_app.providers import built_in, description_of
from channels_app.providers.description import Description
from channels_app.selectors.channels import forget_webhook_target
from channels_app.services import gateway
from channels_app.services.asking import ask
from channels_app.services.credentials import TOKEN, store_credential
from channels_app.services.leaving import begin_to_leave
from channels_app.services.moving import move
from channels_app.services.numbers import clean_phone_number
from channels_app.services.renumbering import cancel_waiting
from channels_app.states import ChannelStatus
from kernel import clock, signing
from kernel.errors import Invalid
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.models import Lane
from outbox.services.operating import close_lane, ensure_lane
from workspaces.access import Actor, name_of, require
from workspaces.roles import Permission
from workspaces.services.auditing import record
from workspaces.services.people import clean_name

NAME_LIMIT = 80


def create_channel(
    *,
    actor: Actor,
    provider: str,
    name: str,
    phone_number: str = "",
    settings: dict[str, Any] | None = None,
    **given: str,
) -> tuple[Channel, str]:
    """A new channel, not connected yet, and its webhook secret, which cannot be read again later.

    `given` is what the vendor's description asks for, by name; `settings` are further values that are no secrets, e.g.
    `base_url`, another address of its API. Raises Forbidden, or Invalid for what cannot be used.
    """
    require(actor, Permission.MANAGE_CHANNELS)
    _refuse_unknown(provider)
    name, phone_number = clean_name(name, limit=NAME_LIMIT), clean_phone_number(phone_number)
    description = description_of(provider)
    values = clean_values(description, given)
    secrets = {one.name: signing.new_secret() for one in description.asks if one.made}
    secrets |= {one.name: values.pop(one.name) for one in description.secrets if one.name in values}
    webhook_secret = secrets.get(description.webhook_secret, "")
    with transaction.atomic():
        with _refusing_a_second():
            channel = Channel.objects.create(
                workspace_id=actor.workspace_id,
                provider=provider,
                name=name,
                phone_number=phone_number,
                webhook_secret_digest=signing.digest(webhook_secret),
                settings={**values, **(settings or {})},
            )
        ensure_lane(lane_id=channel.pk, workspace_id=channel.workspace_id, name=name, upstream=provider)
        close_lane(lane_id=channel.pk, reason="Not connected yet.")
        for secret_name, secret in secrets.items():
            store_credential(channel=channel, name=secret_name, secret=secret)
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
    **given: str | None,
) -> Channel:
    """Change what people call it, or what its vendor needs as `replace_values` does; None leaves a value as it is."""
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
        values = {key: value for key, value in given.items() if value is not None}
        if values:
            replace_values(actor=actor, channel_id=channel_id, given=values)
    return channel


@again_after_deadlock
def replace_values(*, actor: Actor, channel_id: uuid.UUID, given: dict[str, str]) -> Channel:
    """Put new values in place of some that the vendor needs, and register the webhook with them.

    Secrets are sealed; the old ones cannot be read again. Raises Invalid.
    """
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        description = description_of(channel.provider)
        values = clean_values(description, given, partial=True)
        _refuse_to_carry_the_token(channel, values)
        secret_names = {one.name for one in description.secrets}
        hints = {
            name: store_credential(channel=channel, name=name, secret=value).hint
            for name, value in values.items()
            if name in secret_names
        }
        shown = {name: value for name, value in values.items() if name not in secret_names}
        if shown:
            with _refusing_a_second():
                Channel.objects.filter(pk=channel.pk).update(settings={**channel.settings, **shown})
        if description.webhook_secret in hints:
            digest = signing.digest(values[description.webhook_secret])
            Channel.objects.filter(pk=channel.pk).update(webhook_secret_digest=digest)
        ask(channel=channel, kind=jobs.REGISTER_WEBHOOK, payload={"anew": True})
        if TOKEN in hints:
            record(actor=actor, deed="channel.token_replaced", target=channel, details={"hint": hints.pop(TOKEN)})
        if hints or shown:
            details = {"names": sorted({*hints, *shown})}
            record(actor=actor, deed="channel.values_replaced", target=channel, details=details)
        transaction.on_commit(lambda: _forget(channel_id))
    return channel


@again_after_deadlock
def replace_webhook_secret(*, actor: Actor, channel_id: uuid.UUID) -> str:
    """A new webhook secret, shown this once. Webhooks are refused until the outbox has told it to the provider."""
    secret = signing.new_secret()
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        name = description_of(channel.provider).webhook_secret
        store_credential(channel=channel, name=name, secret=secret)
        Channel.objects.filter(pk=channel.pk).update(webhook_secret_digest=signing.digest(secret))
        ask(channel=channel, kind=jobs.REGISTER_WEBHOOK, payload={"anew": True})
        record(actor=actor, deed="channel.webhook_secret_replaced", target=channel)
        transaction.on_commit(lambda: _forget(channel_id))
    return secret


@contextmanager
def _refusing_a_second() -> Iterator[None]:
    """Raises Invalid where another living channel of the workspace has the number already."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != NUMBER_ONCE:
            raise
        said = _("Another channel of this workspace has this phone number ID already.")
        raise Invalid(said, fields={"phone_number_id": [said]}) from None


def _refuse_to_carry_the_token(channel: Channel, values: dict[str, str]) -> None:
    """A kept token would be sent to whatever address somebody types, and so be readable after all. Raises Invalid."""
    address = values.get("base_url", channel.settings.get("base_url"))
    if address != channel.settings.get("base_url") and TOKEN not in values:
        said = _("Paste it again, because it will be sent to the new address.")
        raise Invalid(_("A new address needs its token."), fields={TOKEN: [said]})


def clean_values(description: Description, given: dict[str, str], *, partial: bool = False) -> dict[str, str]:
    """What was typed, without the white space that pasting brings along; empty optional values are left out.

    `partial`: only what is given is looked at. Raises Invalid, naming every field that cannot be used.
    """
    known = {one.name: one for one in description.given}
    if partial:
        known = {name: one for name, one in known.items() if name in given}
    values, wrong = {}, {name: [_("This provider does not ask for it.")] for name in given.keys() - known.keys()}
    for name, one in known.items():
        value = given.get(name, "").strip()
        if name == "base_url":
            value = value.rstrip("/")
        if not value and not one.required:
            continue
        if one.fits(value):
            values[name] = value
        else:
            wrong[name] = [str(one.complaint or _("Paste it exactly as the provider shows it."))]
    if wrong:
        raise Invalid(_("Some of what the provider needs cannot be used."), fields=wrong)
    return values


@again_after_deadlock
def remove_channel(*, actor: Actor, channel_id: uuid.UUID) -> None:
    """Take the channel away; chats and messages stay. What still waited in its lane is cancelled.

    Its secrets serve once more, to have the provider's webhook taken away by the outbox, and are deleted then.
    """
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        cancelled = cancel_waiting(channel_id)  # before the channel is locked, as ingestion does: messages first
        if channel.status != ChannelStatus.DISCONNECTED:
            reason = f"Removed by {name_of(actor)}."
            move(channel_id=channel_id, to=ChannelStatus.DISCONNECTED, reason=reason, actor=actor)
        removed = (
            Channel.objects.living()
            .filter(pk=channel_id)
            .update(removed_at=clock.now(), wants_connection=False, webhook_secret_digest="", restart_at=None)
        )
        if not removed:
            raise MoveNotAllowed("Somebody removed the channel at the same time.")
        begin_to_leave(channel)
        record(
            actor=actor,
            deed="channel.removed",
            target=channel,
            details={"name": channel.name, "messages_cancelled": cancelled},
        )
        transaction.on_commit(lambda: _forget(channel_id))


def _rename_lane(channel: Channel) -> None:
    lane = Lane.objects.get(pk=channel.pk)
    ensure_lane(lane_id=lane.pk, workspace_id=lane.workspace_id, name=channel.name, cap=lane.cap)


def _forget(channel_id: uuid.UUID) -> None:
    gateway.forget(channel_id)
    forget_webhook_target(channel_id)


def _refuse_unknown(provider: str) -> None:
    if provider not in built_in():
        raise Invalid("There is no such provider.", fields={"provider": [f"One of: {', '.join(built_in())}."]})
