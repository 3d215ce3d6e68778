"""Chats, found or made, and what messages and news change about them."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers.base import InboundChat, InboundGroup, InboundMessage, InboundParticipants
from inbox.services.ingesting.heard import Heard, Source, identity, storable
from inbox.services.ingesting.people import Person
from inbox.states import is_group
from kernel.arrays import columns
from kernel.clock import now
from kernel.ids import new_id
from kernel.statements import prepared_cursor

ChatKey = tuple[uuid.UUID, str]  # channel id, wa_chat_id
NAME_LENGTH = 200
ARCHIVED = "This chat was written from another number. It opens again when the customer writes to the present one."

WRITING_WINDOW = {"cloud": timedelta(hours=24)}
"""How long after a customer's message anything may be written, for providers that limit it."""

# A merged chat is the other name of the one that it was merged into.
_FIND = """
SELECT c.channel_id, c.wa_chat_id, coalesce(c.merged_into_id, c.id), c.merged_into_id IS NOT NULL
FROM unnest(%s::uuid[], %s::text[]) AS wanted (channel_id, wa_chat_id)
JOIN inbox_chat c ON c.channel_id = wanted.channel_id AND c.wa_chat_id = wanted.wa_chat_id
"""

# A person whom we know by another id has a chat already.
_FIND_BY_CONTACT = """
SELECT w.channel_id, w.wa_chat_id, c.id, true
FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS w (channel_id, wa_chat_id, contact_id)
JOIN inbox_chat c ON c.contact_id = w.contact_id AND c.channel_id = w.channel_id
WHERE c.kind = 'direct' AND c.merged_into_id IS NULL
"""

_MAKE = """
INSERT INTO inbox_chat (id, workspace_id, channel_id, wa_chat_id, kind, contact_id, name, read_only, read_only_reason,
                        only_admins_write, last_message_at, created_at)
SELECT w.id, w.workspace_id, w.channel_id, w.wa_chat_id, w.kind, w.contact_id, '', false, '', false, %s, %s
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[])
    AS w (channel_id, wa_chat_id, id, workspace_id, kind, contact_id)
ORDER BY w.channel_id, w.wa_chat_id
ON CONFLICT (channel_id, wa_chat_id) DO NOTHING
"""

# Later wins, and of two names at the same time the greater: any order of arrival ends with the same name. A chat that
# is opened again does not stay with somebody who is away, by the rule of shelving.py.
_CHANGE = """
WITH said AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::uuid[], %s::timestamptz[], %s::boolean[],
                         %s::timestamptz[], %s::boolean[], %s::timestamptz[], %s::boolean[])
    AS s (id, name, name_at, message_id, message_at, reopens, window_expires_at, mute_known, muted_until, admins_write)
), known AS (
    SELECT c.id, c.name, c.name_at, c.last_message_id, c.last_message_at, c.done_at, c.muted_until, c.only_admins_write
    FROM inbox_chat c JOIN said USING (id)
), decided AS (
    SELECT s.*,
           s.name <> '' AND (coalesce(s.name_at, '-infinity'), s.name COLLATE "C")
               > (coalesce(k.name_at, '-infinity'), k.name COLLATE "C") AS renamed,
           s.message_id IS NOT NULL AND (k.last_message_id IS NULL
               OR (s.message_at, s.message_id) > (k.last_message_at, k.last_message_id)) AS moved
    FROM known k JOIN said s USING (id)
)
UPDATE inbox_chat c
SET name = CASE WHEN d.renamed THEN d.name ELSE c.name END,
    name_at = CASE WHEN d.renamed THEN d.name_at ELSE c.name_at END,
    last_message_id = CASE WHEN d.moved THEN d.message_id ELSE c.last_message_id END,
    last_message_at = CASE WHEN d.moved THEN d.message_at ELSE c.last_message_at END,
    state = CASE WHEN d.reopens THEN 'open' ELSE c.state END,
    assigned_to_id = CASE WHEN d.reopens AND c.state <> 'open' AND EXISTS (
        SELECT FROM workspaces_member w WHERE w.id = c.assigned_to_id AND (NOT w.available OR w.removed_at IS NOT NULL)
    ) THEN NULL ELSE c.assigned_to_id END,
    done_at = CASE WHEN d.reopens THEN NULL ELSE c.done_at END,
    snoozed_until = CASE WHEN d.reopens THEN NULL ELSE c.snoozed_until END,
    read_only = c.read_only AND NOT (d.reopens AND c.read_only_reason = %s),
    read_only_reason = CASE WHEN d.reopens AND c.read_only_reason = %s THEN '' ELSE c.read_only_reason END,
    window_expires_at = GREATEST(c.window_expires_at, d.window_expires_at),
    muted_until = CASE WHEN d.mute_known THEN d.muted_until ELSE c.muted_until END,
    only_admins_write = coalesce(d.admins_write, c.only_admins_write)
FROM decided d
WHERE c.id = d.id
  AND (d.renamed OR d.moved OR d.reopens AND c.state <> 'open'
       OR d.window_expires_at > coalesce(c.window_expires_at, '-infinity')
       OR d.mute_known AND d.muted_until IS DISTINCT FROM c.muted_until
       OR d.admins_write <> c.only_admins_write)
RETURNING c.id
"""


@dataclass
class ChatNews:
    """What a batch says about one chat. `mute` is (until or None,) when it was said at all."""

    name: str = ""
    name_at: datetime | None = None
    message_id: uuid.UUID | None = None
    message_at: datetime | None = None
    reopens: bool = False
    window_expires_at: datetime | None = None
    mute: tuple[datetime | None] | None = None
    admins_write: bool | None = None

    def named(self, name: str, at: datetime | None) -> None:
        name = storable(name, NAME_LENGTH)
        if name and _order(at, name) > _order(self.name_at, self.name):
            self.name, self.name_at = name, at

    def holds(self, message_id: uuid.UUID, at: datetime) -> None:
        if self.message_at is None or (at, message_id) > (self.message_at, self.message_id):
            self.message_id, self.message_at = message_id, at

    def written_by_customer(self, source: Source, at: datetime) -> None:
        self.reopens = True
        if window := WRITING_WINDOW.get(source.provider):
            self.writable_until(at + window)

    def writable_until(self, ends: datetime | None) -> None:
        if ends is not None:
            self.window_expires_at = max(ends, self.window_expires_at or ends)


_NOTHING = ChatNews()


@dataclass
class Chats:
    """The chats that a batch touches: where they are, whose they are, and what is new about them.

    `aliases` are keys by which the provider names a chat that goes by another id of the same person.
    """

    id_of: dict[ChatKey, uuid.UUID]
    source_of: dict[uuid.UUID, Source]
    aliases: set[ChatKey] = field(default_factory=set)
    news: dict[uuid.UUID, ChatNews] = field(default_factory=dict)

    def take(self, rows: Iterable[tuple[uuid.UUID, str, uuid.UUID, bool]], wanted: dict[ChatKey, Source]) -> None:
        for channel_id, wa_chat_id, chat_id, is_alias in rows:
            key = channel_id, wa_chat_id
            self.id_of[key] = chat_id
            self.source_of[chat_id] = wanted[key]
            if is_alias:
                self.aliases.add(key)

    def about(self, chat_id: uuid.UUID) -> ChatNews:
        if (known := self.news.get(chat_id)) is None:
            known = self.news[chat_id] = ChatNews()
        return known


def find_or_make_chats(batch: Iterable[Heard], contact_of: dict[Person, uuid.UUID]) -> Chats:
    """The chats of all messages and of everything said about chats and groups, with what was said about them."""
    told = [
        (heard, heard.value)
        for heard in batch
        if isinstance(heard.value, InboundMessage | InboundChat | InboundGroup | InboundParticipants)
    ]
    wanted = {
        (heard.source.channel_id, identity(value.wa_chat_id, WA_ID_LIMIT, "chat's id")): heard.source
        for heard, value in told
    }
    chats = _found(wanted)
    if missing := wanted.keys() - chats.id_of.keys():
        _find_by_contact(chats, missing, wanted, contact_of)
    if missing := sorted(wanted.keys() - chats.id_of.keys()):
        _make(missing, wanted, contact_of)
        chats.take(_rows(_FIND, columns(missing, 2)), wanted)
    for heard, value in told:
        _note(heard, value, chats.about(chats.id_of[heard.source.channel_id, value.wa_chat_id]))
    return chats


def change_chats(chats: Chats) -> list[uuid.UUID]:
    """Write the news to chats that the caller has locked; the ids of those that look different now."""
    rows = [
        (
            chat_id,
            news.name,
            news.name_at,
            news.message_id,
            news.message_at,
            news.reopens,
            news.window_expires_at,
            news.mute is not None,
            news.mute[0] if news.mute else None,
            news.admins_write,
        )
        for chat_id, news in chats.news.items()
        if news != _NOTHING
    ]
    if not rows:
        return []
    with prepared_cursor() as cursor:
        cursor.execute(_CHANGE, [*columns(rows, 10), ARCHIVED, ARCHIVED])
        return [chat_id for (chat_id,) in cursor.fetchall()]


def _found(wanted: dict[ChatKey, Source]) -> Chats:
    chats = Chats({}, {})
    if wanted:
        chats.take(_rows(_FIND, columns(wanted, 2)), wanted)
    return chats


def _find_by_contact(
    chats: Chats, missing: Iterable[ChatKey], wanted: dict[ChatKey, Source], contact_of: dict[Person, uuid.UUID]
) -> None:
    known = [
        (*key, contact_id)
        for key in missing
        if not is_group(key[1]) and (contact_id := contact_of.get((wanted[key].workspace_id, key[1])))
    ]
    if known:
        chats.take(_rows(_FIND_BY_CONTACT, columns(known, 3)), wanted)


def _rows(statement: str, parameters: Sequence[str]) -> list[tuple]:
    with prepared_cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def _make(missing: Sequence[ChatKey], wanted: dict[ChatKey, Source], contact_of: dict[Person, uuid.UUID]) -> None:
    rows = []
    for key in missing:
        workspace_id, wa_chat_id = wanted[key].workspace_id, key[1]
        kind = "group" if is_group(wa_chat_id) else "direct"
        rows.append((*key, new_id(), workspace_id, kind, contact_of.get((workspace_id, wa_chat_id))))
    moment = now()
    with prepared_cursor() as cursor:
        cursor.execute(_MAKE, [moment, moment, *columns(rows, 6)])


def _note(
    heard: Heard, value: InboundMessage | InboundChat | InboundGroup | InboundParticipants, news: ChatNews
) -> None:
    match value:
        case InboundMessage() if value.chat_name and is_group(value.wa_chat_id):
            news.named(value.chat_name, value.at)
        case InboundChat():
            news.writable_until(value.window_expires_at)
            if is_group(value.wa_chat_id):
                news.named(value.name, value.name_at)
            if value.muted_until is not None and not heard.again:
                news.mute = (value.muted_until,)
        case InboundGroup():
            news.named(value.name, value.name_at)
            if value.only_admins_write is not None and not heard.again:
                news.admins_write = value.only_admins_write


def _order(at: datetime | None, name: str) -> tuple[float, bytes]:
    return (at.timestamp() if at else float("-inf"), name.encode())
