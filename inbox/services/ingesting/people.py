"""Contacts and their WhatsApp ids, found or made."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers.base import InboundChat, InboundContact, InboundMessage
from inbox.models import ContactAddress
from inbox.policy import other_form_of
from inbox.services.ingesting.heard import Heard, identity, storable
from inbox.states import is_group
from kernel.arrays import columns
from kernel.clock import now
from kernel.ids import new_id
from kernel.statements import prepared_cursor

Person = tuple[uuid.UUID, str]  # workspace id, wa_id
NAME_LENGTH = 200

_FIND = """
SELECT a.workspace_id, a.wa_id, a.contact_id
FROM unnest(%s::uuid[], %s::text[]) AS wanted (workspace_id, wa_id)
JOIN inbox_contactaddress a ON a.workspace_id = wanted.workspace_id AND a.wa_id = wanted.wa_id
"""

# Foreign keys are checked at commit, so the address, whose uniqueness decides a race, may come before its contact.
_MAKE = """
WITH wanted AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[]) AS w (workspace_id, wa_id, contact_id, id)
), made AS (
    INSERT INTO inbox_contactaddress (id, workspace_id, contact_id, wa_id)
    SELECT id, workspace_id, contact_id, wa_id FROM wanted ORDER BY workspace_id, wa_id
    ON CONFLICT (workspace_id, wa_id) DO NOTHING
    RETURNING workspace_id, wa_id, contact_id
)
INSERT INTO inbox_contact (id, workspace_id, name, push_name, notes, created_at)
SELECT contact_id, workspace_id, '', '', '', %s FROM made
"""

# Later wins, and of two names at the same time the greater: any order of arrival ends with the same name.
_RENAME = """
WITH said AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[]) AS s (id, push_name, push_name_at, name)
), known AS (
    SELECT c.id, c.name, c.push_name, c.push_name_at
    FROM inbox_contact c JOIN said USING (id) ORDER BY c.id FOR NO KEY UPDATE OF c
), decided AS (
    SELECT k.id, s.push_name, s.push_name_at,
           CASE WHEN k.name = '' THEN s.name ELSE k.name END AS name,
           s.push_name <> '' AND (coalesce(s.push_name_at, '-infinity'), s.push_name COLLATE "C")
               > (coalesce(k.push_name_at, '-infinity'), k.push_name COLLATE "C") AS newer,
           k.name AS old_name, k.push_name AS old_push_name
    FROM known k JOIN said s USING (id)
)
UPDATE inbox_contact c
SET name = d.name,
    push_name = CASE WHEN d.newer THEN d.push_name ELSE c.push_name END,
    push_name_at = CASE WHEN d.newer THEN d.push_name_at ELSE c.push_name_at END
FROM decided d
WHERE c.id = d.id AND (d.newer OR d.name <> d.old_name)
RETURNING c.id, c.name <> d.old_name OR c.push_name <> d.old_push_name
"""


@dataclass(frozen=True)
class People:
    contact_of: dict[Person, uuid.UUID]
    renamed: list[uuid.UUID]  # contacts whose shown name is another than before


def find_or_make_people(batch: Iterable[Heard]) -> People:
    """The contacts of everybody who wrote, was written to, or was described; our own number is nobody's contact."""
    saved: dict[Person, str] = {}
    called: dict[Person, tuple[datetime | None, str]] = {}
    wanted: set[Person] = set()
    for heard in batch:
        source, value = heard.source, heard.value
        match value:
            case InboundMessage():
                _note_message(heard, value, wanted, saved, called)
            case InboundChat() if value.wa_chat_id != source.own_wa_id and not is_group(value.wa_chat_id):
                person = _person(source.workspace_id, value.wa_chat_id)
                wanted.add(person)
                if value.name:
                    saved.setdefault(person, storable(value.name, NAME_LENGTH))
            case InboundContact() if value.wa_id != source.own_wa_id and not is_group(value.wa_id):
                person = _person(source.workspace_id, value.wa_id)
                wanted.add(person)
                if value.name:
                    saved[person] = storable(value.name, NAME_LENGTH)
                if value.push_name:
                    _later(called, person, None, value.push_name)
    contact_of = _contacts(wanted)
    return People(contact_of, _rename(contact_of, saved, called))


def _note_message(
    heard: Heard,
    message: InboundMessage,
    wanted: set[Person],
    saved: dict[Person, str],
    called: dict[Person, tuple[datetime | None, str]],
) -> None:
    workspace_id = heard.source.workspace_id
    if not is_group(message.wa_chat_id) and message.wa_chat_id != heard.source.own_wa_id:
        other = _person(workspace_id, message.wa_chat_id)
        wanted.add(other)
        if message.chat_name:
            saved.setdefault(other, storable(message.chat_name, NAME_LENGTH))
    if message.sender_wa_id and not message.from_me:
        sender = _person(workspace_id, message.sender_wa_id)
        wanted.add(sender)
        if message.sender_name:
            _later(called, sender, message.at, message.sender_name)


def _person(workspace_id: uuid.UUID, wa_id: str) -> Person:
    return workspace_id, identity(wa_id, WA_ID_LIMIT, "WhatsApp id")


def _later(called: dict[Any, tuple[datetime | None, str]], who: Any, at: datetime | None, push_name: str) -> None:
    said, known = (at, storable(push_name, NAME_LENGTH)), called.get(who)
    if known is None or _order(said) > _order(known):
        called[who] = said


def _order(said: tuple[datetime | None, str]) -> tuple[float, bytes]:
    at, name = said
    return (at.timestamp() if at else float("-inf"), name.encode())


def _contacts(wanted: set[Person]) -> dict[Person, uuid.UUID]:
    if not wanted:
        return {}
    found = _find(wanted)
    found |= _known_by_the_other_form(wanted - found.keys())
    missing = sorted(wanted - found.keys())
    if missing:
        with prepared_cursor() as cursor:
            rows = [(*person, new_id(), new_id()) for person in missing]
            cursor.execute(_MAKE, [*columns(rows, 4), now()])
        found |= _find(missing)
    return found


def _known_by_the_other_form(people: Collection[Person]) -> dict[Person, uuid.UUID]:
    """Who wrote under the number as their country also writes it, and now goes by both."""
    other = {person: (person[0], form) for person in people if (form := other_form_of(person[1]))}
    known = _find(other.values()) if other else {}
    same = {person: known[form] for person, form in other.items() if form in known}
    ContactAddress.objects.bulk_create(
        (
            ContactAddress(workspace_id=workspace_id, wa_id=wa_id, contact_id=contact_id)
            for (workspace_id, wa_id), contact_id in sorted(same.items())
        ),
        ignore_conflicts=True,
    )
    return same


def _find(people: Iterable[Person]) -> dict[Person, uuid.UUID]:
    with prepared_cursor() as cursor:
        cursor.execute(_FIND, columns(people, 2))
        return {(workspace_id, wa_id): contact_id for workspace_id, wa_id, contact_id in cursor.fetchall()}


def _rename(
    contact_of: dict[Person, uuid.UUID],
    saved: dict[Person, str],
    called: dict[Person, tuple[datetime | None, str]],
) -> list[uuid.UUID]:
    names: dict[uuid.UUID, str] = {}
    pushed: dict[uuid.UUID, tuple[datetime | None, str]] = {}
    for person, said in called.items():
        _later(pushed, contact_of[person], *said)
    for person in sorted(saved):
        names.setdefault(contact_of[person], saved[person])
    rows = [
        (contact_id, *reversed(pushed.get(contact_id, (None, ""))), names.get(contact_id, ""))
        for contact_id in names.keys() | pushed.keys()
    ]
    if not rows:
        return []
    with prepared_cursor() as cursor:
        cursor.execute(_RENAME, columns(rows, 4))
        return [contact_id for contact_id, visibly in cursor.fetchall() if visibly]
