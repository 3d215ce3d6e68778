"""The workspace full of nonsense, and how the inbox finds its way in it: through indexes, whatever the size."""

import json
from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.load.generating import Load, generate, remove
from inbox.models import Chat, Contact, Message
from inbox.selectors.chat_list import chat_page, tab_counts, unread_counts
from inbox.selectors.messages import messages_page
from workspaces.models import Workspace

LARGE = {"inbox_chat", "inbox_message", "inbox_contact", "inbox_contactaddress", "inbox_messagefact"}
ROWS_ENOUGH = 5_000
"""More rows of one table than this no page of the inbox has a reason to look at, whatever there is."""


@pytest.fixture(scope="module")
def load(django_db_setup, django_db_blocker):
    """One for all: it is only read. Taken away at the end, because it is committed."""
    with django_db_blocker.unblock():
        made = generate(chats=2_000, messages=12_000)
        yield made
        remove()
        connection.close()


def rows_looked_at(deed: Callable[[], object]) -> dict[str, int]:
    """By large table, the most rows that one step of one statement of `deed` looked at.

    Whole tables are read only where no index could serve: with a thousand rows that would otherwise be the best plan.
    """
    asked = []

    def note(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        deed()
    most: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in asked:
            if sql.lstrip().upper().startswith(("SELECT", "WITH")):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                (plan,) = cursor.fetchone()
                for table, rows in _steps((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]):
                    most[table] = max(rows, most.get(table, 0))
    return most


def _steps(node: dict) -> Iterator[tuple[str, int]]:
    if node.get("Relation Name") in LARGE:
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        yield node["Relation Name"], int((node["Actual Rows"] + dropped) * node["Actual Loops"])
    for inner in node.get("Plans", []):
        yield from _steps(inner)


@pytest.mark.django_db
def test_there_is_as_much_as_was_asked_for_and_every_chat_stands_at_its_newest_message(load: Load):
    assert Message.objects.filter(workspace=load.workspace).count() == 12_000
    assert Chat.objects.filter(workspace=load.workspace).count() == 2_000
    assert Contact.objects.filter(workspace=load.workspace).count() == 2_000
    busiest = Chat.objects.filter(workspace=load.workspace).order_by("-last_message_at").first()
    newest = Message.objects.filter(chat=busiest).order_by("-sort_at").first()
    assert (busiest.last_message_id, busiest.last_message_at) == (newest.pk, newest.sort_at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "read",
    [
        lambda load: chat_page(load.member),
        lambda load: chat_page(load.member, assigned="me"),
        lambda load: chat_page(load.member, assigned="none"),
        lambda load: chat_page(load.member, channel=load.workspace.channels.first().pk),
        lambda load: chat_page(load.member, unread=True),
        lambda load: chat_page(load.member, cursor=chat_page(load.member, limit=20).next),
        lambda load: chat_page(load.member, q="Customer 42"),
        lambda load: chat_page(load.member, q="15550100000042"),
        lambda load: chat_page(load.member, q="invoice 777"),
        lambda load: tab_counts(load.member),
        lambda load: unread_counts(load.member, [row.chat.pk for row in chat_page(load.member).rows]),
        lambda load: messages_page(_busiest(load), limit=50),
    ],
)
def test_what_the_inbox_reads_does_not_grow_with_what_there_is(load: Load, read):
    looked_at = rows_looked_at(lambda: read(load))
    assert looked_at
    assert {table: rows for table, rows in looked_at.items() if rows > ROWS_ENOUGH} == {}


def _busiest(load: Load) -> Chat:
    return Chat.objects.filter(workspace=load.workspace).order_by("-last_message_at", "-id").first()


@pytest.mark.django_db
def test_nothing_to_make_is_said():
    with pytest.raises(CommandError, match="at least one"):
        call_command("generate_load", chats=0)
    assert not Workspace.objects.filter(slug="none").exists()
