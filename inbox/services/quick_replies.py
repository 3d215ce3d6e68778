"""Texts that are written often: made, changed and deleted for the workspace."""

import re
import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from inbox.errors import NoSuchQuickReply
from inbox.models import QuickReply
from inbox.policy import text_limit
from kernel.clock import now
from kernel.errors import Conflict, Invalid
from workspaces.access import Actor, require
from workspaces.roles import Permission

SHORTCUT = re.compile(r"[\w-]{1,40}")


def save_quick_reply(*, actor: Actor, shortcut: str, text: str, reply_id: uuid.UUID | None = None) -> QuickReply:
    """A new one, or the one named with these words. Raises Forbidden, NoSuchQuickReply, Invalid, Conflict."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    shortcut, text = shortcut.strip().lstrip("/"), text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not SHORTCUT.fullmatch(shortcut):
        raise Invalid(
            _("A shortcut is one word of letters, digits and hyphens, such as “hours”."),
            fields={"shortcut": ["one word"]},
        )
    if not text or len(text) > text_limit():
        raise Invalid(_("Write the text that the shortcut stands for."), fields={"text": ["needed"]})
    reply = QuickReply(workspace_id=actor.workspace_id) if reply_id is None else _reply(actor, reply_id)
    reply.shortcut, reply.text, reply.updated_at = shortcut, text, now()
    try:
        with transaction.atomic():
            reply.save()
    except IntegrityError:
        raise Conflict(_("Another quick reply has this shortcut."), fields={"shortcut": ["taken"]}) from None
    return reply


def delete_quick_reply(*, actor: Actor, reply_id: uuid.UUID) -> None:
    """Raises Forbidden, NoSuchQuickReply."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    _reply(actor, reply_id).delete()


def _reply(actor: Actor, reply_id: uuid.UUID) -> QuickReply:
    reply = QuickReply.objects.filter(workspace_id=actor.workspace_id, pk=reply_id).first()
    if reply is None:
        raise NoSuchQuickReply
    return reply
