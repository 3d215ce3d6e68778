"""Messages that leave at a time somebody chose: another time, now after all, and what happens when it has come."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from inbox.errors import NotPossibleNow
from inbox.events import MessagesChanged
from inbox.jobs import SEND
from inbox.models import Chat, Message, MessageDeed
from inbox.services.sending import check_time, note_scheduled, publish_chat, stand_at_the_end
from inbox.states import MessageStatus
from kernel.clock import now
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.models import Item
from outbox.services.operating import reschedule_item
from workspaces.access import Actor, name_of, require
from workspaces.roles import Permission

LATE = timedelta(minutes=1)
"""After its time; sooner nobody would call it late."""


@again_after_deadlock
def reschedule_message(*, actor: Actor, message: Message, due_at: datetime | None) -> Message:
    """Another time for a message that waits for its own; None sends it now.

    Raises Forbidden, NoSuchTime, NotPossibleNow, NoLongerQueued.
    """
    require(actor, Permission.WRITE_MESSAGES)
    if due_at is not None:
        check_time(due_at)
    item = Item.objects.filter(subject_id=message.pk, kind=SEND).order_by("-id").first()
    if item is None or message.due_at is None or message.status != MessageStatus.PENDING:
        raise NotPossibleNow("Only a message that waits for its time can be given another one.")
    with transaction.atomic():
        reschedule_item(item_id=item.pk, due_at=due_at)
        if due_at is None:
            MessageDeed.objects.create(message=message, event="queued", detail=f"{name_of(actor)} sent it now."[:300])
        else:
            again = F("version") + 1
            Message.objects.filter(pk=message.pk).update(due_at=due_at, sort_at=due_at, version=again)
            note_scheduled(actor, message, due_at)
        publish(
            MessagesChanged(
                workspace_id=message.workspace_id,
                channel_id=message.channel_id,
                chat_id=message.chat_id,
                message_ids=(message.pk,),
            )
        )
    message.refresh_from_db(fields=["status", "due_at", "sort_at", "version"])
    return message


def end_waiting(queued: Collection[uuid.UUID], cancelled: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """These do not wait for their time any more, inside the caller's transaction. Returns those that did until now.

    One that was scheduled stands at the end of its chat from now on, and its timeline says when that is late; a
    cancelled one moves nothing in the list.
    """
    waited = Message.objects.filter(pk__in=[*queued, *cancelled], due_at__isnull=False)
    rows = list(waited.values_list("pk", "chat_id", "sort_at", "due_at"))
    scheduled = {key: chat_id for key, chat_id, sort_at, due_at in rows if sort_at == due_at}
    at = now()
    # Chats before messages, each in the order of their ids: the order in which everybody else locks them.
    chats = Chat.objects.select_for_update(no_key=True).filter(pk__in=scheduled.values()).order_by("pk")
    by_id = {chat.pk: chat for chat in chats} if scheduled else {}
    for message in Message.objects.filter(pk__in=scheduled).order_by("pk").defer("search"):
        if message.pk in queued:
            stand_at_the_end(by_id[message.chat_id], message, at)
            publish_chat(by_id[message.chat_id])
    if scheduled:
        Message.objects.filter(pk__in=scheduled).update(sort_at=at)
        late = [(key, due_at) for key, *_, due_at in rows if key in scheduled and key in queued and at - due_at > LATE]
        MessageDeed.objects.bulk_create(
            MessageDeed(
                message_id=key, event="queued", detail=f"Its time was {due_at:%Y-%m-%d %H:%M} UTC; it leaves late."
            )
            for key, due_at in late
        )
    keys = {key for key, *_ in rows}
    if keys:
        Message.objects.filter(pk__in=keys).update(due_at=None, version=F("version") + 1)
    return keys
