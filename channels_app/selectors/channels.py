"""Questions about channels: what a list shows, and where webhooks go."""

import uuid
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from channels_app.models import Channel, Credential
from channels_app.models.restriction import hidden_channels
from kernel.errors import Invalid
from kernel.kept import KeptEach
from kernel.paging import Page, decode_cursor, encode_cursor
from outbox.models import Lane
from workspaces.access import Actor
from workspaces.roles import Permission

TARGET_KEPT_SECONDS = 2.0
"""How long a process goes on using what it knows of a webhook's channel, without asking the database."""


# --- What people see --------------------------------------------------------------------------------------------------


def channels_of(actor: Actor) -> QuerySet[Channel]:
    """The living channels that the actor sees, oldest first, as `shown` makes them."""
    if not actor.may(Permission.SEE_CHATS):
        return Channel.objects.none()
    living = Channel.objects.living().filter(workspace_id=actor.workspace_id)
    return shown(living.exclude(pk__in=hidden_channels(actor))).order_by("id")


def shown(channels: QuerySet[Channel]) -> QuerySet[Channel]:
    """Channels with two more attributes: `paused_until`, the end of a running hold of the lane, or None; and
    `token_hint`, the last characters of the token, "" for a short one, None without a token."""
    lane = Lane.objects.filter(pk=OuterRef("pk"), not_before__gt=Now())
    token = Credential.objects.filter(channel=OuterRef("pk"), name="token")
    return channels.annotate(
        paused_until=Subquery(lane.values("not_before")[:1]), token_hint=Subquery(token.values("hint")[:1])
    )


def channels_page(actor: Actor, *, cursor: str | None, limit: int) -> Page:
    """Raises Invalid for a cursor that it did not give out."""
    channels = channels_of(actor)
    if cursor:
        (last,) = decode_cursor(cursor, 1)
        try:
            channels = channels.filter(pk__gt=uuid.UUID(last))
        except ValueError:
            raise Invalid("The cursor is not one that this list gave out.", fields={"cursor": ["not valid"]}) from None
    rows = list(channels[: limit + 1])
    return Page(rows[:limit], encode_cursor(rows[limit - 1].pk) if len(rows) > limit else None)


# --- Where webhooks go ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WebhookTarget:
    """What ingestion needs to know of a channel before it stores a body."""

    channel_id: uuid.UUID
    workspace_id: uuid.UUID
    provider: str
    secret_digest: str = field(repr=False)


def _target(channel_id: uuid.UUID) -> WebhookTarget | None:
    row = (
        Channel.objects.living()
        .filter(pk=channel_id)
        .values_list("workspace_id", "provider", "webhook_secret_digest")
        .first()
    )
    return WebhookTarget(channel_id, *row) if row else None


_targets = KeptEach(_target, seconds=TARGET_KEPT_SECONDS)


def webhook_target(channel_id: uuid.UUID) -> WebhookTarget | None:
    """The living channel that webhooks of this id are for, or None. At most TARGET_KEPT_SECONDS old."""
    return _targets.get(channel_id)


def forget_webhook_target(channel_id: uuid.UUID) -> None:
    _targets.forget(channel_id)


def webhook_url(channel: Channel) -> str:
    """The address that the provider is to call; it holds no secret."""
    return f"{settings.PUBLIC_URL}/api/webhooks/{channel.provider}/{channel.pk}"
