"""Search in names, numbers and message text with PostgreSQL's own full text; every look is bounded."""

import re
import uuid
from dataclasses import dataclass

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchVector
from django.db.models import Q

from inbox.models import Chat, Contact, ContactAddress, Message
from inbox.selectors.keyset import newest_page
from kernel.paging import Page
from workspaces.access import Actor

WORDS_MAX = 12
MATCHES_MAX = 500
"""Chats that one search can find by name, number or text each; more words narrow it."""

MARK = ("\x02", "\x03")
"""Around a hit in a headline: characters that no message holds, so escaping the text comes first and is safe."""


@dataclass(frozen=True)
class Hit:
    """A message that matches, with its chat and a short extract: (piece, whether it is a hit) in order."""

    message: Message
    chat: Chat
    extract: list[tuple[str, bool]]


def search_query(q: str) -> SearchQuery | None:
    """Every word must begin a word of the text. Words are quoted, so no operator of the query language gets through."""
    words = q.replace("\x00", " ").split()[:WORDS_MAX]
    quoted = ("'" + word.replace("\\", "").replace("'", "''") + "':*" for word in words if re.search(r"\w", word))
    raw = " & ".join(quoted)
    return SearchQuery(raw, search_type="raw", config="simple") if raw else None


def contacts_matching(workspace_id: uuid.UUID, q: str):
    """Contacts whose name begins so, or whose number holds these digits."""
    query = search_query(q)
    if query is None:
        return Contact.objects.none()
    by_name = Contact.objects.annotate(names=SearchVector("name", "push_name", config="simple")).filter(names=query)
    matching = Q(pk__in=by_name.filter(workspace_id=workspace_id).values("pk")[:MATCHES_MAX])
    if digits := _digits(q):
        numbers = ContactAddress.objects.filter(workspace_id=workspace_id, wa_id__contains=digits)
        matching |= Q(pk__in=numbers.values("contact_id")[:MATCHES_MAX])
    return Contact.objects.filter(matching, workspace_id=workspace_id)


def chat_ids_matching(actor: Actor, q: str) -> list[uuid.UUID]:
    """Chats found by contact, group name, number or the text of a message; newest matches first, bounded each."""
    query = search_query(q)
    if query is None:
        return []
    chats = Chat.objects.visible_to(actor)
    named = chats.annotate(names=SearchVector("name", config="simple")).filter(names=query)
    looks = [
        chats.filter(contact__in=contacts_matching(actor.workspace_id, q)).values_list("pk", flat=True),
        named.values_list("pk", flat=True),
        _messages_matching(actor, query).order_by("-sort_at").values_list("chat_id", flat=True),
    ]
    if digits := _digits(q):
        looks.append(chats.filter(wa_chat_id__contains=digits).values_list("pk", flat=True))
    return list({key for look in looks for key in look[:MATCHES_MAX]})


def message_hits(actor: Actor, q: str, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Page of Hit, newest message first."""
    query = search_query(q)
    if query is None:
        return Page(rows=[], next=None)
    found = _messages_matching(actor, query).select_related("chat__contact", "chat__channel").defer("search")
    headline = SearchHeadline(
        "text",
        query,
        config="simple",
        start_sel=MARK[0],
        stop_sel=MARK[1],
        max_words=18,
        min_words=6,
        max_fragments=1,
    )
    page = newest_page(found, "sort_at", cursor=cursor, limit=limit)
    texts = dict(
        Message.objects.filter(pk__in=[row.pk for row in page.rows])
        .annotate(headline=headline)
        .values_list("pk", "headline")
    )
    return Page(
        rows=[Hit(message=row, chat=row.chat, extract=_pieces(texts[row.pk])) for row in page.rows], next=page.next
    )


def _messages_matching(actor: Actor, query: SearchQuery):
    return Message.objects.visible_to(actor).filter(search=query, deleted_at__isnull=True)


def _digits(q: str) -> str:
    """The digits of what looks like a number or a part of one; four at least, else everything would match."""
    digits = re.sub(r"[\s()+.\-/]", "", q)
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= 4 else ""


def _pieces(headline: str) -> list[tuple[str, bool]]:
    parts = re.split(f"([{MARK[0]}{MARK[1]}])", headline)
    pieces, hit = [], False
    for part in parts:
        if part in MARK:
            hit = part == MARK[0]
        elif part:
            pieces.append((part, hit))
    return pieces
