"""One door to every row: the same NotFound for "not yours" and "not there"."""

import uuid

from django.db.models import Q

from inbox.errors import NoSuchAttachment, NoSuchChat, NoSuchContact, NoSuchMessage
from inbox.models import Attachment, Chat, Contact, Message
from inbox.models.chat import ChatQuerySet
from workspaces.access import Actor
from workspaces.roles import Permission


def chats_visible_to(actor: Actor) -> ChatQuerySet:
    return Chat.objects.visible_to(actor)


def chat_for(actor: Actor, chat_id: uuid.UUID) -> Chat:
    """The chat with its channel, contact and assignee. Raises NoSuchChat."""
    people = ("channel", "contact", "assigned_to__user")
    chat = chats_visible_to(actor).select_related(*people).filter(pk=chat_id).first()
    if chat is None:
        raise NoSuchChat
    return chat


def message_for(actor: Actor, message_id: uuid.UUID) -> Message:
    """The message with its people. Raises NoSuchMessage."""
    message = Message.objects.visible_to(actor).with_people().filter(pk=message_id).first()
    if message is None:
        raise NoSuchMessage
    return message


def contact_for(actor: Actor, contact_id: uuid.UUID) -> Contact:
    """Raises NoSuchContact."""
    if actor.may(Permission.SEE_CHATS):
        contact = Contact.objects.filter(workspace_id=actor.workspace_id, pk=contact_id).first()
        if contact is not None:
            return contact
    raise NoSuchContact


def attachment_for(actor: Actor, attachment_id: uuid.UUID) -> Attachment:
    """A file of a message that the actor sees, or one uploaded and not sent yet. Raises NoSuchAttachment."""
    mine = Q(message__isnull=True) | Q(message__in=Message.objects.visible_to(actor))
    attachment = Attachment.objects.filter(mine, workspace_id=actor.workspace_id, pk=attachment_id).first()
    if attachment is None or not actor.may(Permission.SEE_CHATS):
        raise NoSuchAttachment
    return attachment
