"""New messages, their files, and the replies that name them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers.base import InboundMessage
from inbox.jobs import MEDIA_FETCH
from inbox.models.message import HISTORY
from inbox.services.folding import FactKey, link_replies
from inbox.services.ingesting.chats import Chats
from inbox.services.ingesting.heard import Heard, Source, as_json, identity, storable
from inbox.services.ingesting.people import Person
from inbox.states import MEDIA_TYPES, MessageType
from kernel.arrays import columns
from kernel.clock import now
from kernel.ids import new_id
from kernel.statements import prepared_cursor
from outbox.services.enqueuing import NewItem, enqueue_many
from outbox.states import Priority

# A message that could not be read at first is sent again by the provider once it can: only then is it replaced.
_INSERT = """
INSERT INTO inbox_message AS m
    (id, workspace_id, channel_id, chat_id, direction, type, text, original_text, wa_message_id, client_digest,
     sender_contact_id, sender_wa_id, sender_name, source, status, error_code, error_detail, quoted_wa_id,
     location, contacts, poll, button, extra, sort_at, sent_at, created_at, version)
SELECT n.id, n.workspace_id, n.channel_id, n.chat_id, n.direction, n.type, n.text, n.text, n.wa_message_id, '',
       n.sender_contact_id, n.sender_wa_id, n.sender_name, n.source, n.status, '', '', n.quoted_wa_id,
       n.location::jsonb, n.contacts::jsonb, n.poll::jsonb, n.button::jsonb, n.extra::jsonb, n.at, n.at, %s, 1
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[],
            %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::timestamptz[])
    AS n (id, workspace_id, channel_id, chat_id, direction, type, text, wa_message_id, sender_contact_id, sender_wa_id,
          sender_name, source, status, quoted_wa_id, location, contacts, poll, button, extra, at)
ORDER BY n.channel_id, n.wa_message_id
ON CONFLICT (channel_id, wa_message_id) DO UPDATE
SET type = excluded.type, text = excluded.text, original_text = excluded.original_text,
    quoted_wa_id = excluded.quoted_wa_id, location = excluded.location, contacts = excluded.contacts,
    poll = excluded.poll, button = excluded.button, extra = excluded.extra, version = m.version + 1
WHERE m.type = 'unsupported' AND excluded.type <> 'unsupported'
RETURNING m.id, m.channel_id, m.wa_message_id, m.version = 1
"""

_NAME_ALIAS = """
UPDATE inbox_message m SET came_as = n.wa_chat_id FROM unnest(%s::uuid[], %s::text[]) AS n (id, wa_chat_id)
WHERE m.id = n.id
"""

_INSERT_FILES = """
INSERT INTO inbox_attachment (id, workspace_id, message_id, kind, mime_type, file_name, size, seconds, state,
                              state_detail, path, provider_media_id, provider_link, created_at)
SELECT f.id, f.workspace_id, f.message_id, f.kind, f.mime_type, f.file_name, f.size, f.seconds, 'pending',
       '', '', f.provider_media_id, f.provider_link, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::int[], %s::text[],
            %s::text[])
    AS f (id, workspace_id, message_id, kind, mime_type, file_name, size, seconds, provider_media_id, provider_link)
"""

# The same rule as folding.link_replies, seen from the reply.
_FIND_QUOTED = """
UPDATE inbox_message m SET quoted_id = q.id, version = m.version + 1
FROM unnest(%s::uuid[]) AS reply (id), inbox_message n, inbox_message q
WHERE m.id = reply.id AND n.id = m.id AND q.channel_id = n.channel_id AND q.wa_message_id = n.quoted_wa_id
  AND q.chat_id = n.chat_id AND q.id <> n.id
RETURNING m.id
"""


@dataclass
class Arrived:
    """What inserting did: the ids of new messages, and of old ones that look different, by chat."""

    id_of: dict[FactKey, uuid.UUID] = field(default_factory=dict)
    created: dict[uuid.UUID, list[uuid.UUID]] = field(default_factory=dict)
    changed: dict[uuid.UUID, list[uuid.UUID]] = field(default_factory=dict)


def insert_messages(
    batch: Iterable[Heard], chats: Chats, contact_of: dict[Person, uuid.UUID], ours: dict[FactKey, uuid.UUID]
) -> Arrived:
    """Insert what is not there yet, with its files, and tell the chats. `ours` are echoes that have their message."""
    fresh = _worth_inserting(batch, ours)
    arrived = Arrived()
    if fresh:
        _expect_files(_insert(fresh, chats, contact_of, arrived))
    _link_replies(arrived, fresh, ours)
    return arrived


def _insert(
    fresh: dict[FactKey, Heard], chats: Chats, contact_of: dict[Person, uuid.UUID], arrived: Arrived
) -> list[tuple[uuid.UUID, Heard]]:
    """Fill `arrived`; the messages that have a file."""
    # Within a batch ids follow the provider's times, so that unread cursors, which count by id, follow them too. Those
    # are whole seconds; what came in the same second stays as it came, because people write it in that order.
    ordered = sorted(fresh.values(), key=lambda heard: heard.value.at)
    rows = [_row(heard, chats, contact_of) for heard in ordered]
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT, [now(), *columns(rows, 20)])
        returned = cursor.fetchall()
    files = []
    for message_id, channel_id, wa_message_id, is_new in returned:
        heard = fresh[channel_id, wa_message_id]
        message: InboundMessage = heard.value
        chat_id = chats.id_of[channel_id, message.wa_chat_id]
        arrived.id_of[channel_id, wa_message_id] = message_id
        (arrived.created if is_new else arrived.changed).setdefault(chat_id, []).append(message_id)
        if is_new:
            chats.about(chat_id).holds(message_id, message.at)
            if not message.from_me and message.source != HISTORY:
                chats.about(chat_id).written_by_customer(heard.source, message.at)
        if message.media is not None:
            files.append((message_id, heard))
    if chats.aliases:
        _note_alias(
            [one for one in returned if (one[1], fresh[one[1], one[2]].value.wa_chat_id) in chats.aliases], fresh
        )
    return files


def _note_alias(returned: Iterable[tuple], fresh: dict[FactKey, Heard]) -> None:
    """These came under another id of the same person, and can be told apart by it should it be somebody else's."""
    rows = [(message_id, fresh[channel_id, name].value.wa_chat_id) for message_id, channel_id, name, _ in returned]
    if rows:
        with prepared_cursor() as cursor:
            cursor.execute(_NAME_ALIAS, columns(rows, 2))


def _worth_inserting(batch: Iterable[Heard], ours: dict[FactKey, uuid.UUID]) -> dict[FactKey, Heard]:
    """Each message once; of two deliveries the readable one."""
    fresh: dict[FactKey, Heard] = {}
    for heard in batch:
        if isinstance(heard.value, InboundMessage):
            key = (heard.source.channel_id, identity(heard.value.wa_message_id, 255, "message id"))
            known = fresh.get(key)
            if key not in ours and (known is None or known.value.type == MessageType.UNSUPPORTED):
                fresh[key] = heard
    return fresh


def _row(heard: Heard, chats: Chats, contact_of: dict[Person, uuid.UUID]) -> tuple:
    source, message = heard.source, heard.value
    return (
        new_id(),
        source.workspace_id,
        source.channel_id,
        chats.id_of[source.channel_id, message.wa_chat_id],
        "outbound" if message.from_me else "inbound",
        str(message.type),
        storable(message.text),
        message.wa_message_id,
        None if message.from_me else contact_of.get((source.workspace_id, message.sender_wa_id)),
        storable(message.sender_wa_id, WA_ID_LIMIT),
        storable(message.sender_name, 200),
        storable(message.source, 16),
        "sent" if message.from_me else "received",
        storable(message.quoted_wa_id, 255),
        as_json(message.location),
        as_json(message.contacts),
        as_json(message.poll),
        as_json(message.button),
        as_json(message.extra) or "{}",
        message.at,
    )


def _expect_files(files: list[tuple[uuid.UUID, Heard]]) -> None:
    """An attachment for each file, and the promise to fetch it."""
    if not files:
        return
    rows, items = [], []
    for message_id, heard in files:
        media, source = heard.value.media, heard.source
        attachment_id = new_id()
        rows.append(
            (
                attachment_id,
                source.workspace_id,
                message_id,
                media.kind if media.kind in MEDIA_TYPES else "document",
                storable(media.mime_type, 120),
                storable(media.file_name, 255),
                media.size,
                media.seconds,
                storable(media.provider_media_id, 300),
                storable(media.link),
            )
        )
        items.append(_fetch(source, attachment_id))
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT_FILES, [now(), *columns(rows, 10)])
    enqueue_many(items)


def _fetch(source: Source, attachment_id: uuid.UUID) -> NewItem:
    return NewItem(
        workspace_id=source.workspace_id,
        lane_id=source.channel_id,
        order_key=attachment_id,
        kind=MEDIA_FETCH,
        payload={"attachment_id": str(attachment_id)},
        subject_id=attachment_id,
        priority=Priority.SYSTEM,
    )


def _link_replies(arrived: Arrived, fresh: dict[FactKey, Heard], ours: Iterable[FactKey]) -> None:
    """In both directions: what the new messages answer, and who answered them before they came."""
    replies = [message_id for key, message_id in arrived.id_of.items() if fresh[key].value.quoted_wa_id]
    if replies:
        with prepared_cursor() as cursor:
            cursor.execute(_FIND_QUOTED, [replies])
    for message_id, chat_id in link_replies([*arrived.id_of, *ours]):
        arrived.changed.setdefault(chat_id, []).append(message_id)
