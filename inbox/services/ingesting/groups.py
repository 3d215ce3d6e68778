"""Who is in a group, and whether our own number may write there."""

import uuid
from collections.abc import Iterable

from django.db import connection

from channels_app.providers.base import InboundGroup, InboundParticipants
from inbox.services.ingesting.chats import Chats
from inbox.services.ingesting.heard import Heard, columns, identity
from kernel.ids import new_id

NOT_IN_GROUP = "Our number is not in this group any more."
ADMINS_ONLY = "Only admins write in this group, and our number is not one."

_KEEP = """
INSERT INTO inbox_participant AS p (id, chat_id, wa_id, rank, "left")
SELECT n.id, n.chat_id, n.wa_id, coalesce(n.rank, 'member'), n.gone
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::boolean[]) AS n (id, chat_id, wa_id, rank, gone)
ORDER BY n.chat_id, n.wa_id
ON CONFLICT (chat_id, wa_id) DO UPDATE SET rank = coalesce(
    (SELECT n.rank FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS n (chat_id, wa_id, rank)
     WHERE n.chat_id = excluded.chat_id AND n.wa_id = excluded.wa_id), p.rank), "left" = excluded."left"
"""

_OTHERS_LEFT = """
UPDATE inbox_participant p SET "left" = true
FROM unnest(%s::uuid[]) AS whole (chat_id)
WHERE p.chat_id = whole.chat_id AND NOT p."left"
  AND NOT EXISTS (SELECT FROM unnest(%s::uuid[], %s::text[]) AS n (chat_id, wa_id)
                  WHERE n.chat_id = p.chat_id AND n.wa_id = p.wa_id)
"""

# What we never heard of is no reason to stop people from writing: only a known absence or rank is.
_JUDGE = """
UPDATE inbox_chat c SET read_only = j.reason <> '', read_only_reason = j.reason
FROM (
    SELECT c.id, CASE WHEN p."left" THEN %s
                      WHEN c.only_admins_write AND p.rank = 'member' THEN %s
                      ELSE '' END AS reason
    FROM unnest(%s::uuid[], %s::text[]) AS touched (chat_id, own_wa_id)
    JOIN inbox_chat c ON c.id = touched.chat_id
    LEFT JOIN inbox_participant p ON p.chat_id = touched.chat_id AND p.wa_id = touched.own_wa_id
) j
WHERE c.id = j.id AND c.read_only_reason <> j.reason
RETURNING c.id
"""

_RANKS = {"promote": "admin", "demote": "member", "remove": "member"}
_ACTIONS = ("add", "remove", "promote", "demote")

Place = tuple[uuid.UUID, str]  # chat id, wa_id


def keep_participants(batch: Iterable[Heard], chats: Chats) -> list[uuid.UUID]:
    """Write who is in the groups; the ids of the chats about which anything was said.

    Such news carries no time of its own: the last to arrive counts, and a delivery applied before says nothing.
    """
    standing: dict[Place, tuple[str | None, bool]] = {}
    whole: set[uuid.UUID] = set()
    told: dict[uuid.UUID, None] = {}
    for heard in batch:
        value = heard.value
        if heard.again or not isinstance(value, InboundGroup | InboundParticipants):
            continue
        chat_id = chats.id_of[heard.source.channel_id, value.wa_chat_id]
        told[chat_id] = None
        if isinstance(value, InboundGroup):
            if value.complete:
                whole.add(chat_id)
                standing = {place: how for place, how in standing.items() if place[0] != chat_id}
            for one in value.participants:
                standing[chat_id, identity(one.wa_id, 80, "WhatsApp id")] = (one.rank[:8], False)
        elif value.action in _ACTIONS:
            for wa_id in value.wa_ids:
                place = (chat_id, identity(wa_id, 80, "WhatsApp id"))
                rank = _RANKS.get(value.action) or standing.get(place, (None, False))[0]
                standing[place] = (rank, value.action == "remove")
    _write(standing, whole)
    return list(told)


def judge_read_only(chat_ids: Iterable[uuid.UUID], chats: Chats) -> list[uuid.UUID]:
    """Set or lift "nobody can write here" for these groups; the ids of those that changed."""
    rows = [(chat_id, chats.source_of[chat_id].own_wa_id) for chat_id in chat_ids]
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_JUDGE, [NOT_IN_GROUP, ADMINS_ONLY, *columns(rows, 2)])
        return [chat_id for (chat_id,) in cursor.fetchall()]


def _write(standing: dict[Place, tuple[str | None, bool]], whole: set[uuid.UUID]) -> None:
    if not standing and not whole:
        return
    rows = [(new_id(), *place, rank, gone) for place, (rank, gone) in standing.items()]
    ids, chat_ids, wa_ids, ranks, gone = columns(rows, 5)
    with connection.cursor() as cursor:
        if whole:
            cursor.execute(_OTHERS_LEFT, [list(whole), chat_ids, wa_ids])
        if rows:
            cursor.execute(_KEEP, [ids, chat_ids, wa_ids, ranks, gone, chat_ids, wa_ids, ranks])
