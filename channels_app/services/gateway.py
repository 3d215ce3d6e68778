"""The way to the providers, and the only place where a channel's secrets are open."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from channels_app.models import Channel, Credential
from channels_app.providers import adapter_named, description_of
from channels_app.providers.base import (
    Adapter,
    Blank,
    Credentials,
    FetchedMedia,
    FilledTemplate,
    Health,
    InboundMedia,
    InboundMessage,
    KeepsHistory,
    ListedGroups,
    OffersTemplates,
    Outgoing,
    Parsed,
    QrCode,
    SentMessage,
    Template,
)
from channels_app.providers.errors import ProviderError
from channels_app.services.credentials import TOKEN
from kernel import clock
from kernel.crypto import CannotDecrypt, decrypt
from kernel.kept import KeptEach

KEPT_OPEN_SECONDS = 5.0
"""How long this process goes on using opened credentials without asking the database. A token replaced or a channel
removed in another process counts at the latest after this time."""

NOT_CALLED_SECONDS = 1.0
"""When to send again what was not sent because the database was away for a moment."""


@dataclass(frozen=True)
class _Open:
    adapter: Adapter
    credentials: Credentials = field(repr=False)
    webhook_secret: str = field(repr=False)


# --- Calls. Each raises ProviderError; none may be made inside a transaction or a web request -------------------------


def send(channel_id: uuid.UUID, message: Outgoing, *, deadline: float) -> SentMessage:
    """The deadline counts from here: what takes its time before the call must not let a message leave too late.

    A sender whose time is over may have been declared dead, and its chat gone on without it.
    """
    until = time.monotonic() + deadline
    try:
        way = _way(channel_id)
    except DatabaseError:
        raise _not_called() from None
    left = until - time.monotonic()
    if left <= 0:
        raise _not_called()
    return way.adapter.send(way.credentials, message, deadline=left)


def edit(channel_id: uuid.UUID, wa_chat_id: str, wa_message_id: str, text: str, *, deadline: float) -> SentMessage:
    way = _way(channel_id)
    return way.adapter.edit(way.credentials, wa_chat_id, wa_message_id, text, deadline=deadline)


def revoke(channel_id: uuid.UUID, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
    way = _way(channel_id)
    way.adapter.revoke(way.credentials, wa_chat_id, wa_message_id, deadline=deadline)


def react(channel_id: uuid.UUID, wa_chat_id: str, wa_message_id: str, emoji: str, *, deadline: float) -> None:
    way = _way(channel_id)
    way.adapter.react(way.credentials, wa_chat_id, wa_message_id, emoji, deadline=deadline)


def mark_read(channel_id: uuid.UUID, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
    way = _way(channel_id)
    way.adapter.mark_read(way.credentials, wa_chat_id, wa_message_id, deadline=deadline)


def show_typing(channel_id: uuid.UUID, wa_chat_id: str, last_inbound_wa_id: str, *, deadline: float) -> None:
    """Let the chat see that somebody writes to it."""
    way = _way(channel_id)
    way.adapter.show_typing(way.credentials, wa_chat_id, last_inbound_wa_id, deadline=deadline)


def history(
    channel_id: uuid.UUID, wa_chat_id: str, *, since: datetime, from_me: bool | None = None, deadline: float
) -> list[InboundMessage]:
    way = _way(channel_id)
    return way.adapter.history(way.credentials, wa_chat_id, since=since, from_me=from_me, deadline=deadline)


def keeps_history(provider: str) -> bool:
    """Whether the vendor can be asked what was said lately in all chats."""
    return isinstance(_adapter(provider), KeepsHistory)


def recent(channel_id: uuid.UUID, *, since: datetime, deadline: float) -> list[InboundMessage]:
    """What was said in all chats since a time, oldest first. Raises ProviderError."""
    way = _way(channel_id)
    if not isinstance(way.adapter, KeepsHistory):
        raise ProviderError("history_not_kept", "The provider keeps no history.", permanent=True)
    return way.adapter.recent(way.credentials, since=since, deadline=deadline)


def fetch_media(
    channel_id: uuid.UUID, media: InboundMedia, path: str, *, limit_bytes: int, deadline: float
) -> FetchedMedia:
    way = _way(channel_id)
    return way.adapter.fetch_media(way.credentials, media, path, limit_bytes=limit_bytes, deadline=deadline)


def groups(channel_id: uuid.UUID, *, deadline: float) -> ListedGroups:
    way = _way(channel_id)
    return way.adapter.groups(way.credentials, deadline=deadline)


def health(channel_id: uuid.UUID, *, deadline: float) -> Health:
    """What the provider says of the connection. Asking does not start a stopped one."""
    way = _way(channel_id)
    return way.adapter.health(way.credentials, deadline=deadline)


def qr_code(channel_id: uuid.UUID, *, deadline: float) -> QrCode:
    way = _way(channel_id)
    return way.adapter.qr_code(way.credentials, deadline=deadline)


def pairing_code(channel_id: uuid.UUID, phone_number: str, *, deadline: float) -> str:
    way = _way(channel_id)
    return way.adapter.pairing_code(way.credentials, phone_number, deadline=deadline)


def log_out(channel_id: uuid.UUID, *, deadline: float) -> None:
    way = _way(channel_id)
    way.adapter.log_out(way.credentials, deadline=deadline)


def restart(channel_id: uuid.UUID, *, deadline: float) -> None:
    """Ask the provider to take up a lost connection."""
    way = _way(channel_id)
    way.adapter.restart(way.credentials, deadline=deadline)


def register_webhook(channel_id: uuid.UUID, url: str, *, deadline: float) -> None:
    """Ask the provider to call `url`, with the channel's webhook secret."""
    way = _way(channel_id)
    way.adapter.register_webhook(way.credentials, url, way.webhook_secret, deadline=deadline)


def webhook_is_registered(channel_id: uuid.UUID, url: str, *, deadline: float) -> bool:
    """Whether the provider would call `url` with the channel's webhook secret."""
    way = _way(channel_id)
    return way.adapter.webhook_is_registered(way.credentials, url, way.webhook_secret, deadline=deadline)


def leave(channel_id: uuid.UUID, url: str, *, deadline: float) -> None:
    """Have the provider of a removed channel call `url` no more: what its secrets are kept for, and nothing else."""
    way = _unseal(channel_id, removed=True)
    way.adapter.leave(way.credentials, url, deadline=deadline)


def templates(channel_id: uuid.UUID, *, deadline: float) -> list[Template]:
    """Every template that the vendor knows for the number, in all states."""
    way = _way(channel_id)
    if not isinstance(way.adapter, OffersTemplates):
        raise ProviderError("templates_not_offered", "The provider has no templates.", permanent=True)
    return way.adapter.templates(way.credentials, deadline=deadline)


# --- No network -------------------------------------------------------------------------------------------------------


def parse(provider: str, *, method: str, suffix: str, body: bytes) -> Parsed:
    """What a webhook request says. Raises Unreadable."""
    return _adapter(provider).parse(method=method, suffix=suffix, body=body)


def waiting_code(channel_id: uuid.UUID, name: str) -> tuple[str, datetime] | None:
    """What links a phone to the channel, and when it ends; None when there is none.

    name: "qr" (a PNG data URI) or "pairing_code". A secret: whoever has it becomes the number.
    """
    row = Credential.objects.filter(channel_id=channel_id, name=name, expires_at__gt=clock.now()).first()
    if row is None:
        return None
    try:
        return decrypt(row.sealed), row.expires_at
    except CannotDecrypt:
        return None  # the key changed in these seconds; a new code follows


def template_blanks(provider: str, components: list[dict[str, Any]]) -> list[Blank]:
    """What a template of the vendor needs to be sent; nothing where there are none."""
    adapter = _adapter(provider)
    return adapter.blanks(components) if isinstance(adapter, OffersTemplates) else []


def filled_template(
    provider: str, name: str, language: str, components: list[dict[str, Any]], values: Mapping[str, str]
) -> FilledTemplate:
    """Raises KeyError for a blank without a value, ProviderError for a vendor without templates."""
    adapter = _adapter(provider)
    if not isinstance(adapter, OffersTemplates):
        raise ProviderError("templates_not_offered", "The provider has no templates.", permanent=True)
    return adapter.filled(name, language, components, values)


def webhook_key(channel_id: uuid.UUID, name: str) -> str:
    """The secret `name` with which the provider signs this channel's webhooks; "" when there is none to be read.

    Kept open as long as a token is. Raises DatabaseError.
    """
    try:
        return _way(channel_id).credentials.extra.get(name, "")
    except ProviderError:
        return ""


def forget(channel_id: uuid.UUID) -> None:
    """Close what this process keeps open for the channel."""
    _open.forget(channel_id)


# --- Opening ----------------------------------------------------------------------------------------------------------


def _way(channel_id: uuid.UUID) -> _Open:
    """Adapter and opened credentials, from memory for KEPT_OPEN_SECONDS: a send in steady state asks no database."""
    return _open.get(channel_id)


def _not_called() -> ProviderError:
    detail = "The channel's token could not be read in time. Nothing was sent."
    return ProviderError("not_called", detail, retry_after=NOT_CALLED_SECONDS, scope="chat")


def _unseal(channel_id: uuid.UUID, *, removed: bool = False) -> _Open:
    channel = Channel.objects.filter(pk=channel_id, removed_at__isnull=not removed).first()
    if channel is None:
        raise ProviderError("channel_removed", "The channel was removed.", permanent=True)
    rows = Credential.objects.filter(channel_id=channel_id, expires_at__isnull=True)
    try:
        secrets = {row.name: decrypt(row.sealed) for row in rows}
    except CannotDecrypt:
        raise ProviderError(
            "token_unreadable",
            "The channel's token cannot be opened with the present ENCRYPTION_KEYS. Paste the token again.",
            unauthorized=True,
        ) from None
    token = secrets.pop(TOKEN, "")
    if not token:
        raise ProviderError("token_missing", "The channel has no token. Paste one to connect it.", unauthorized=True)
    extra = {name: value for name, value in channel.settings.items() if isinstance(value, str)} | secrets
    return _Open(
        adapter=_adapter(channel.provider),
        credentials=Credentials(base_url=_base_url(channel), token=token, extra=extra),
        webhook_secret=secrets.get(description_of(channel.provider).webhook_secret, ""),
    )


_open = KeptEach(_unseal, seconds=KEPT_OPEN_SECONDS)


@lru_cache
def _adapter(provider: str) -> Adapter:
    return adapter_named(provider)


def _base_url(channel: Channel) -> str:
    by_settings = {"whapi": settings.WHAPI_BASE_URL, "cloud": settings.CLOUD_BASE_URL}
    named = channel.settings.get("base_url") or by_settings.get(channel.provider, "")
    return named.rstrip("/")
