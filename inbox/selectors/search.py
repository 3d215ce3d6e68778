"""Search in names, numbers and message text with PostgreSQL's own full text; every look is bounded."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet

from inbox.models import Chat, Contact, ContactAddress, Message
from inbox.models.contact import BACKWARDS, FORWARDS
from inbox.selectors.keyset import newest_page
from kernel.paging import Page
from workspaces.access import Actor

WORDS_MAX = 12
WORD_LENGTH_MAX = 100  # PostgreSQL refuses a query with a word of more than 2,046 bytes
MATCHES_MAX = 500
"""Chats that one search can find by name, number or text each; more words narrow it."""

EXTRACT_BEFORE = 40
EXTRACT_LENGTH = 160
"""Characters shown before the first hit, and altogether."""


@dataclass(frozen=True)
class Hit:
    """A message that matches, with its chat and an extract: (piece, whether it is a hit) in order."""

    message: Message
    chat: Chat
    extract: list[tuple[str, bool]]


def search_query(q: str) -> SearchQuery | None:
    """Every word must begin a word of the text. Words are quoted, so no operator of the query language gets through."""
    words = [word[:WORD_LENGTH_MAX] for word in q.replace("\x00", " ").split()[:WORDS_MAX]]
    quoted = ("'" + word.replace("\\", "").replace("'", "''") + "':*" for word in words if re.search(r"\w", word))
    raw = " & ".join(quoted)
    return SearchQuery(raw, search_type="raw", config="simple") if raw else None


def contact_ids_matching(workspace_id: uuid.UUID, q: str) -> set[uuid.UUID]:
    """Contacts with words of their name that begin so, or with a number that begins or ends so."""
    query = search_query(q)
    if query is None:
        return set()
    contacts = Contact.objects.filter(workspace_id=workspace_id)
    names = contacts.annotate(names=SearchVector("name", "push_name", config="simple")).filter(names=query)
    looks = [names.values_list("pk", flat=True)]
    if digits := _digits(q):
        numbers = ContactAddress.objects.filter(workspace_id=workspace_id)
        for direction, beginning in ((FORWARDS, digits), (BACKWARDS, digits[::-1])):
            found = numbers.annotate(number=direction).filter(number__startswith=beginning)
            looks.append(found.values_list("contact_id", flat=True))
    return _union(looks)


def chat_ids_matching(actor: Actor, q: str) -> set[uuid.UUID]:
    """Chats found by contact, group name, number or the text of a message; bounded each."""
    query = search_query(q)
    if query is None:
        return set()
    newest = _messages_matching(actor, query).order_by("-sort_at")
    return chat_ids_named(actor, q) | _union([newest.values_list("chat_id", flat=True)])


def chat_ids_named(actor: Actor, q: str) -> set[uuid.UUID]:
    """Chats found by contact, group name or number; bounded each."""
    query = search_query(q)
    if query is None:
        return set()
    chats = Chat.objects.visible_to(actor)
    named = chats.annotate(names=SearchVector("name", config="simple")).filter(names=query)
    return _union(
        [
            chats.filter(contact__in=contact_ids_matching(actor.workspace_id, q)).values_list("pk", flat=True),
            named.values_list("pk", flat=True),
        ]
    )


def message_hits(actor: Actor, q: str, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Page of Hit, newest message first."""
    query = search_query(q)
    if query is None:
        return Page(rows=[], next=None)
    found = _messages_matching(actor, query).select_related("chat__contact", "chat__channel").defer("search")
    page = newest_page(found, "sort_at", cursor=cursor, limit=limit)
    hits = [Hit(message=row, chat=row.chat, extract=extract_of(row.text, q)) for row in page.rows]
    return Page(rows=hits, next=page.next)


def extract_of(text: str, q: str) -> list[tuple[str, bool]]:
    """A stretch of the text around the first hit, cut into pieces that are hits and pieces that are not."""
    words = sorted({re.escape(word) for word in q.split()[:WORDS_MAX]}, key=len, reverse=True)
    hit = re.compile(rf"(?<!\w)((?:{'|'.join(words)})\w*)", re.IGNORECASE)
    first = hit.search(text)
    start = max(0, first.start() - EXTRACT_BEFORE) if first else 0
    if start:
        start = text.find(" ", start, first.start()) + 1 or start
    stretch = text[start : start + EXTRACT_LENGTH]
    pieces = [(piece, bool(hit.fullmatch(piece))) for piece in hit.split(stretch) if piece]
    before = [("… ", False)] if start else []
    after = [(" …", False)] if len(text) > start + EXTRACT_LENGTH else []
    return before + pieces + after


def _union(looks: Iterable[QuerySet]) -> set[uuid.UUID]:
    """One query each: the planner does not look through an OR of subqueries, and would read the whole table."""
    return {key for look in looks for key in look[:MATCHES_MAX]}


def _messages_matching(actor: Actor, query: SearchQuery):
    return Message.objects.visible_to(actor).filter(search=query, deleted_at__isnull=True)


def _digits(q: str) -> str:
    """The digits of what looks like a number or a part of one; four at least, else everything would match."""
    digits = re.sub(r"[\s()+.\-/]", "", q)
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= 4 else ""
