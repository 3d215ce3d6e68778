"""Search in names, numbers and texts with PostgreSQL's own full text, accents or not; every look is bounded."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import QuerySet

from channels_app.models.restriction import hidden_channel_ids
from inbox.models import Chat, Contact, ContactAddress, Message, Note
from inbox.models.chat import NAME_WORDS as CHAT_WORDS
from inbox.models.contact import BACKWARDS, FORWARDS
from inbox.models.contact import NAME_WORDS as CONTACT_WORDS
from inbox.models.message import SEARCHED_CHARACTERS
from inbox.policy import folded
from workspaces.access import Actor, author_of
from workspaces.roles import Permission

WORDS_MAX = 12
WORD_LENGTH_MAX = 100  # PostgreSQL refuses a query with a word of more than 2,046 bytes
MATCHES_MAX = 500
"""Chats that one search can find by name, number or text each; more words narrow it."""

NEWEST_LOOKED_AT = 5_000
FOUND_MAX = 20_000
"""A word that many messages hold is found among the newest ones, without asking the index for all of them; a rarer one
is asked of the index, which then names few. Neither costs more with more messages."""

# Both inner queries end with a LIMIT, through which PostgreSQL pushes no condition.
_AMONG_THE_NEWEST = """
SELECT newest.id, newest.chat_id
FROM (SELECT id, chat_id, workspace_id, channel_id, search, deleted_at
      FROM inbox_message ORDER BY id DESC LIMIT %(looked_at)s) newest
WHERE newest.workspace_id = %(workspace)s AND newest.deleted_at IS NULL AND newest.channel_id <> ALL (%(hidden)s)
  AND newest.search @@ to_tsquery('simple', %(query)s)
ORDER BY newest.id DESC LIMIT %(limit)s
"""
_BY_THE_INDEX = """
SELECT found.id, found.chat_id
FROM (SELECT id, chat_id, sort_at FROM inbox_message
      WHERE search @@ to_tsquery('simple', %(query)s) AND workspace_id = %(workspace)s AND deleted_at IS NULL
        AND channel_id <> ALL (%(hidden)s)
      LIMIT %(found_max)s) found
ORDER BY found.sort_at DESC, found.id DESC LIMIT %(limit)s
"""

# What a team writes to itself is little beside what customers write: no look among the newest comes first.
_AMONG_NOTES = """
SELECT found.id, found.chat_id
FROM (SELECT n.id, n.chat_id, n.created_at FROM inbox_note n JOIN inbox_chat c ON c.id = n.chat_id
      WHERE n.search @@ to_tsquery('simple', %(query)s) AND n.workspace_id = %(workspace)s AND n.deleted_at IS NULL
        AND c.channel_id <> ALL (%(hidden)s)
      LIMIT %(found_max)s) found
ORDER BY found.created_at DESC, found.id DESC LIMIT %(limit)s
"""

EXTRACT_BEFORE = 40
EXTRACT_LENGTH = 160
"""Characters shown before the first hit, and altogether."""


Found = tuple[uuid.UUID, uuid.UUID]  # of a message or note, and of its chat


@dataclass(frozen=True)
class Hit:
    """A message or note that matches, where it stands, and an extract: (piece, whether it is a hit) in order."""

    row: Message | Note
    chat: Chat
    at: datetime
    extract: list[tuple[str, bool]]

    @property
    def is_note(self) -> bool:
        return isinstance(self.row, Note)


def search_words(q: str) -> str:
    """A tsquery: every word must begin a word of the text, with or without its accents; "" when there is no word.

    Words are quoted, so no operator of the query language gets through.
    """
    words = [folded(word)[:WORD_LENGTH_MAX] for word in q.replace("\x00", " ").split()[:WORDS_MAX]]
    quoted = ("'" + word.replace("\\", "").replace("'", "''") + "':*" for word in words if re.search(r"\w", word))
    return " & ".join(quoted)


def contact_ids_matching(workspace_id: uuid.UUID, q: str) -> set[uuid.UUID]:
    """Contacts with words of their name that begin so, or with a number that begins or ends so."""
    words = search_words(q)
    if not words:
        return set()
    contacts = Contact.objects.filter(workspace_id=workspace_id)
    looks = [contacts.annotate(names=CONTACT_WORDS).filter(names=_query(words)).values_list("pk", flat=True)]
    if digits := _digits(q):
        numbers = ContactAddress.objects.filter(workspace_id=workspace_id)
        for direction, beginning in ((FORWARDS, digits), (BACKWARDS, digits[::-1])):
            found = numbers.annotate(number=direction).filter(number__startswith=beginning)
            looks.append(found.values_list("contact_id", flat=True))
    return _union(looks)


def chat_ids_matching(actor: Actor, q: str, *, texts: bool = True) -> set[uuid.UUID]:
    """Chats found by contact, group name, number or, with `texts`, the text of a message, or for a member of a note;
    bounded each."""
    words = search_words(q)
    if not words:
        return set()
    chats = Chat.objects.visible_to(actor)
    named = chats.annotate(names=CHAT_WORDS).filter(names=_query(words))
    found = _union(
        [
            chats.filter(contact__in=contact_ids_matching(actor.workspace_id, q)).values_list("pk", flat=True),
            named.values_list("pk", flat=True),
        ]
    )
    if texts:
        for matching in _texts_matching(actor, words, MATCHES_MAX):
            found |= {chat_id for _, chat_id in matching}
    return found


def text_hits(actor: Actor, q: str, *, limit: int = 20) -> list[Hit]:
    """The newest messages, and for a member notes, that match. At most five queries, six for who does not see every
    channel."""
    words = search_words(q)
    if not words:
        return []
    messages, notes = _texts_matching(actor, words, limit)
    own_notes = Note.objects.filter(chat__in=Chat.objects.visible_to(actor))
    hits = [
        *(
            Hit(row, row.chat, row.sort_at, extract_of(row.text, q))
            for row in _read(Message.objects.visible_to(actor), messages)
        ),
        *(Hit(row, row.chat, row.created_at, extract_of(row.text, q)) for row in _read(own_notes, notes)),
    ]
    return sorted(hits, key=lambda hit: (hit.at, hit.row.pk), reverse=True)[:limit]


def extract_of(text: str, q: str) -> list[tuple[str, bool]]:
    """A stretch of the text around the first hit, cut into pieces that are hits and pieces that are not."""
    text = text[:SEARCHED_CHARACTERS]
    spans = hits_in(text, q)
    start = max(0, spans[0][0] - EXTRACT_BEFORE) if spans else 0
    if start:
        start = text.find(" ", start, spans[0][0]) + 1 or start
    end = start + EXTRACT_LENGTH
    pieces, at = [], start
    for first, last in spans:
        if first < at or first >= end:
            continue
        pieces += [(text[at:first], False), (text[first : min(last, end)], True)]
        at = last
    pieces.append((text[at:end], False))
    before = [("… ", False)] if start else []
    after = [(" …", False)] if len(text) > end else []
    return before + [piece for piece in pieces if piece[0]] + after


def hits_in(text: str, q: str) -> list[tuple[int, int]]:
    """Where words of the text begin with a word of `q`: (start, end) of each of them, accents or not."""
    words = sorted({re.escape(folded(word)) for word in q.split()[:WORDS_MAX]}, key=len, reverse=True)
    if not words:
        return []
    bare, places = _bare(text)
    hits = re.finditer(rf"(?<!\w)(?:{'|'.join(words)})\w*", bare, re.IGNORECASE)
    return [(places[hit.start()], places[hit.end()]) for hit in hits if hit.end() > hit.start()]


def _bare(text: str) -> tuple[str, list[int]]:
    """The text without accents, and where in the text each of its characters comes from."""
    if text.isascii():
        return text, list(range(len(text) + 1))
    letters, places = [], []
    for place, character in enumerate(text):
        for letter in folded(character):
            letters.append(letter)
            places.append(place)
    return "".join(letters), [*places, len(text)]


def _query(words: str) -> SearchQuery:
    return SearchQuery(words, search_type="raw", config="simple")


def _union(looks: Iterable[QuerySet]) -> set[uuid.UUID]:
    """One query each: the planner does not look through an OR of subqueries, and would read the whole table."""
    return {key for look in looks for key in look[:MATCHES_MAX]}


def _texts_matching(actor: Actor, words: str, limit: int) -> tuple[list[Found], list[Found]]:
    """The newest messages and notes that match and that the actor sees; notes are for members only."""
    if not actor.may(Permission.SEE_CHATS):
        return [], []
    asked = {
        "query": words,
        "workspace": actor.workspace_id,
        "hidden": hidden_channel_ids(actor),
        "looked_at": NEWEST_LOOKED_AT,
        "found_max": FOUND_MAX,
        "limit": limit,
    }
    messages = _found(_AMONG_THE_NEWEST, asked)
    if len(messages) < limit:
        messages = _found(_BY_THE_INDEX, asked)
    return messages, _found(_AMONG_NOTES, asked) if author_of(actor) is not None else []


def _found(statement: str, asked: dict[str, Any]) -> list[Found]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()


def _read(rows: QuerySet, found: list[Found]) -> Iterable[Any]:
    if not found:
        return []
    return (
        rows.filter(pk__in=[key for key, _ in found]).select_related("chat__contact", "chat__channel").defer("search")
    )


def _digits(q: str) -> str:
    """The digits of what looks like a number or a part of one; four at least, else everything would match."""
    digits = re.sub(r"[\s()+.\-/]", "", q)
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= 4 else ""
