"""The JSON shapes of the inbox, as documented in the contract."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from inbox.models import Attachment, Contact, Message
from inbox.policy import phone_number_of
from inbox.selectors.chat_list import ChatRow
from inbox.selectors.messages import Bubble, sender_name_of
from inbox.selectors.threads import NoteBubble
from inbox.selectors.timeline import TimelineEntry
from inbox.states import MEDIA_TYPES, SENDABLE_TYPES, AttachmentState, ChatState, Direction, MessageStatus, MessageType
from workspaces.models import Member

# Named choices: the schema calls them by these names (SPECTACULAR_SETTINGS).
SENDABLE = sorted(SENDABLE_TYPES)
MEDIA_KINDS = sorted(MEDIA_TYPES)
CHAT_KINDS = ["direct", "group"]
CHANGE_KINDS = ["edit", "revoke", "reaction"]
CHANGE_STATES = ["waiting", "failed"]


class SenderShape(serializers.Serializer):
    name = serializers.CharField()
    wa_id = serializers.CharField()
    member = serializers.UUIDField(allow_null=True)


class ErrorShape(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class PersonShape(serializers.Serializer):
    wa_id = serializers.CharField()
    name = serializers.CharField()


class ReactionShape(serializers.Serializer):
    emoji = serializers.CharField()
    by = PersonShape()


class AttachmentShape(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=MEDIA_KINDS)
    mime_type = serializers.CharField()
    file_name = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True)
    url = serializers.CharField(allow_null=True, help_text="Relative to this server; needs the same authorisation.")
    state = serializers.ChoiceField(choices=AttachmentState.choices)


class LocationShape(serializers.Serializer):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    name = serializers.CharField()
    address = serializers.CharField()


class CardShape(serializers.Serializer):
    name = serializers.CharField()
    phones = serializers.ListField(child=serializers.CharField())


class PollOptionShape(serializers.Serializer):
    text = serializers.CharField()
    votes = serializers.IntegerField()


class PollShape(serializers.Serializer):
    question = serializers.CharField()
    options = PollOptionShape(many=True)
    multiple = serializers.BooleanField()


class ButtonShape(serializers.Serializer):
    id = serializers.CharField()
    title = serializers.CharField()
    payload = serializers.CharField()


class ChangeShape(serializers.Serializer):
    kind = serializers.ChoiceField(choices=CHANGE_KINDS)
    value = serializers.CharField()
    state = serializers.ChoiceField(choices=CHANGE_STATES)
    detail = serializers.CharField()


class MessageShape(serializers.Serializer):
    id = serializers.UUIDField()
    chat = serializers.UUIDField()
    channel = serializers.UUIDField()
    client_id = serializers.CharField(allow_null=True)
    wa_message_id = serializers.CharField(allow_null=True)
    direction = serializers.ChoiceField(choices=Direction.choices)
    type = serializers.ChoiceField(choices=MessageType.choices)
    text = serializers.CharField()
    sender = SenderShape()
    status = serializers.ChoiceField(choices=MessageStatus.choices)
    error = ErrorShape(allow_null=True)
    quoted = serializers.UUIDField(allow_null=True)
    reactions = ReactionShape(many=True)
    attachments = AttachmentShape(many=True)
    location = LocationShape(allow_null=True)
    contacts = CardShape(many=True)
    poll = PollShape(allow_null=True)
    button = ButtonShape(allow_null=True)
    extra = serializers.DictField()
    change = ChangeShape(
        allow_null=True, help_text="An edit, revoke or reaction that the provider has not taken yet, or refused."
    )
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="When it leaves, while it is scheduled or can be undone."
    )
    edited_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NoteShape(serializers.Serializer):
    id = serializers.UUIDField()
    chat = serializers.UUIDField()
    client_id = serializers.CharField()
    author = serializers.CharField()
    member = serializers.UUIDField(allow_null=True)
    text = serializers.CharField()
    mentions = serializers.ListField(child=serializers.CharField(), help_text="Names of the members who were told.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)


class ShortMessageShape(serializers.Serializer):
    id = serializers.UUIDField()
    direction = serializers.ChoiceField(choices=Direction.choices)
    type = serializers.ChoiceField(choices=MessageType.choices)
    text = serializers.CharField()
    status = serializers.ChoiceField(choices=MessageStatus.choices)
    sender = SenderShape()
    sent_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AssigneeShape(serializers.Serializer):
    member = serializers.UUIDField()
    name = serializers.CharField()


class ChatShape(serializers.Serializer):
    id = serializers.UUIDField()
    channel = serializers.UUIDField()
    wa_chat_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=CHAT_KINDS)
    name = serializers.CharField()
    contact = serializers.UUIDField(allow_null=True)
    read_only = serializers.BooleanField()
    read_only_reason = serializers.CharField()
    unread_count = serializers.IntegerField(help_text="Stops at 100.")
    last_message = ShortMessageShape(allow_null=True)
    last_message_at = serializers.DateTimeField()
    assigned_to = AssigneeShape(allow_null=True)
    state = serializers.ChoiceField(choices=ChatState.choices)
    done = serializers.BooleanField()
    snoozed_until = serializers.DateTimeField(allow_null=True)
    labels = serializers.ListField(child=serializers.CharField())
    muted_until = serializers.DateTimeField(allow_null=True)
    window_expires_at = serializers.DateTimeField(allow_null=True)


class ParticipantShape(serializers.Serializer):
    wa_id = serializers.CharField()
    name = serializers.CharField()
    rank = serializers.CharField()


class ChatDetailShape(ChatShape):
    participants = ParticipantShape(many=True)


class TimelineShape(serializers.Serializer):
    at = serializers.DateTimeField()
    event = serializers.CharField()
    detail = serializers.CharField()
    attempt = serializers.IntegerField(allow_null=True)


class ContactShape(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    push_name = serializers.CharField()
    notes = serializers.CharField()
    wa_ids = serializers.ListField(child=serializers.CharField())
    phone_numbers = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


def message_shape(bubble: Bubble) -> dict[str, Any]:
    message = bubble.message
    return {
        "id": message.pk,
        "chat": message.chat_id,
        "channel": message.channel_id,
        "client_id": message.client_id,
        "wa_message_id": message.wa_message_id,
        "direction": message.direction,
        "type": message.type,
        "text": message.text if message.deleted_at is None else "",
        "sender": _sender(message),
        "status": message.status,
        "error": {"code": message.error_code, "detail": message.error_detail} if message.error_code else None,
        "quoted": message.quoted_id,
        "reactions": [{"emoji": one.emoji, "by": {"wa_id": one.wa_id, "name": one.name}} for one in bubble.reactions],
        "attachments": [attachment_shape(one) for one in bubble.attachments],
        "location": message.location,
        "contacts": message.contacts or [],
        "poll": bubble.poll,
        "button": message.button,
        "extra": message.extra,
        "change": message.change,
        "due_at": message.due_at,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "sent_at": message.sent_at,
        "created_at": message.created_at,
    }


def note_shape(bubble: NoteBubble) -> dict[str, Any]:
    note = bubble.note
    return {
        "id": note.pk,
        "chat": note.chat_id,
        "client_id": note.client_id,
        "author": bubble.author_name,
        "member": note.author_id,
        "text": note.text,
        "mentions": list(bubble.named),
        "created_at": note.created_at,
        "edited_at": note.edited_at,
        "deleted_at": note.deleted_at,
    }


def attachment_shape(attachment: Attachment) -> dict[str, Any]:
    ready = attachment.state == AttachmentState.READY
    return {
        "id": attachment.pk,
        "kind": attachment.kind,
        "mime_type": attachment.mime_type,
        "file_name": attachment.file_name,
        "size": attachment.size,
        "seconds": attachment.seconds,
        "url": reverse("attachment-detail", args=[attachment.pk]) if ready else None,
        "state": attachment.state,
    }


def chat_shape(row: ChatRow) -> dict[str, Any]:
    chat = row.chat
    return {
        "id": chat.pk,
        "channel": chat.channel_id,
        "wa_chat_id": chat.wa_chat_id,
        "kind": chat.kind,
        "name": row.title,
        "contact": chat.contact_id,
        "read_only": chat.read_only,
        "read_only_reason": chat.read_only_reason,
        "unread_count": row.unread_count,
        "last_message": _short_message(row.last_message),
        "last_message_at": chat.last_message_at,
        "assigned_to": _assignee(row.assignee),
        "state": chat.state,
        "done": chat.state == ChatState.DONE,
        "snoozed_until": chat.snoozed_until,
        "labels": [label.name for label in row.labels],
        "muted_until": chat.muted_until,
        "window_expires_at": chat.window_expires_at,
    }


def contact_shape(contact: Contact) -> dict[str, Any]:
    """`contact.addresses` must be prefetched where there are many."""
    wa_ids = sorted(address.wa_id for address in contact.addresses.all())
    return {
        "id": contact.pk,
        "name": contact.name,
        "push_name": contact.push_name,
        "notes": contact.notes,
        "wa_ids": wa_ids,
        "phone_numbers": [number for number in map(phone_number_of, wa_ids) if number],
        "created_at": contact.created_at,
    }


def timeline_shape(entry: TimelineEntry) -> dict[str, Any]:
    return {"at": entry.at, "event": entry.event, "detail": entry.detail, "attempt": entry.attempt}


def _sender(message: Message) -> dict[str, Any]:
    return {
        "name": sender_name_of(message),
        "wa_id": message.sender_wa_id,
        "member": message.sender_member_id,
    }


def _short_message(message: Message | None) -> dict[str, Any] | None:
    if message is None:
        return None
    return {
        "id": message.pk,
        "direction": message.direction,
        "type": message.type,
        "text": message.text[:200] if message.deleted_at is None else "",
        "status": message.status,
        "sender": _sender(message),
        "sent_at": message.sent_at,
        "created_at": message.created_at,
    }


def _assignee(member: Member | None) -> dict[str, Any] | None:
    return {"member": member.pk, "name": member.user.name} if member is not None else None
