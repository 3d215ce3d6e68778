"""Outbox items as rows for people: to whom, what, why, and where to look."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inbox import jobs
from inbox.models import Chat, Message
from inbox.selectors.chat_list import preview_of, title_of
from outbox.models import Item
from outbox.selectors.items import SENDING, status_of
from outbox.states import ItemState
from workspaces.models import Member

KINDS = {  # kind → (icon, words)
    jobs.SEND: ("send", _("Message")),
    jobs.EDIT: ("pencil", _("Edit")),
    jobs.REVOKE: ("trash", _("Deletion")),
    jobs.REACT: ("smile", _("Reaction")),
    jobs.READ: ("ticks", _("Read receipt")),
    jobs.MEDIA_FETCH: ("download", _("File from a customer")),
    "channel.connect": ("phone", _("Connecting the number")),
    "channel.log_out": ("phone", _("Logging the number out")),
    "channel.register_webhook": ("webhooks", _("Registering the webhook")),
}
MESSAGE_KINDS = (jobs.SEND, jobs.EDIT, jobs.REVOKE, jobs.REACT)
MARKS = {  # state → (icon, tone)
    ItemState.SCHEDULED: ("clock", ""),
    ItemState.QUEUED: ("clock", ""),
    ItemState.SENT: ("tick", ""),
    ItemState.FAILED: ("failed", "bad"),
    ItemState.UNCERTAIN: ("uncertain", "wait"),
    ItemState.CANCELLED: ("close", "dim"),
    SENDING: ("send", ""),
}


@dataclass(frozen=True)
class Row:
    item: Item
    icon: str
    tone: str
    state: str
    to: str
    chat_id: UUID | None  # for the face's colour
    what_icon: str
    what: str
    url: str


def rows_of(member: Member, items: Sequence[Item]) -> list[Row]:
    """One row for each item, in two queries for any number: chats and messages that the member may see are named."""
    messages = {
        message.pk: message
        for message in Message.objects.visible_to(member)
        .select_related("chat__contact")
        .filter(pk__in=[item.subject_id for item in items if item.kind in MESSAGE_KINDS])
    }
    chats = {
        chat.pk: chat
        for chat in Chat.objects.visible_to(member)
        .select_related("contact")
        .filter(pk__in=[item.subject_id or item.order_key for item in items if item.kind == jobs.READ])
    }
    return [_row(member, item, messages, chats) for item in items]


def _row(member: Member, item: Item, messages: dict[UUID, Message], chats: dict[UUID, Chat]) -> Row:
    message = messages.get(item.subject_id)
    chat = message.chat if message else chats.get(item.subject_id or item.order_key)
    status = status_of(item)
    icon, tone = MARKS[status]
    what_icon, words = KINDS.get(item.kind, ("bolt", item.kind))
    preview = preview_of(message)
    if preview and item.kind == jobs.SEND:
        words = preview
    elif preview:
        words = f"{words}: {preview}"
    url = reverse("inbox:chat-detail", args=[member.workspace.slug, chat.pk]) if chat else ""
    return Row(
        item=item,
        icon=icon,
        tone=tone,
        state=gettext("Being sent") if status == SENDING else ItemState(item.state).label,
        to=title_of(chat) if chat else "",
        chat_id=chat.pk if chat else None,
        what_icon=what_icon,
        what=words,
        url=url,
    )
