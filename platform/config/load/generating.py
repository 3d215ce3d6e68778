"""Writes chats and messages by the hundred thousand, in the shape that real ones have, straight into the tables."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from psycopg import sql

from channels_app.models import Channel
from kernel.clock import now
from outbox.services.operating import ensure_lane
from workspaces.models import Member, User, Workspace
from workspaces.services.founding import create_workspace

SLUG = "load"
EMAIL = "load@example.com"
HISTORY = timedelta(days=365)
CHUNK = 50_000
CHANNELS = 5
WORDS = (  # noqa: SIM905  a list of them would be a page
    "order delivery invoice thanks morning question price size colour refund address tomorrow café señora please photo"
    " number street again shop open late parcel number ready paid card help later green blue table chair lamp window"
).split()

# As kernel/ids.py makes them (RFC 9562, version 7): ids follow the times, because unread cursors count by id.
_ID_AT = """
CREATE OR REPLACE FUNCTION pg_temp.id_at(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
            || '8' || substr(md5(random()::text), 1, 15))::uuid
$$
"""

_CHATS = """
WITH born AS (
    SELECT n, %(begin)s::timestamptz + random() * (%(end)s::timestamptz - %(begin)s::timestamptz) AS at,
           gen_random_uuid() AS contact_id, gen_random_uuid() AS address_id
    FROM generate_series(%(first)s, %(last)s) AS n
), people AS (
    INSERT INTO inbox_contact (id, workspace_id, name, push_name, notes, created_at)
    SELECT contact_id, %(workspace)s, '', 'Customer ' || n, '', at FROM born
), addresses AS (
    INSERT INTO inbox_contactaddress (id, workspace_id, contact_id, wa_id, kept_apart)
    SELECT address_id, %(workspace)s, contact_id, '15550100' || lpad(n::text, 7, '0') || '@s.whatsapp.net', false
    FROM born
)
INSERT INTO inbox_chat (id, workspace_id, channel_id, wa_chat_id, kind, contact_id, name, read_only, read_only_reason,
                        only_admins_write, state, assigned_to_id, last_message_at, created_at)
SELECT pg_temp.id_at(at), %(workspace)s, (%(channels)s::uuid[])[1 + n %% array_length(%(channels)s::uuid[], 1)],
       '15550100' || lpad(n::text, 7, '0') || '@s.whatsapp.net', 'direct', contact_id, '', false, '', false,
       CASE WHEN n %% 10 = 0 THEN 'open' ELSE 'done' END, CASE WHEN n %% 3 = 0 THEN %(member)s::uuid END, at, at
FROM born
"""

# A few chats have most of the messages: the cube of an even random number.
_MESSAGES = """
INSERT INTO inbox_message (id, workspace_id, channel_id, chat_id, direction, type, text, original_text, wa_message_id,
                           client_digest, sender_contact_id, sender_wa_id, sender_name, source, status, error_code,
                           error_detail, quoted_wa_id, extra, sort_at, sent_at, created_at, version)
SELECT pg_temp.id_at(m.at), c.workspace_id, c.channel_id, c.id, m.direction, 'text', m.text, m.text,
       'load-' || m.n, '', CASE WHEN m.direction = 'inbound' THEN c.contact_id END,
       CASE WHEN m.direction = 'inbound' THEN c.wa_chat_id ELSE '' END, '', 'mobile',
       CASE WHEN m.direction = 'inbound' THEN 'received' ELSE 'read' END, '', '', '', '{}', m.at, m.at, m.at, 1
FROM (
    SELECT n, 1 + floor(power(random(), 3) * %(chats)s)::int AS place,
           %(begin)s::timestamptz + (n::float / %(messages)s) * (%(end)s::timestamptz - %(begin)s::timestamptz) AS at,
           CASE WHEN random() < 0.6 THEN 'inbound' ELSE 'outbound' END AS direction,
           (SELECT string_agg((%(words)s::text[])[1 + floor(random() * %(word_count)s)::int], ' ')
            FROM generate_series(1, 4 + (n %% 12)::int)) || ' ' || n AS text
    FROM generate_series(%(first)s, %(last)s) AS n
) AS m
JOIN load_chats c ON c.place = m.place
"""

_LAST_MESSAGES = """
UPDATE inbox_chat c SET last_message_id = m.id, last_message_at = m.sort_at
FROM (
    SELECT DISTINCT ON (chat_id) chat_id, id, sort_at FROM inbox_message WHERE workspace_id = %s
    ORDER BY chat_id, sort_at DESC, id DESC
) AS m
WHERE c.id = m.chat_id
"""

_READ_CURSORS = """
INSERT INTO inbox_readcursor (id, workspace_id, member_id, chat_id, read_up_to, marked_unread, read_at)
SELECT gen_random_uuid(), c.workspace_id, %s, c.id, c.last_message_id, false, now()
FROM inbox_chat c WHERE c.workspace_id = %s AND c.last_message_id IS NOT NULL AND (c.state <> 'open' OR random() < 0.7)
ON CONFLICT DO NOTHING
"""


_TABLES = ("inbox_readcursor", "inbox_message", "inbox_chat", "inbox_contactaddress", "inbox_contact")
"""In the order in which they can be emptied: nothing points to rows that go."""


@dataclass(frozen=True)
class Load:
    """What there is now. `password` is that of the one member, and shown only here."""

    workspace: Workspace
    member: Member
    password: str
    chats: int
    messages: int


def generate(*, chats: int, messages: int, tell: Callable[[str], None] = lambda line: None) -> Load:
    """Make the workspace `load` anew with so many chats and messages. `tell` hears of the progress."""
    remove()
    _run(_ID_AT)
    password = secrets.token_urlsafe(9)
    workspace, member, channels = _ground(password)
    end = now()
    values = {
        "workspace": workspace.pk,
        "member": member.pk,
        "channels": [channel.pk for channel in channels],
        "begin": end - HISTORY,
        "end": end,
        "chats": chats,
        "messages": messages,
        "words": WORDS,
        "word_count": len(WORDS),
    }
    _in_chunks(_CHATS, chats, values, lambda done: tell(f"{done:,} of {chats:,} chats"))
    with transaction.atomic():
        _run(
            "CREATE TEMPORARY TABLE load_chats ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY md5(id::text)) AS"
            " place, id, workspace_id, channel_id, contact_id, wa_chat_id FROM inbox_chat WHERE workspace_id = %s",
            [workspace.pk],
        )
        _run("CREATE UNIQUE INDEX ON load_chats (place)")
        _run("ANALYZE load_chats")
        _in_chunks(_MESSAGES, messages, values, lambda done: tell(f"{done:,} of {messages:,} messages"))
        _run(_LAST_MESSAGES, [workspace.pk])
        _run(_READ_CURSORS, [member.pk, workspace.pk])
    tell("VACUUM ANALYZE")
    _run(f"VACUUM ANALYZE {', '.join(_TABLES)}")
    return Load(workspace, member, password, chats, messages)


def remove() -> None:
    """Take the workspace away, if there is one.

    By tables first: to be deleted through the ORM, every row would have to be read. Each is vacuumed, because who
    deletes what messages point to looks through dead messages too.
    """
    old = Workspace.objects.filter(slug=SLUG).first()
    if old is None:
        return
    for table in _TABLES:
        _run(sql.SQL("DELETE FROM {} WHERE workspace_id = %s").format(sql.Identifier(table)), [old.pk])
        _run(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
    old.delete()
    User.objects.filter(email=EMAIL, memberships=None).delete()


def _ground(password: str) -> tuple[Workspace, Member, list[Channel]]:
    workspace = create_workspace(name="Load", slug=SLUG, owner_email=EMAIL, owner_name="Load", password=password)
    Member.objects.filter(workspace=workspace).update(joined_at=now() - HISTORY)
    channels = [
        Channel.objects.create(workspace=workspace, provider="whapi", name=f"Load {number}", status="disconnected")
        for number in range(1, CHANNELS + 1)
    ]
    for channel in channels:
        ensure_lane(lane_id=channel.pk, workspace_id=workspace.pk, name=channel.name)
    return workspace, Member.objects.get(workspace=workspace), channels


def _in_chunks(statement: str, count: int, values: dict, tell: Callable[[int], None]) -> None:
    for first in range(1, count + 1, CHUNK):
        last = min(first + CHUNK - 1, count)
        _run(statement, {**values, "first": first, "last": last})
        tell(last)


def _run(statement: str | sql.Composable, parameters: list | dict | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
