"""Writing to a customer: the message, its place in the outbox and the news of it, committed together."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from channels_app.models import Channel
from channels_app.providers.base import Outgoing, OutgoingMedia
from channels_app.services.templates import fill
from inbox.errors import (
    ChatReadOnly,
    ClientIdReused,
    GroupNotKnown,
    NoSuchTime,
    NumberNotUnderstood,
)
from inbox.events import ChatChanged, MessagesChanged
from inbox.jobs import SEND, Draft
from inbox.models import Attachment, Chat, Contact, ContactAddress, Message, MessageDeed
from inbox.policy import CLOCK_SLACK_SECONDS, SCHEDULE_LATEST, SCHEDULE_SOONEST, wa_chat_id_of
from inbox.services.drafts import clear_draft
from inbox.services.guarding import check_seen
from inbox.services.identities import chat_with
from inbox.states import MEDIA_TYPES, AttachmentState, Direction, MessageStatus, is_group
from kernel.clock import now
from kernel.errors import Invalid
from kernel.events import publish
from kernel.repeating import again_after_deadlock
from outbox.services.enqueuing import enqueue
from workspaces.access import Actor, author_of, name_of, require
from workspaces.roles import Permission

CLIENT_ID_MAX = 64


@again_after_deadlock
def send_message(
    *,
    actor: Actor,
    chat: Chat,
    client_id: str,
    draft: Draft,
    due_at: datetime | None = None,
    hold_seconds: int = 0,
    seen: uuid.UUID | None = None,
) -> Message:
    """The message, pending, with its outbox row. The same `client_id` and content again: the same message.

    `due_at` schedules it: it stands and leaves at that time. `hold_seconds` keeps it here that long, so that it can be
    taken back without a trace. `seen` is the newest message that the writer knew of: a later one by somebody else
    raises ChatMovedOn. Raises Forbidden, ClientIdReused, ChatReadOnly, EmptyMessage, MessageTooLong, NoSuchTime,
    Invalid. A channel that is disconnected or paused is no reason to refuse: the message waits in the outbox.
    """
    require(actor, Permission.WRITE_MESSAGES)
    check_client_id(client_id)
    draft.check()
    if due_at is not None:
        check_time(due_at)
    digest = draft.digest(chat.pk, due_at)
    try:
        with transaction.atomic():
            locked = locked_chat(chat.pk)
            if (known := _known(actor, client_id, digest)) is not None:
                return known
            if seen is not None:
                check_seen(actor, locked, seen)
            return _create(actor, locked, client_id, draft, digest, due_at, hold_seconds)
    except IntegrityError:
        # The same client_id was committed in another chat between our look and our insert.
        if (known := _known(actor, client_id, digest)) is None:
            raise
        return known


@again_after_deadlock
def start_chat(*, actor: Actor, channel: Channel, to: str) -> Chat:
    """The chat with the person `to` (a phone number or a WhatsApp id) on the channel, found or made.

    Raises Forbidden, NumberNotUnderstood, GroupNotKnown.
    """
    require(actor, Permission.WRITE_MESSAGES)
    wa_chat_id = wa_chat_id_of(to)
    if wa_chat_id is None:
        raise NumberNotUnderstood(fields={"to": ["not a phone number or WhatsApp id"]})
    if wa_chat_id == channel.own_wa_id:
        raise NumberNotUnderstood("That is the channel's own number.", fields={"to": ["the channel's own number"]})
    found = chat_with(channel, wa_chat_id)
    if found is not None:
        return found
    if is_group(wa_chat_id):
        raise GroupNotKnown(fields={"to": ["a group that is not known yet"]})
    with transaction.atomic():
        chat, created = Chat.objects.get_or_create(
            channel=channel,
            wa_chat_id=wa_chat_id,
            defaults={
                "workspace_id": channel.workspace_id,
                "kind": "direct",
                "contact": _contact(channel.workspace_id, wa_chat_id),
                "last_message_at": now(),
            },
        )
        if created:
            publish_chat(chat)
    return chat


def payload_of(
    message: Message,
    draft: Draft,
    attachment: Attachment | None,
    quoted: Message | None,
    template: dict[str, Any] | None = None,
) -> dict:
    """What the sender needs, so that it asks the database nothing: an Outgoing, as JSON.

    A quoted message that has no WhatsApp id yet is named by ours, and looked up when it is sent.
    """
    media = None
    if attachment is not None:
        media = OutgoingMedia(
            path=attachment.path,
            mime_type=attachment.mime_type,
            file_name=attachment.file_name,
            size=attachment.size or 0,
            seconds=attachment.seconds,
        )
    payload = Outgoing(
        to=message.chat.wa_chat_id,
        type=draft.type,
        text=draft.text,
        media=media,
        quoted_wa_id=(quoted.wa_message_id or "") if quoted is not None else "",
        location=draft.location,
        contacts=draft.contacts,
        poll=draft.poll,
        interactive=draft.interactive,
        template=template,
        mentions=draft.mentions,
        client_reference=str(message.pk),
    ).to_dict()
    if quoted is not None and not quoted.wa_message_id:
        payload["quoted_message_id"] = str(quoted.pk)
    return payload


def locked_chat(chat_id: uuid.UUID) -> Chat:
    """The chat, locked until the end of the transaction, so that its messages get their places one after another."""
    return Chat.objects.select_for_update(of=("self",), no_key=True).select_related("channel").get(pk=chat_id)


def check_writable(chat: Chat) -> None:
    """Raises ChatReadOnly."""
    if chat.read_only:
        raise ChatReadOnly(chat.read_only_reason or None)
    if chat.channel.removed_at is not None:
        raise ChatReadOnly("The number of this chat was removed from Waybill.")


def publish_chat(chat: Chat) -> None:
    publish(ChatChanged(workspace_id=chat.workspace_id, channel_id=chat.channel_id, chat_id=chat.pk))


def check_time(due_at: datetime) -> None:
    """Raises NoSuchTime."""
    asked_at = now() - timedelta(seconds=5)
    if not asked_at + SCHEDULE_SOONEST <= due_at <= asked_at + SCHEDULE_LATEST:
        raise NoSuchTime(fields={"due_at": ["between one minute and one year from now"]})


def stand_at_the_end(chat: Chat, message: Message, at: datetime) -> None:
    """Make the message the newest of the locked chat, which moves to the top of the list."""
    Chat.objects.filter(pk=chat.pk).update(last_message_id=message.pk, last_message_at=at)


def place_in(chat: Chat) -> datetime:
    """Now, or just after the newest message if the provider's clock is a little ahead: answers stand below."""
    moment = now()
    if moment <= chat.last_message_at <= moment + timedelta(seconds=CLOCK_SLACK_SECONDS):
        return chat.last_message_at + timedelta(microseconds=1)
    return moment


def _create(
    actor: Actor,
    chat: Chat,
    client_id: str,
    draft: Draft,
    digest: str,
    due_at: datetime | None,
    hold_seconds: int,
) -> Message:
    check_writable(chat)
    attachment = _attachment(actor, draft)
    draft, template = _filled(chat, draft, attachment)
    quoted = _quoted(chat, draft.quoted_id)
    written_at = place_in(chat)
    leaves_at = due_at or (now() + timedelta(seconds=hold_seconds) if hold_seconds else None)
    message = Message.objects.create(
        workspace_id=chat.workspace_id,
        channel_id=chat.channel_id,
        chat=chat,
        direction=Direction.OUTBOUND,
        type=draft.type,
        text=draft.text,
        original_text=draft.text,
        client_id=client_id,
        client_digest=digest,
        sender_member=author_of(actor),
        sender_wa_id=chat.channel.own_wa_id,
        sender_name=name_of(actor)[:200],
        source="waybill",
        status=MessageStatus.PENDING,
        quoted=quoted,
        quoted_wa_id=(quoted.wa_message_id or "") if quoted is not None else "",
        location=draft.location,
        contacts=draft.contacts,
        poll=_poll(draft),
        sort_at=due_at or written_at,
        due_at=leaves_at,
    )
    if attachment is not None:
        attachment.message = message
        attachment.save(update_fields=["message"])
    clear_draft(actor=actor, chat=chat, text=draft.text)
    if due_at is None:
        stand_at_the_end(chat, message, written_at)
    else:
        note_scheduled(actor, message, due_at)
    enqueue(
        workspace_id=chat.workspace_id,
        lane_id=chat.channel_id,
        order_key=chat.pk,
        kind=SEND,
        payload=payload_of(message, draft, attachment, quoted, template),
        subject_id=message.pk,
        due_at=leaves_at,
    )
    publish(
        MessagesChanged(
            workspace_id=chat.workspace_id,
            channel_id=chat.channel_id,
            chat_id=chat.pk,
            message_ids=(message.pk,),
            created=(message.pk,),
        )
    )
    return message


def _filled(chat: Chat, draft: Draft, attachment: Attachment | None) -> tuple[Draft, dict[str, Any] | None]:
    """With the words that a template makes, and what the vendor is told of it. Raises NoSuchTemplate,
    TemplateNotUsable."""
    if draft.template is None:
        return draft, None
    asked = draft.template
    values = asked.get("variables") or {}
    file = attachment.kind if attachment is not None else ""
    filled = fill(channel=chat.channel, name=asked["name"], language=asked["language"], values=values, file=file)
    return replace(draft, text=filled.text), filled.sent


def note_scheduled(actor: Actor, message: Message, due_at: datetime) -> None:
    """For the message's timeline."""
    detail = f"{name_of(actor)} scheduled it for {due_at:%Y-%m-%d %H:%M} UTC."
    MessageDeed.objects.create(message=message, event="scheduled", detail=detail[:300])


def check_client_id(client_id: str) -> None:
    if not client_id or len(client_id) > CLIENT_ID_MAX or not client_id.isprintable():
        raise Invalid(
            f"client_id names this message from your side: 1 to {CLIENT_ID_MAX} printable characters, new for each.",
            fields={"client_id": [f"1 to {CLIENT_ID_MAX} characters"]},
        )


def _known(actor: Actor, client_id: str, digest: str) -> Message | None:
    known = (
        Message.objects.filter(workspace_id=actor.workspace_id, client_id=client_id).with_people().defer("search")
    ).first()
    if known is not None and known.client_digest != digest:
        raise ClientIdReused(fields={"client_id": ["already used"]})
    return known


def _quoted(chat: Chat, quoted_id: uuid.UUID | None) -> Message | None:
    if quoted_id is None:
        return None
    quoted = Message.objects.filter(chat=chat, pk=quoted_id).defer("search").first()
    if quoted is None:
        raise Invalid("The message to reply to is not in this chat.", fields={"quoted": ["not in this chat"]})
    return quoted


def _attachment(actor: Actor, draft: Draft) -> Attachment | None:
    """The uploaded file, now this message's own. One upload is one message."""
    if draft.attachment_id is None:
        return None
    mine = Attachment.objects.select_for_update().filter(workspace_id=actor.workspace_id, message__isnull=True)
    attachment = mine.filter(pk=draft.attachment_id, state=AttachmentState.READY).first()
    if attachment is None:
        raise Invalid(
            "The file is not there, or another message has it already. Upload it again.",
            fields={"attachment": ["not an unused upload"]},
        )
    if draft.type in MEDIA_TYPES and attachment.kind != draft.type:
        attachment.kind = draft.type
        Attachment.objects.filter(pk=attachment.pk).update(kind=draft.type)
    return attachment


def _poll(draft: Draft) -> dict | None:
    if draft.poll is None:
        return None
    options = [{"text": option, "votes": 0} for option in draft.poll["options"]]
    return {"question": draft.poll["question"], "options": options, "multiple": bool(draft.poll.get("multiple"))}


def _contact(workspace_id: uuid.UUID, wa_id: str) -> Contact:
    """The contact known by this id, found or made. Two at once end with the same one."""

    def known() -> ContactAddress | None:
        addresses = ContactAddress.objects.select_related("contact")
        return addresses.filter(workspace_id=workspace_id, wa_id=wa_id).first()

    address = known()
    if address is None:
        try:
            with transaction.atomic():
                contact = Contact.objects.create(workspace_id=workspace_id)
                address = ContactAddress.objects.create(workspace_id=workspace_id, contact=contact, wa_id=wa_id)
        except IntegrityError:
            address = known()
    return address.contact
