"""Applies a batch of what providers told us: a fixed number of statements for any number of values."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from channels_app.models import Channel
from channels_app.providers.base import (
    InboundConnection,
    InboundGroup,
    InboundIdentity,
    InboundNotice,
    InboundParticipants,
    InboundPresence,
    InboundStatus,
    InboundTemplate,
)
from channels_app.services.connection import (
    lock_for_news,
    note_confirmed,
    note_connection,
    note_inbound,
    note_notice,
)
from channels_app.services.templates import note_template
from inbox.events import ChatChanged, CustomerPresence, MessagesChanged
from inbox.models import Chat
from inbox.services.folding import FactKey, Folded, lock_facts, read_folded, write
from inbox.services.identities import Pair, unite
from inbox.services.ingesting.announcing import announce_participants
from inbox.services.ingesting.chats import ARCHIVED, Chats, change_chats, find_or_make_chats
from inbox.services.ingesting.echoes import confirm_uncertain, match_our_sends, name_our_sends
from inbox.services.ingesting.facts import facts_in, keep_facts
from inbox.services.ingesting.groups import NOT_IN_GROUP, judge_read_only, keep_participants
from inbox.services.ingesting.heard import Heard, Source
from inbox.services.ingesting.messages import Arrived, insert_messages
from inbox.services.ingesting.people import find_or_make_people
from inbox.states import MessageStatus
from kernel.arrays import columns
from kernel.clock import now
from kernel.events import publish
from kernel.statements import prepared_cursor

_LOCK_CHATS = "SELECT FROM inbox_chat WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"

# Never past a message that the phone had not shown: the cursor stops before the first inbound one that is younger.
_READ_ON_PHONE = """
UPDATE inbox_chat c SET read_up_to = seen.id
FROM unnest(%s::uuid[], %s::timestamptz[]) AS said (chat_id, at)
JOIN inbox_chat k ON k.id = said.chat_id
LEFT JOIN LATERAL (
    SELECT m.id FROM inbox_message m
    WHERE m.chat_id = said.chat_id AND m.direction = 'inbound' AND m.source <> 'history'
      AND m.sort_at > said.at AND m.id > coalesce(k.read_up_to, '00000000-0000-0000-0000-000000000000')
    ORDER BY m.id LIMIT 1
) unseen ON true
JOIN LATERAL (
    SELECT m.id FROM inbox_message m
    WHERE m.chat_id = said.chat_id AND m.direction = 'inbound' AND m.source <> 'history'
      AND (unseen.id IS NULL OR m.id < unseen.id)
    ORDER BY m.id DESC LIMIT 1
) seen ON true
WHERE c.id = said.chat_id AND (c.read_up_to IS NULL OR c.read_up_to < seen.id)
RETURNING c.id
"""

_READ_BY_EVERYBODY = """
INSERT INTO inbox_readcursor AS rc (id, workspace_id, member_id, chat_id, read_up_to, marked_unread, read_at)
SELECT gen_random_uuid(), c.workspace_id, m.id, c.id, c.read_up_to, false, %s
FROM inbox_chat c JOIN workspaces_member m ON m.workspace_id = c.workspace_id AND m.removed_at IS NULL
WHERE c.id = ANY(%s::uuid[])
ORDER BY m.id, c.id
ON CONFLICT (member_id, chat_id) DO UPDATE SET read_up_to = excluded.read_up_to, read_at = excluded.read_at
WHERE rc.read_up_to < excluded.read_up_to
"""


def apply_values(batch: Sequence[Heard]) -> None:
    """Write what `batch` says and publish what changed, inside the caller's transaction.

    The end state does not depend on the order of values, on how they are cut into batches, or on repetition, except
    for news without a time of its own (who is in a group, the connection), where the last to arrive counts.
    Locks are taken in one order everywhere: channels and lanes of whose connection there is news, outbox items, chats,
    messages, facts. Raises CannotApply, or a database error; then the transaction is of no use.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("apply_values was called outside a transaction.")
    if news := {h.source.channel_id for h in batch if isinstance(h.value, InboundConnection) and not h.again}:
        lock_for_news(news)
    unite(_identities(batch))
    people = find_or_make_people(batch)
    chats = find_or_make_chats(batch, people.contact_of)
    matched = match_our_sends(batch, chats)
    _lock_chats(chats)
    ours = name_our_sends(matched)
    arrived = insert_messages(batch, chats, people.contact_of, ours)
    folded = _apply_facts(batch, {*arrived.id_of, *ours})
    changed_chats = {*change_chats(chats), *_mark_read(folded), *_chats_of(people.renamed)}
    announce_participants(batch, chats, arrived)
    changed_chats |= _apply_groups(batch, chats, relinked=_tell_connections(batch))
    _publish(arrived, folded, chats, changed_chats)
    _tell_presences(batch)


def apply_groups(*, channel_id: uuid.UUID, groups: Sequence[InboundGroup], whole_at: datetime | None = None) -> None:
    """Write a list of groups that was asked for, as if the provider had told it. Inside a transaction only.

    Groups that a whole list does not have are those that our number is not in any more; nobody told of its leaving.
    """
    channel = Channel.objects.get(pk=channel_id)
    source = Source(channel.pk, channel.workspace_id, channel.provider, channel.own_wa_id)
    gone = _groups_besides(groups, channel, whole_at) if whole_at and channel.own_wa_id else ()
    left = [InboundParticipants(wa_chat_id, "remove", (channel.own_wa_id,)) for wa_chat_id in gone]
    apply_values([Heard(source, value) for value in (*groups, *left)])


def _groups_besides(groups: Sequence[InboundGroup], channel: Channel, whole_at: datetime) -> Iterable[str]:
    """Our other groups, but for those that were made or written to after the list."""
    listed = [group.wa_chat_id for group in groups]
    known = Chat.objects.filter(channel=channel, kind="group", created_at__lt=whole_at, last_message_at__lt=whole_at)
    known = known.exclude(wa_chat_id__in=listed).exclude(read_only_reason__in=[NOT_IN_GROUP, ARCHIVED])
    return known.order_by("id").values_list("wa_chat_id", flat=True)


def _identities(batch: Sequence[Heard]) -> Iterable[Pair]:
    told = (heard for heard in batch if isinstance(heard.value, InboundIdentity))
    return ((heard.source.workspace_id, heard.value.wa_id, heard.value.number) for heard in told)


def _lock_chats(chats: Chats) -> None:
    if chats.id_of:
        with prepared_cursor() as cursor:
            cursor.execute(_LOCK_CHATS, columns(((chat_id,) for chat_id in chats.id_of.values()), 1))


def _apply_facts(batch: Sequence[Heard], named: set[FactKey]) -> Folded:
    """Keep the facts, and fold those about known messages; `named` are messages that have their id only now."""
    facts = facts_in(batch)
    lock_facts((fact.channel_id, fact.wa_message_id) for fact in facts)
    touched = keep_facts(facts)
    folded = read_folded(touched | named, touched=touched)
    uncertain = [one for one in folded.changed if one.was == MessageStatus.UNCERTAIN and one.seen.status != one.was]
    confirm_uncertain((one.id, one.wa_message_id, one.seen.sent_at) for one in uncertain)
    write(folded)
    return folded


def _mark_read(folded: Folded) -> list[uuid.UUID]:
    """Somebody read these chats on the phone: they are read for everybody."""
    if not folded.read_on_phone:
        return []
    with prepared_cursor() as cursor:
        cursor.execute(_READ_ON_PHONE, columns(sorted(folded.read_on_phone.items()), 2))
        chat_ids = [chat_id for (chat_id,) in cursor.fetchall()]
        if chat_ids:
            cursor.execute(_READ_BY_EVERYBODY, [now(), chat_ids])
    return chat_ids


def _apply_groups(batch: Sequence[Heard], chats: Chats, *, relinked: set[uuid.UUID]) -> set[uuid.UUID]:
    """Who is in the groups, and where our number may write; another number means another answer in all its groups."""
    told = keep_participants(batch, chats)
    return {*told, *judge_read_only(told, channel_ids=relinked)}


def _chats_of(contact_ids: list[uuid.UUID]) -> Iterable[uuid.UUID]:
    if not contact_ids:
        return []
    return Chat.objects.filter(contact_id__in=contact_ids).values_list("pk", flat=True)


def _publish(arrived: Arrived, folded: Folded, chats: Chats, changed_chats: set[uuid.UUID]) -> None:
    places = {chat_id: (source.workspace_id, source.channel_id) for chat_id, source in chats.source_of.items()}
    messages: dict[uuid.UUID, dict[uuid.UUID, None]] = defaultdict(dict)
    for by_chat in (arrived.created, arrived.changed):
        for chat_id, message_ids in by_chat.items():
            messages[chat_id].update(dict.fromkeys(message_ids))
    for one in folded.changed:
        places[one.chat_id] = (one.workspace_id, one.channel_id)
        messages[one.chat_id][one.id] = None
    events: list[MessagesChanged | ChatChanged] = [
        MessagesChanged(*places[chat_id], chat_id, tuple(message_ids), tuple(arrived.created.get(chat_id, ())))
        for chat_id, message_ids in messages.items()
    ]
    if unplaced := changed_chats - places.keys():
        rows = Chat.objects.filter(pk__in=unplaced).values_list("pk", "workspace_id", "channel_id")
        places |= {chat_id: (workspace_id, channel_id) for chat_id, workspace_id, channel_id in rows}
    events += [ChatChanged(*places[chat_id], chat_id) for chat_id in changed_chats]
    publish(*events)


def _tell_presences(batch: Sequence[Heard]) -> None:
    """Typing is news for the next seconds only: published, never stored, and not from a replay."""
    wanted = {
        (heard.source.channel_id, heard.value.wa_id): (heard.source.workspace_id, heard.value.status)
        for heard in batch
        if isinstance(heard.value, InboundPresence) and not heard.again
    }
    if not wanted:
        return
    rows = Chat.objects.filter(
        channel_id__in={key[0] for key in wanted}, wa_chat_id__in={key[1] for key in wanted}
    ).values_list("channel_id", "wa_chat_id", "pk")
    for channel_id, wa_id, chat_id in rows:
        if (channel_id, wa_id) in wanted:
            workspace_id, status = wanted[channel_id, wa_id]
            publish(CustomerPresence(workspace_id, chat_id, status))


def _tell_connections(batch: Sequence[Heard]) -> set[uuid.UUID]:
    """What providers say of the connection itself; the channels of which they named the number."""
    heard_at = now()
    fresh = [heard for heard in batch if not heard.again]
    named = set()
    for heard in fresh:
        if isinstance(heard.value, InboundConnection):
            note_connection(channel_id=heard.source.channel_id, values=heard.value)
            if heard.value.own_wa_id:
                named.add(heard.source.channel_id)
        elif isinstance(heard.value, InboundTemplate):
            note_template(channel_id=heard.source.channel_id, news=heard.value)
        elif isinstance(heard.value, InboundNotice):
            note_notice(channel_id=heard.source.channel_id, notice=heard.value)
    if fresh:
        note_inbound({heard.source.channel_id for heard in fresh}, heard_at)
    if acknowledged := {heard.source.channel_id for heard in fresh if isinstance(heard.value, InboundStatus)}:
        note_confirmed(acknowledged, heard_at)
    return named
