"""The groups that a number is in, asked of the provider as a whole."""

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from channels_app import jobs
from channels_app.access import channel_to_manage
from channels_app.errors import MoveNotAllowed
from channels_app.events import GroupsListed
from channels_app.models import Channel
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.services.moving import tell_changed
from channels_app.states import SENDS
from kernel import clock
from kernel.events import publish
from workspaces.access import Actor
from workspaces.services.auditing import record


def sync_groups(*, actor: Actor, channel_id: uuid.UUID) -> None:
    """Have the outbox fetch all groups with who is in them. Raises MoveNotAllowed without a connection."""
    with transaction.atomic():
        channel = channel_to_manage(actor, channel_id)
        if channel.status not in SENDS:
            raise MoveNotAllowed(_("Groups are read from a connected number. Connect it first."))
        if not is_asked(channel=channel, kind=jobs.SYNC_GROUPS):
            ask(channel=channel, kind=jobs.SYNC_GROUPS)
        record(actor=actor, deed="channel.groups_synced", target=channel)


def fetch_groups(*, channel_id: uuid.UUID, deadline: float) -> None:
    """Made by the outbox: the floors above write what was found, in one transaction. Raises ProviderError.

    An empty list is what a provider answers that is not ready yet: it does not say that the number is in no group.
    """
    asked_at = clock.now()
    listed = gateway.groups(channel_id, deadline=deadline)
    whole_at = asked_at if listed.whole and listed.groups else None
    with transaction.atomic():
        channel = Channel.objects.living().filter(pk=channel_id).first()
        if channel is None:
            return
        publish(
            GroupsListed(
                channel_id=channel_id, workspace_id=channel.workspace_id, groups=listed.groups, whole_at=whole_at
            )
        )
        Channel.objects.filter(pk=channel_id).update(groups_synced_at=clock.now())
        tell_changed(channel)
