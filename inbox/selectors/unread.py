"""What is unread for several members at once: a changed chat is drawn once and counted for each of them."""

import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db import connection

from channels_app.models.restriction import hidden_channel_ids
from inbox.policy import COUNT_CAP, smallest_id_at
from workspaces.models import Member


def unread_by_member(
    chat_ids: Collection[uuid.UUID], member_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[uuid.UUID, int]]:
    """{chat id: {member id: count}}, by the rule of `chat_list.unread_counts`. Two queries for any number."""
    members = dict(Member.objects.filter(id__in=member_ids).values_list("id", "joined_at"))
    counts: dict[uuid.UUID, dict[uuid.UUID, int]] = defaultdict(dict)
    if not members or not chat_ids:
        return counts
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, who.id, greatest(count(m.id), coalesce(bool_or(rc.marked_unread), false)::int)
            FROM inbox_chat c
            CROSS JOIN unnest(%(members)s::uuid[], %(floors)s::uuid[]) AS who (id, floor)
            LEFT JOIN inbox_readcursor rc ON rc.chat_id = c.id AND rc.member_id = who.id
            LEFT JOIN LATERAL (
                SELECT id FROM inbox_message
                WHERE chat_id = c.id AND direction = 'inbound' AND source <> 'history'
                  AND id > coalesce(rc.read_up_to, who.floor)
                ORDER BY id DESC LIMIT %(cap)s
            ) m ON true
            WHERE c.id = ANY(%(chats)s)
            GROUP BY c.id, who.id
            """,
            {
                "members": list(members),
                "floors": [smallest_id_at(joined_at) for joined_at in members.values()],
                "cap": COUNT_CAP,
                "chats": list(chat_ids),
            },
        )
        for chat_id, member_id, count in cursor.fetchall():
            counts[chat_id][member_id] = count
    return counts


LOOKED_AT = 500
"""The newest chats: those counted for the rail and the title. Older unread ones are found by the filter."""


def unread_chat_count(member: Member) -> int:
    """How many of the newest chats hold something unread for the member; stops at 100.

    One query, two for who does not see every channel.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM (
                SELECT 1
                FROM (
                    SELECT id FROM inbox_chat
                    WHERE workspace_id = %(workspace)s AND channel_id <> ALL (%(hidden)s)
                    ORDER BY last_message_at DESC, id DESC LIMIT %(looked_at)s
                ) c
                LEFT JOIN inbox_readcursor rc ON rc.chat_id = c.id AND rc.member_id = %(member)s
                WHERE rc.marked_unread OR EXISTS (
                    SELECT 1 FROM inbox_message m
                    WHERE m.chat_id = c.id AND m.direction = 'inbound' AND m.source <> 'history'
                      AND m.id > coalesce(rc.read_up_to, %(floor)s)
                )
                LIMIT %(cap)s
            ) unread
            """,
            {
                "workspace": member.workspace_id,
                "member": member.id,
                "floor": smallest_id_at(member.joined_at),
                "hidden": hidden_channel_ids(member),
                "looked_at": LOOKED_AT,
                "cap": COUNT_CAP,
            },
        )
        return cursor.fetchone()[0]
