"""One door to every row: the same NotFound for "not yours" and "not there"."""

import uuid

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, JSONObject, Left

from inbox.errors import NoSuchAttachment, NoSuchChat, NoSuchContact, NoSuchMessage, NoSuchNote
from inbox.models import Attachment, Chat, Contact, Message, Note, ReadCursor, TextDraft
from inbox.models.chat import ChatQuerySet
from inbox.models.visible import contacts_visible_to
from workspaces.access import Actor, author_of
from workspaces.models import Member
from workspaces.roles import Permission


def chats_visible_to(actor: Actor) -> ChatQuerySet:
    return Chat.objects.visible_to(actor)


def chat_for(actor: Actor, chat_id: uuid.UUID) -> Chat:
    """The chat with its channel, contact and assignee. Raises NoSuchChat."""
    people = ("channel", "contact", "assigned_to__user")
    chat = chats_visible_to(actor).select_related(*people).filter(_goes_by(chat_id)).first()
    if chat is None:
        raise NoSuchChat
    return chat


def _goes_by(chat_id: uuid.UUID) -> Q:
    """The chat itself, or the one that it was merged into: addresses of both lead there."""
    merged = Chat.objects.filter(pk=chat_id, merged_into__isnull=False).values("merged_into")
    return Q(pk=chat_id) | Q(pk__in=merged)


def chat_opened_by(member: Member, chat_id: uuid.UUID) -> Chat:
    """As `chat_for`, with what this member left in it: `my_read_up_to`, and `my_draft` as JSON, or None.

    One query. Raises NoSuchChat.
    """
    people = ("channel", "contact", "assigned_to__user")
    draft = TextDraft.objects.filter(member=member, chat=OuterRef("pk"))
    cursor = ReadCursor.objects.filter(member=member, chat=OuterRef("pk"))
    left = JSONObject(
        text="text",
        as_note="as_note",
        quoted="quoted_id",
        quoted_text=Left("quoted__text", 200),
        quoted_name=Coalesce("quoted__sender_contact__name", "quoted__sender_name"),
    )
    annotated = chats_visible_to(member).annotate(
        my_read_up_to=Subquery(cursor.values("read_up_to")[:1]), my_draft=Subquery(draft.values(left=left)[:1])
    )
    chat = annotated.select_related(*people).filter(_goes_by(chat_id)).first()
    if chat is None:
        raise NoSuchChat
    return chat


def message_for(actor: Actor, message_id: uuid.UUID) -> Message:
    """The message with its people. Raises NoSuchMessage."""
    message = Message.objects.visible_to(actor).with_people().filter(pk=message_id).first()
    if message is None:
        raise NoSuchMessage
    return message


def note_for(actor: Actor, note_id: uuid.UUID) -> Note:
    """The note with its chat. Raises NoSuchNote."""
    notes = Note.objects.select_related("chat__channel", "chat__workspace", "author__user").defer("search")
    note = notes.filter(pk=note_id, chat__in=chats_visible_to(actor)).first()
    if note is None:
        raise NoSuchNote
    return note


def contact_for(actor: Actor, contact_id: uuid.UUID) -> Contact:
    """Raises NoSuchContact."""
    contact = contacts_visible_to(actor).filter(pk=contact_id).first()
    if contact is None:
        raise NoSuchContact
    return contact


def attachment_for(actor: Actor, attachment_id: uuid.UUID) -> Attachment:
    """A file of a message that the actor sees, or one uploaded and not sent yet. Raises NoSuchAttachment."""
    mine = Q(message__isnull=True) | Q(message__in=Message.objects.visible_to(actor))
    attachment = Attachment.objects.filter(mine, workspace_id=actor.workspace_id, pk=attachment_id).first()
    if attachment is None or not actor.may(Permission.SEE_CHATS):
        raise NoSuchAttachment
    return attachment


def upload_for(actor: Actor, upload_id: uuid.UUID) -> Attachment:
    """A file that the actor is uploading, or has uploaded and not sent. Raises NoSuchAttachment."""
    mine = Attachment.objects.filter(workspace_id=actor.workspace_id, message__isnull=True)
    upload = mine.filter(pk=upload_id, uploaded_by=author_of(actor)).first()
    if upload is None:
        raise NoSuchAttachment("This upload was forgotten. Choose the file again.")
    return upload
