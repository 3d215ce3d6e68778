"""How far people have read, and telling the customer's phone."""

import uuid

from django.db import connection, transaction

from inbox.jobs import READ, read_order_key
from inbox.models import Chat, Message, ReadCursor
from inbox.models.message import COUNTS_AS_UNREAD
from inbox.services.notes import read_mentions
from inbox.services.sending import publish_chat
from kernel.repeating import again_after_deadlock
from outbox.services.enqueuing import enqueue
from outbox.states import Priority
from workspaces.access import Actor, author_of, require
from workspaces.models import Member
from workspaces.roles import Permission


@again_after_deadlock
def mark_read(*, actor: Actor, chat: Chat) -> None:
    """Read up to now, for the member and for the chat as a whole; a cursor never moves back.

    When nobody had read so far yet, a receipt for the newest inbound message goes through the outbox. Raises Forbidden.
    """
    require(actor, Permission.WRITE_MESSAGES)
    inbound = Message.objects.filter(COUNTS_AS_UNREAD, chat=chat)
    newest = inbound.order_by("-id").only("id", "wa_message_id").first()
    member = author_of(actor)
    if member is not None:
        read_mentions(member=member, chat=chat)
    if newest is None:
        _unmark(member, chat)
        return
    with transaction.atomic():
        first = Chat.objects.filter(pk=chat.pk).exclude(read_up_to__gte=newest.pk).update(read_up_to=newest.pk)
        moved = _move_cursor(member, chat, newest.pk) if member is not None else False
        if first and newest.wa_message_id:
            enqueue(
                workspace_id=chat.workspace_id,
                lane_id=chat.channel_id,
                order_key=read_order_key(chat.pk),
                kind=READ,
                payload={"to": chat.wa_chat_id, "wa_message_id": newest.wa_message_id},
                subject_id=None,
                priority=Priority.SYSTEM,
            )
        if first or moved:
            publish_chat(chat)


@again_after_deadlock
def mark_unread(*, actor: Actor, chat: Chat) -> None:
    """Show the chat as unread to this member until they read it. Raises Forbidden. An API key has no such mark."""
    require(actor, Permission.WRITE_MESSAGES)
    member = author_of(actor)
    if member is None:
        return
    newest = Message.objects.filter(chat=chat).order_by("-id").values_list("pk", flat=True).first()
    with transaction.atomic():
        cursor, created = ReadCursor.objects.get_or_create(
            member=member,
            chat=chat,
            defaults={
                "workspace_id": chat.workspace_id,
                "read_up_to": newest or uuid.UUID(int=0),
                "marked_unread": True,
            },
        )
        if not created:
            ReadCursor.objects.filter(pk=cursor.pk).update(marked_unread=True)
        publish_chat(chat)


def _unmark(member: Member | None, chat: Chat) -> None:
    with transaction.atomic():
        if ReadCursor.objects.filter(member=member, chat=chat, marked_unread=True).update(marked_unread=False):
            publish_chat(chat)


def _move_cursor(member: Member, chat: Chat, newest: uuid.UUID) -> bool:
    """Whether anything changed. One statement, so that two tabs cannot move it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inbox_readcursor AS rc
                (id, workspace_id, member_id, chat_id, read_up_to, marked_unread, read_at)
            VALUES (%s, %s, %s, %s, %s, false, now())
            ON CONFLICT (member_id, chat_id) DO UPDATE
                SET read_up_to = greatest(rc.read_up_to, excluded.read_up_to), marked_unread = false, read_at = now()
                WHERE rc.read_up_to < excluded.read_up_to OR rc.marked_unread
            """,
            [ReadCursor().pk, chat.workspace_id, member.pk, chat.pk, newest],
        )
        return cursor.rowcount == 1
