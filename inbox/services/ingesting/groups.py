"""Who is in a group, and whether our own number may write there."""

import uuid
from collections.abc import Iterable, Iterator

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers.base import InboundGroup, InboundParticipants
from inbox.services.ingesting.chats import ARCHIVED, Chats
from inbox.services.ingesting.heard import Heard, identity
from kernel.arrays import columns
from kernel.ids import new_id
from kernel.statements import prepared_cursor

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

# What we never heard of is no reason to stop people from writing: only a known absence or rank is.
_JUDGE = """
UPDATE inbox_chat c SET read_only = j.reason <> '', read_only_reason = j.reason
FROM (
    SELECT c.id, CASE WHEN p."left" THEN %s
                      WHEN c.only_admins_write AND p.rank = 'member' THEN %s
                      ELSE '' END AS reason
    FROM (SELECT unnest(%s::uuid[]) AS id
          UNION SELECT id FROM inbox_chat WHERE channel_id = ANY(%s::uuid[]) AND kind = 'group') AS touched
    JOIN inbox_chat c ON c.id = touched.id
    JOIN channels_app_channel own ON own.id = c.channel_id
    LEFT JOIN inbox_participant p ON p.chat_id = c.id AND p.wa_id = own.own_wa_id
) j
WHERE c.id = j.id AND c.read_only_reason NOT IN (j.reason, %s)
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
    told: dict[uuid.UUID, None] = {}
    for heard in batch:
        value = heard.value
        if heard.again or not isinstance(value, InboundGroup | InboundParticipants):
            continue
        chat_id = chats.id_of[heard.source.channel_id, value.wa_chat_id]
        told[chat_id] = None
        for wa_id, rank, gone in _said(value, heard.source.own_wa_id):
            place = (chat_id, identity(wa_id, WA_ID_LIMIT, "WhatsApp id"))
            standing[place] = (rank or standing.get(place, (None, False))[0], gone)
    _write(standing)
    return list(told)


def judge_read_only(chat_ids: Iterable[uuid.UUID], *, channel_ids: Iterable[uuid.UUID] = ()) -> list[uuid.UUID]:
    """Set or lift "nobody can write here" for these groups, and all groups of these channels; the ids that changed."""
    chat_ids, channel_ids = list(chat_ids), list(channel_ids)
    if not chat_ids and not channel_ids:
        return []
    with prepared_cursor() as cursor:
        cursor.execute(_JUDGE, [NOT_IN_GROUP, ADMINS_ONLY, chat_ids, channel_ids, ARCHIVED])
        return [chat_id for (chat_id,) in cursor.fetchall()]


def _said(value: InboundGroup | InboundParticipants, own_wa_id: str) -> Iterator[tuple[str, str | None, bool]]:
    """Person, rank where it is said, and whether they are gone.

    A whole list says nothing about who is missing from it, because it may be older than an event that came before it;
    except about ourselves, where a list by phone numbers without ours is all that some removals ever show.
    """
    if isinstance(value, InboundParticipants):
        if value.action in _ACTIONS:
            for wa_id in value.wa_ids:
                yield wa_id, _RANKS.get(value.action), value.action == "remove"
        return
    for one in value.participants:
        yield one.wa_id, one.rank[:8], False
    listed = {one.wa_id for one in value.participants}
    by_number = all(wa_id.endswith("@s.whatsapp.net") for wa_id in listed)
    if value.complete and listed and by_number and own_wa_id and own_wa_id not in listed:
        yield own_wa_id, None, True


def _write(standing: dict[Place, tuple[str | None, bool]]) -> None:
    if not standing:
        return
    rows = [(new_id(), *place, rank, gone) for place, (rank, gone) in standing.items()]
    ids, chat_ids, wa_ids, ranks, gone = columns(rows, 5)
    with prepared_cursor() as cursor:
        cursor.execute(_KEEP, [ids, chat_ids, wa_ids, ranks, gone, chat_ids, wa_ids, ranks])
