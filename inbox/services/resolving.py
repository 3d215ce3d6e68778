"""What a person can do about a message that waits, failed, or may have been sent."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F

from inbox.errors import NotPossibleNow
from inbox.events import MessagesChanged
from inbox.jobs import SEND
from inbox.models import Chat, Message, MessageDeed
from inbox.services.sending import check_writable
from inbox.states import MessageStatus
from kernel.clock import now
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.models import Item
from outbox.services.enqueuing import enqueue
from outbox.services.operating import cancel_item, confirm_item, retry_item
from outbox.states import ItemState
from workspaces.access import Actor, name_of, require
from workspaces.roles import Permission


@again_after_deadlock
def cancel_message(*, actor: Actor, message: Message) -> Message:
    """Take back a message that has not begun to leave. Raises Forbidden, NoLongerQueued, NotPossibleNow."""
    item = _item_for(actor, message, {MessageStatus.PENDING}, "Only a message that still waits can be cancelled.")
    return _resolve(actor, message, lambda: cancel_item(item_id=item.pk), "cancelled", "cancelled it.")


@again_after_deadlock
def retry_message(*, actor: Actor, message: Message) -> Message:
    """Send a failed message again; or an uncertain one, whose sender then accepts that it may arrive twice.

    Raises Forbidden, NoLongerQueued, NotPossibleNow, ChatReadOnly.
    """
    again = {MessageStatus.FAILED, MessageStatus.UNCERTAIN}
    item = _item_for(actor, message, again, "Only a failed or uncertain message can be sent again.")
    check_writable(Chat.objects.select_related("channel").get(pk=message.chat_id))
    doubt = message.status == MessageStatus.UNCERTAIN
    sentence = "sent it again, although it may have been sent already." if doubt else "sent it again."
    if item.state in (ItemState.FAILED, ItemState.UNCERTAIN):
        return _resolve(actor, message, lambda: retry_item(item_id=item.pk), "queued", sentence)
    # The outbox did its part (a report of failure came later, or an echo was another's): this is a new sending.
    return _resolve(actor, message, lambda: _send_anew(message, item), "queued", sentence)


@again_after_deadlock
def mark_sent(*, actor: Actor, message: Message) -> Message:
    """A person knows that an uncertain message arrived. Raises Forbidden, NotPossibleNow."""
    doubtful = {MessageStatus.UNCERTAIN}
    item = _item_for(actor, message, doubtful, "Only a message that may have been sent can be marked as sent.")

    def confirm() -> None:
        confirm_item(item_id=item.pk, provider_id="", at=now(), how="person")
        # Where the outbox already counts it as sent, it tells nobody.
        Message.objects.filter(pk=message.pk, status=MessageStatus.UNCERTAIN).update(
            status=MessageStatus.SENT, error_code="", error_detail="", version=F("version") + 1
        )

    return _resolve(actor, message, confirm, "resolved", "marked it as sent.")


def _item_for(actor: Actor, message: Message, states: set[str], sentence: str) -> Item:
    require(actor, Permission.RESOLVE_MESSAGES)
    item = Item.objects.filter(subject_id=message.pk, kind=SEND).order_by("-id").first()
    if message.status not in states or item is None:
        raise NotPossibleNow(sentence)
    return item


def _resolve(actor: Actor, message: Message, deed: Callable[[], object], event: str, sentence: str) -> Message:
    """The deed locks the item before the message, as everybody does."""
    with transaction.atomic():
        deed()
        MessageDeed.objects.create(message=message, event=event, detail=f"{name_of(actor)} {sentence}"[:300])
        publish(
            MessagesChanged(
                workspace_id=message.workspace_id,
                channel_id=message.channel_id,
                chat_id=message.chat_id,
                message_ids=(message.pk,),
            )
        )
    message.refresh_from_db(fields=["status", "error_code", "error_detail", "wa_message_id", "sent_at", "version"])
    return message


def _send_anew(message: Message, item: Item) -> None:
    updated = Message.objects.filter(pk=message.pk, status__in=[MessageStatus.FAILED, MessageStatus.UNCERTAIN]).update(
        status=MessageStatus.PENDING,
        wa_message_id=None,
        error_code="",
        error_detail="",
        sent_at=None,
        version=F("version") + 1,
    )
    if not updated:
        raise NotPossibleNow("Somebody else was quicker.")
    enqueue(
        workspace_id=item.workspace_id,
        lane_id=item.lane_id,
        order_key=item.order_key,
        kind=SEND,
        payload=item.payload,
        subject_id=message.pk,
    )
