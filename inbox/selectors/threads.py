"""A conversation as the team reads it: messages and private notes merged by time, in pages that miss none of either."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from inbox.models import Chat, Mention, Message, Note
from inbox.selectors.keyset import newer_than, newest_page, older_than, position
from inbox.selectors.messages import Bubble, bubbles
from kernel.paging import Page, encode_cursor

NEWEST = 50
CATCH_UP_MAX = 1000


@dataclass(frozen=True)
class NoteBubble:
    """Everything a note shows. `named` are the names of the members it mentions."""

    note: Note
    author_name: str
    named: tuple[str, ...]


def thread_page(
    chat: Chat,
    *,
    cursor: str | None = None,
    limit: int = NEWEST,
    direction: str = "older",
    around: Message | Note | None = None,
) -> Page:
    """Page of Message and Note. "older": newest first, from the cursor back. "newer": oldest first, onwards.

    `around` starts a page of older ones so that this one stands about in its middle. Two queries; four with `around`.
    Raises Invalid.
    """
    if around is not None:
        later = _after(chat, *_position(around), limit=limit // 2)
        earlier = _before(chat, *_position(around), limit=limit // 2 + 1)
        shown = [*reversed(later), around, *earlier[: limit // 2]]
        return Page(rows=shown, next=cursor_at_row(shown[-1]) if len(earlier) > limit // 2 else None)
    where = position(cursor) if cursor else None
    look = _after if direction == "newer" else _before
    rows = look(chat, *(where or (None, None)), limit=limit + 1)
    return Page(rows=rows[:limit], next=cursor_at_row(rows[limit - 1]) if len(rows) > limit else None)


def thread_from(chat: Chat, oldest_id: uuid.UUID) -> list[Message | Note]:
    """Everything from the message or note `oldest_id` to the end, oldest first, for catching up; the newest 1,000.

    When that one is gone (an echo that was merged), the newest page stands in for it.
    """
    oldest = row_in(chat, oldest_id)
    if oldest is None:
        return _before(chat, None, None, limit=NEWEST)[::-1]
    at, key = _position(oldest)
    messages, notes = newer_than(_messages(chat), "sort_at", at, key), newer_than(notes_of(chat), "created_at", at, key)
    return [oldest, *_newest(messages, notes, limit=CATCH_UP_MAX - 1)[::-1]]


def row_in(chat: Chat, key: uuid.UUID) -> Message | Note | None:
    """The message or note of this chat with that id."""
    return _messages(chat).filter(pk=key).first() or notes_of(chat).filter(pk=key).first()


def drawn(rows: Iterable[Message | Note]) -> list[Bubble | NoteBubble]:
    """The rows as shown, in the same order. Two queries for any number."""
    rows = list(rows)
    of_messages = iter(bubbles([row for row in rows if isinstance(row, Message)]))
    return [next(of_messages) if isinstance(row, Message) else note_bubble(row) for row in rows]


def note_bubble(note: Note) -> NoteBubble:
    """Of a note that came from `notes_of`."""
    name = note.author.user.name if note.author is not None else note.author_name
    return NoteBubble(note=note, author_name=name, named=tuple(note.named))


def notes_of(chat: Chat | uuid.UUID) -> QuerySet[Note]:
    """With their authors and the names that they mention, in the same query."""
    named = Mention.objects.filter(note=OuterRef("pk")).order_by("id").values("member__user__name")
    people = Note.objects.select_related("author__user").annotate(named=ArraySubquery(named)).defer("search")
    return people.filter(chat=chat)


def notes_by_ids(chat_id: uuid.UUID, note_ids: Sequence[uuid.UUID]) -> list[NoteBubble]:
    """Those of the ids that are in the chat."""
    return [note_bubble(note) for note in notes_of(chat_id).filter(pk__in=note_ids).order_by("created_at", "id")]


def notes_page(chat: Chat, *, cursor: str | None = None, limit: int = NEWEST) -> Page:
    """Page of NoteBubble, newest first. Raises Invalid."""
    page = newest_page(notes_of(chat), "created_at", cursor=cursor, limit=limit)
    return Page(rows=[note_bubble(note) for note in page.rows], next=page.next)


def cursor_at_row(row: Message | Note) -> str:
    at, key = _position(row)
    return encode_cursor(at.isoformat(), key)


def _messages(chat: Chat) -> QuerySet[Message]:
    return Message.objects.filter(chat=chat).with_people().defer("search")


def _position(row: Message | Note) -> tuple[datetime, uuid.UUID]:
    return (row.sort_at if isinstance(row, Message) else row.created_at), row.pk


def _before(chat: Chat, at: datetime | None, key: uuid.UUID | None, *, limit: int) -> list[Message | Note]:
    messages, notes = _messages(chat), notes_of(chat)
    if at is not None:
        messages, notes = older_than(messages, "sort_at", at, key), older_than(notes, "created_at", at, key)
    return _newest(messages, notes, limit=limit)


def _newest(messages: QuerySet[Message], notes: QuerySet[Note], *, limit: int) -> list[Message | Note]:
    """Newest first. Either alone may fill the page, so both are asked for a whole one."""
    found = [*messages.order_by("-sort_at", "-id")[:limit], *notes.order_by("-created_at", "-id")[:limit]]
    return sorted(found, key=_position, reverse=True)[:limit]


def _after(chat: Chat, at: datetime | None, key: uuid.UUID | None, *, limit: int) -> list[Message | Note]:
    messages, notes = _messages(chat), notes_of(chat)
    if at is not None:
        messages, notes = newer_than(messages, "sort_at", at, key), newer_than(notes, "created_at", at, key)
    found = [*messages.order_by("sort_at", "id")[:limit], *notes.order_by("created_at", "id")[:limit]]
    return sorted(found, key=_position)[:limit]
