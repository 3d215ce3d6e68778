"""What a member has typed and not sent, kept on the server so that it is there on every device."""

import uuid
from datetime import datetime

from django.db import connection

from inbox.errors import MessageTooLong
from inbox.models import Chat, Message, TextDraft
from inbox.policy import text_limit
from kernel.clock import now
from workspaces.access import Actor, author_of, require
from workspaces.models import Member
from workspaces.roles import Permission


def save_draft(
    *, actor: Member, chat: Chat, text: str, as_note: bool = False, quoted_id: uuid.UUID | None = None
) -> datetime | None:
    """Keep it; the last writer wins. Returns when it was kept, or None when there is nothing to keep.

    Raises Forbidden, MessageTooLong.
    """
    require(actor, Permission.WRITE_MESSAGES)
    if len(text) > text_limit():
        raise MessageTooLong(fields={"text": [f"at most {text_limit():,} characters"]})
    if not text.strip() and quoted_id is None:
        TextDraft.objects.filter(member=actor, chat=chat).delete()
        return None
    if quoted_id is not None and not Message.objects.filter(chat=chat, pk=quoted_id).exists():
        quoted_id = None
    at = now()
    with connection.cursor() as cursor:
        # One statement: two devices that type at once end with one row, of the one that came last.
        cursor.execute(
            """
            INSERT INTO inbox_textdraft (id, workspace_id, member_id, chat_id, text, as_note, quoted_id, edited_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (member_id, chat_id) DO UPDATE
                SET text = excluded.text, as_note = excluded.as_note, quoted_id = excluded.quoted_id,
                    edited_at = excluded.edited_at
                WHERE inbox_textdraft.edited_at <= excluded.edited_at
            """,
            [TextDraft().pk, chat.workspace_id, actor.pk, chat.pk, text, as_note, quoted_id, at],
        )
    return at


def clear_draft(*, actor: Actor, chat: Chat, text: str) -> None:
    """It was sent. What was typed since then is another draft and stays."""
    member = author_of(actor)
    if member is not None:
        TextDraft.objects.filter(member=member, chat=chat, text=text).delete()
