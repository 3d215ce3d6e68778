"""The echo of a send and the provider's own answer meet in any order and end as one bubble."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from channels_app.providers.base import InboundMessage, InboundStatus
from channels_app.providers.errors import ProviderError
from inbox.models import Chat, Message
from inbox.services.ingesting import Heard, Source, apply_values
from outbox.models import Item
from tests.support.chats import drain, item_of, make_chat, settle, write
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def hear(world: World) -> Callable[..., None]:
    source = Source(world.channel.pk, world.acme.pk, "whapi", world.channel.own_wa_id)

    def apply(*values) -> None:
        with transaction.atomic():
            apply_values([Heard(source, value) for value in values])

    return apply


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
