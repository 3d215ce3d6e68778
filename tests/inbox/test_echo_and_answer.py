"""The echo of a send and the provider's own answer meet in any order and end as one bubble."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from channels_app.providers.base import InboundMessage, InboundStatus
from channels_app.providers.errors import ProviderError
from inbox.models import Attachment, Chat, Message
from inbox.services.ingesting import echoes
from inbox.services.resolving import retry_message
from outbox.models import Attempt, Item
from tests.support.chats import drain, item_of, make_chat, settle, write
from tests.support.query_budget import queries_of
from tests.support.world import World

pytestmark = pytest.mark.django_db


def echo(chat: Chat, text: str, wa_message_id: str) -> InboundMessage:
    return InboundMessage(
        wa_message_id=wa_message_id,
        wa_chat_id=chat.wa_chat_id,
        from_me=True,
        sender_wa_id="",
        at=timezone.now(),
        type="text",
        text=text,
        source="api",
    )


def delivered(wa_message_id: str) -> InboundStatus:
    return InboundStatus(wa_message_id=wa_message_id, status="delivered", at=timezone.now())


def the_only(chat: Chat) -> Message:
    return Message.objects.get(chat=chat)


def test_an_echo_before_the_answer_is_our_message_already(world, chat, provider, hear):
    write(world.ben, chat, "Good morning")
    provider.during = lambda: hear(echo(chat, "Good morning", "wa-1"), delivered("wa-1"))
    drain()
    assert (the_only(chat).wa_message_id, the_only(chat).status) == ("wa-1", "delivered")
    assert Item.objects.get().state == "sent"


def test_an_echo_that_looks_different_before_the_answer_is_merged_with_it(world, chat, provider, hear):
    """Providers change texts: they trim them, or write an emoji in another form."""
    ours = write(world.ben, chat, "Good morning ☺")
    provider.during = lambda: hear(echo(chat, "Good morning ☺\ufe0f", "wa-1"), delivered("wa-1"))
    drain()
    assert the_only(chat).pk == ours.pk
    assert (the_only(chat).wa_message_id, the_only(chat).status) == ("wa-1", "delivered")
    chat.refresh_from_db()
    assert chat.last_message_id == ours.pk


def test_an_echo_after_the_answer_changes_nothing(world, chat, provider, hear):
    write(world.ben, chat, "Good morning")
    drain()
    version = the_only(chat).version
    hear(echo(chat, "Good morning", "wa-1"))
    assert (the_only(chat).status, the_only(chat).version) == ("sent", version)


def test_an_echo_resolves_what_nobody_knew(world, chat, provider, hear):
    message = write(world.ben, chat, "Good morning")
    provider.ends = [ProviderError("timeout", "No answer came in time.", outcome_unknown=True)]
    drain()
    assert the_only(chat).status == "uncertain"
    hear(echo(chat, "Good morning", "wa-7"))
    assert (the_only(chat).status, the_only(chat).wa_message_id) == ("sent", "wa-7")
    assert item_of(message).state == "sent"
    drain()
    assert len(provider.sent()) == 1


def nobody_knows(world: World, chat: Chat, provider, text: str) -> Message:
    message = write(world.ben, chat, text)
    provider.ends = [ProviderError("timeout", "No answer came in time.", outcome_unknown=True)]
    drain()
    return message


def test_a_late_echo_during_the_second_try_leaves_a_bubble_for_each_of_the_two(world, chat, provider, hear):
    """The first try had arrived after all, and its echo is taken for that of the second: both exist at the provider."""
    message = nobody_knows(world, chat, provider, "Good morning")
    provider.during = lambda: hear(echo(chat, "Good morning", "wa-late"), delivered("wa-late"))
    retry_message(actor=world.ana, message=the_only(chat))
    drain()
    message.refresh_from_db()
    assert (message.wa_message_id, message.status, message.delivered_at) == ("wa-1", "sent", None)
    other = Message.objects.exclude(pk=message.pk).get()
    assert (other.wa_message_id, other.status, other.text) == ("wa-late", "delivered", "Good morning")
    assert other.client_id is None
    assert item_of(message).provider_id == "wa-1"
    hear(echo(chat, "Good morning", "wa-1"), echo(chat, "Good morning", "wa-late"), delivered("wa-1"))
    assert sorted(Message.objects.values_list("wa_message_id", "status")) == [
        ("wa-1", "delivered"),
        ("wa-late", "delivered"),
    ]


def test_a_late_echo_after_the_second_try_leaves_a_bubble_for_each_of_the_two(world, chat, provider, hear):
    message = nobody_knows(world, chat, provider, "Good morning")
    retry_message(actor=world.ana, message=the_only(chat))
    drain()
    hear(echo(chat, "Good morning", "wa-late"))
    assert sorted(Message.objects.values_list("wa_message_id", "pk"))[0] == ("wa-1", message.pk)
    assert Message.objects.exclude(pk=message.pk).get().wa_message_id == "wa-late"


def test_the_file_of_the_first_try_is_shown_with_it(world, chat, provider, hear):
    message = nobody_knows(world, chat, provider, "Good morning")
    Attachment.objects.create(
        workspace=world.acme, message=message, kind="image", mime_type="image/png", state="ready", path="a/b"
    )
    provider.during = lambda: hear(echo(chat, "Good morning", "wa-late"))
    retry_message(actor=world.ana, message=the_only(chat))
    drain()
    assert sorted(Attachment.objects.values_list("message__wa_message_id", "path")) == [
        ("wa-1", "a/b"),
        ("wa-late", "a/b"),
    ]


def test_an_echo_that_came_too_late_for_our_message_gets_a_bubble(world, chat, hear, monkeypatch):
    """While the echo waited for the item, the provider's answer gave the message another id."""
    message = write(world.ben, chat, "Good morning")

    def answered_meanwhile(item_ids) -> None:
        settle((message, "sent", {"provider_id": "wa-1"}))
        Item.objects.filter(pk__in=item_ids).update(state="sent", open=False, provider_id="wa-1")

    monkeypatch.setattr(echoes, "lock_items", answered_meanwhile)
    Attempt.objects.create(
        item=item_of(message), order_key=chat.pk, lane_id=chat.channel_id, worker_id=1, started_at=timezone.now()
    )
    hear(echo(chat, "Good morning", "wa-7"))
    assert set(Message.objects.values_list("wa_message_id", flat=True)) == {"wa-1", "wa-7"}


def test_locks_are_taken_in_the_relays_order(world, chat, hear):
    """Attempts and items by their ids, then chats, messages and facts: then nobody waits in a ring."""
    pairs = [(write(world.ben, make_chat(world.channel), f"text {n}"), n) for n in range(3)]
    for message, _ in reversed(pairs):
        Attempt.objects.create(
            item=item_of(message), order_key=message.chat_id, lane_id=message.channel_id, worker_id=1
        )
    said = [echo(message.chat, f"text {n}", f"wa-{n}") for message, n in pairs]
    asked = queries_of(lambda: hear(*said, *(delivered(f"wa-{n}") for n in range(3))))

    def first(*words: str) -> int:
        return next(place for place, query in enumerate(asked) if all(word in query for word in words))

    attempts = first('FROM "outbox_attempt"', "ORDER BY", "FOR UPDATE")
    items = first('FROM "outbox_item"', "ORDER BY", "FOR NO KEY UPDATE")
    chats = first("FROM inbox_chat", "FOR NO KEY UPDATE")
    messages = first("UPDATE inbox_message")
    facts = first("pg_advisory_xact_lock")
    assert [attempts, items, chats, messages, facts] == sorted([attempts, items, chats, messages, facts])
    assert sum("pg_advisory_xact_lock" in query for query in asked) == 1


@pytest.mark.django_db(transaction=True)
def test_answers_and_echoes_at_the_same_moment_leave_one_bubble_each(world, hear):
    """Both sides in threads of their own; a deadlock or a second bubble would show."""
    chats = [make_chat(world.channel) for _ in range(4)]
    pairs = [(write(world.ben, chat, f"text {n}"), chat, f"wa-{chat.pk}-{n}") for chat in chats for n in range(6)]
    ready, failures = threading.Barrier(2), []

    def in_thread(deed: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                ready.wait(timeout=10)
                deed()
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        return threading.Thread(target=run)

    def answer() -> None:
        for message, _, wa_message_id in pairs:
            with transaction.atomic():
                settle((message, "sent", {"provider_id": wa_message_id}))

    def hear_echoes() -> None:
        for start in range(0, len(pairs), 4):
            batch = pairs[start : start + 4]
            hear(*(echo(chat, "as the provider wrote it", wa_id) for _, chat, wa_id in batch))
            hear(*(delivered(wa_id) for _, _, wa_id in batch))

    threads = [in_thread(answer), in_thread(hear_echoes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    found = Message.objects.order_by("wa_message_id").values_list("pk", "wa_message_id", "status")
    wanted = sorted(((message.pk, wa_id, "delivered") for message, _, wa_id in pairs), key=lambda row: row[1])
    assert sorted(found, key=lambda row: row[1]) == wanted
