"""Changing what was sent: edits, revokes and reactions, through the outbox, in the order of the chat.

The message itself changes when the provider has taken the change; until then `message.change` says what is asked for:
{kind: edit | revoke | reaction, value, state: waiting | failed, detail}. What has not left yet is changed in the queue.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels_app.models import Channel
from channels_app.providers import description_of
from channels_app.providers.base import InboundEdit, InboundReaction, InboundRevoke
from inbox.errors import EmptyMessage, MessageTooLong, NotPossibleNow
from inbox.events import MessagesChanged
from inbox.jobs import EDIT, REACT, REVOKE, SEND
from inbox.models import Chat, Message, MessageDeed
from inbox.policy import text_limit
from inbox.services.folding import lock_facts, read_folded, write
from inbox.services.ingesting.facts import facts_in, keep_facts
from inbox.services.ingesting.heard import Heard, Source
from inbox.services.sending import check_writable
from inbox.states import ARRIVED, Direction, MessageStatus, MessageType
from kernel.errors import Invalid
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.errors import NoLongerQueued
from outbox.models import Item
from outbox.registry import Settled
from outbox.services.enqueuing import enqueue
from outbox.services.operating import replace_payload
from workspaces.access import Actor, name_of, require
from workspaces.roles import Permission

EMOJI_MAX = 32


@again_after_deadlock
def edit_message(*, actor: Actor, message: Message, text: str) -> Message:
    """Change the text of a message of ours.

    Raises Forbidden, NotPossibleNow, ChatReadOnly, EmptyMessage, MessageTooLong.
    """
    require(actor, Permission.WRITE_MESSAGES)
    if not text.strip():
        raise EmptyMessage(fields={"text": ["needed"]})
    if len(text) > text_limit():
        raise MessageTooLong(fields={"text": [f"at most {text_limit():,} characters"]})
    _check_ours(message)
    if message.type != MessageType.TEXT:
        raise NotPossibleNow("Only the text of a text message can be changed.")
    if message.status == MessageStatus.PENDING and _changed_in_queue(actor, message, text):
        return message
    if message.status not in ARRIVED | {MessageStatus.PENDING}:
        raise NotPossibleNow("Only a message that was sent, or waits to be sent, can be changed.")
    _ask(actor, message, EDIT, {"kind": "edit", "value": text}, {"text": text}, "edited", "asked to change the text.")
    return message


@again_after_deadlock
def revoke_message(*, actor: Actor, message: Message) -> Message:
    """Take back a message of ours for everybody. Raises Forbidden, NotPossibleNow, ChatReadOnly."""
    require(actor, Permission.WRITE_MESSAGES)
    _check_ours(message)
    if message.status not in ARRIVED:
        raise NotPossibleNow("Only a message that was sent can be deleted. One that still waits can be cancelled.")
    _ask(actor, message, REVOKE, {"kind": "revoke", "value": ""}, {}, "revoked", "asked to delete it for everybody.")
    return message


@again_after_deadlock
def react(*, actor: Actor, message: Message, emoji: str) -> Message:
    """Our number's reaction to a message; "" takes it back. Raises Forbidden, Invalid, NotPossibleNow, ChatReadOnly."""
    require(actor, Permission.WRITE_MESSAGES)
    if len(emoji) > EMOJI_MAX or (emoji and emoji.isascii()):
        raise Invalid("A reaction is one emoji.", fields={"emoji": ["one emoji"]})
    if not message.wa_message_id or message.deleted_at is not None:
        raise NotPossibleNow("Only a message that was sent and not deleted can get a reaction.")
    _ask(actor, message, REACT, {"kind": "reaction", "value": emoji}, {"emoji": emoji}, None, "")
    return message


def note_refused(settled: Sequence[Settled], kind: str) -> None:
    """The provider did not take these changes: the messages stay as they were, and say why."""
    details = {one.subject_id: one.error for one in settled}
    for message in _locked(details):
        if message.change is not None and message.change["kind"] == kind:
            message.change = {**message.change, "state": "failed", "detail": details[message.pk]}
            message.save(update_fields=["change"])
            _tell(message)


def note_taken(settled: Sequence[Settled], kind: str) -> None:
    """The provider took these changes: they become the same facts that its own webhooks about them are."""
    taken = {one.subject_id: one for one in settled}
    heard, messages = [], _locked(taken)
    for message in messages:
        asked = message.change if message.change is not None and message.change["kind"] == kind else None
        value = _value(taken[message.pk], asked)
        if asked is not None and asked["value"] == value:
            Message.objects.filter(pk=message.pk).update(change=None)
        if message.wa_message_id:
            heard.append(Heard(_source(message.channel), _fact(message, kind, value, taken[message.pk])))
    facts = facts_in(heard)
    keys = {(message.channel_id, message.wa_message_id) for message in messages if message.wa_message_id}
    lock_facts(keys)
    keep_facts(facts)
    write(read_folded(keys))
    for message in messages:
        _tell(message)


def _locked(message_ids: Iterable[Any]) -> list[Message]:
    locked = Message.objects.select_for_update(of=("self",)).select_related("channel", "chat").defer("search")
    return list(locked.filter(pk__in=list(message_ids)).order_by("pk"))


def _value(one: Settled, asked: dict | None) -> str:
    """The text or emoji; from the message itself when the outbox tells again, which it does without the data."""
    return one.data.get("text", one.data.get("emoji", asked["value"] if asked else ""))


def _source(channel: Channel) -> Source:
    return Source(channel.pk, channel.workspace_id, channel.provider, channel.own_wa_id)


def _fact(message: Message, kind: str, value: str, one: Settled) -> InboundEdit | InboundRevoke | InboundReaction:
    target, chat, me = message.wa_message_id, message.chat.wa_chat_id, message.channel.own_wa_id
    match kind:
        case "edit":
            return InboundEdit(target_wa_id=target, wa_chat_id=chat, text=value, at=one.at)
        case "revoke":
            return InboundRevoke(target_wa_id=target, wa_chat_id=chat, by_wa_id=me, at=one.at)
    return InboundReaction(
        target_wa_id=target, wa_chat_id=chat, by_wa_id=me, by_name="", emoji=value, at=one.at, from_me=True
    )


def _check_ours(message: Message) -> None:
    if message.direction != Direction.OUTBOUND:
        raise NotPossibleNow("Only messages of our own number can be changed.")
    if message.deleted_at is not None:
        raise NotPossibleNow("The message was deleted.")


def _changed_in_queue(actor: Actor, message: Message, text: str) -> bool:
    """Change a message that has not left; False when it is too late. The item is locked before the message."""
    item = Item.objects.filter(subject_id=message.pk, kind=SEND).order_by("-id").first()
    if item is None:
        return False
    try:
        with transaction.atomic():
            replace_payload(item_id=item.pk, payload={**item.payload, "text": text})
            Message.objects.filter(pk=message.pk).update(text=text, original_text=text)
            message.text = message.original_text = text
            _note(actor, message, "edited", "changed the text before it was sent.")
            _tell(message)
    except NoLongerQueued:
        return False
    return True


def _ask(
    actor: Actor, message: Message, kind: str, change: dict, payload: dict, event: str | None, sentence: str
) -> None:
    with transaction.atomic():
        chat = Chat.objects.select_related("channel").get(pk=message.chat_id)
        check_writable(chat)
        if kind in (EDIT, REVOKE) and not description_of(chat.channel.provider).changes:
            said = _("{provider} cannot change or delete what was sent. Write another message.")
            raise NotPossibleNow(said.format(provider=chat.channel.get_provider_display()))
        message.change = {**change, "state": "waiting", "detail": ""}
        Message.objects.filter(pk=message.pk).update(change=message.change)
        if event is not None:
            _note(actor, message, event, sentence)
        _tell(message)
        enqueue(
            workspace_id=message.workspace_id,
            lane_id=message.channel_id,
            order_key=message.chat_id,
            kind=kind,
            payload={"message_id": str(message.pk), "to": chat.wa_chat_id, **payload},
            subject_id=message.pk,
        )


def _note(actor: Actor, message: Message, event: str, sentence: str) -> None:
    MessageDeed.objects.create(message=message, event=event, detail=f"{name_of(actor)} {sentence}"[:300])


def _tell(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(version=F("version") + 1)
    publish(
        MessagesChanged(
            workspace_id=message.workspace_id,
            channel_id=message.channel_id,
            chat_id=message.chat_id,
            message_ids=(message.pk,),
        )
    )
