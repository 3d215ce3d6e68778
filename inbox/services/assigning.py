"""Who takes care of a chat, and whether it may make noise."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from inbox.models import Chat
from inbox.services.sending import publish_chat
from kernel.errors import Invalid
from workspaces.access import Actor, require
from workspaces.models import Member
from workspaces.roles import Permission


def assign_chat(*, actor: Actor, chat: Chat, member: Member | None) -> None:
    """Give the chat to a living member of the same workspace, or to nobody. Raises Forbidden, Invalid."""
    require(actor, Permission.WRITE_MESSAGES)
    if member is not None and (
        member.workspace_id != chat.workspace_id
        or member.removed_at is not None
        or not member.may(Permission.WRITE_MESSAGES)
        or not Chat.objects.visible_to(member).filter(pk=chat.pk).exists()
    ):
        raise Invalid(
            _("Only a member of this workspace who sees the chat and may write can take it."),
            fields={"assigned_to": ["not a member who may write"]},
        )
    _change(chat, assigned_to=member)


def mute_chat(*, actor: Actor, chat: Chat, until: datetime | None) -> None:
    """No notifications for the team until then; None: at once again. Raises Forbidden."""
    require(actor, Permission.WRITE_MESSAGES)
    _change(chat, muted_until=until)


def _change(chat: Chat, **values) -> None:
    with transaction.atomic():
        Chat.objects.filter(pk=chat.pk).update(**values)
        for name, value in values.items():
            setattr(chat, name, value)
        publish_chat(chat)
