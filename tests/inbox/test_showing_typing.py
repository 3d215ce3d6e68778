"""Customers see that somebody writes to them, and nothing of what is not for them."""

from datetime import timedelta
from unittest import mock

import pytest
from asgiref.sync import sync_to_async

from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from inbox.models import Chat
from inbox.services import showing_typing
from inbox.services.showing_typing import AT_ONCE, show_typing
from kernel import clock
from outbox.models import Lane
from tests.support.chats import customer_writes
from tests.support.sockets import inbox_of
from tests.support.waiting import until

pytestmark = pytest.mark.django_db


class AtOnce:
    """A pool that does it here and now."""

    def submit(self, deed, *args):
        deed(*args)


@pytest.fixture
def shown(monkeypatch) -> list[tuple]:
    """What providers were asked to show."""
    asked: list[tuple] = []
    monkeypatch.setattr(gateway, "show_typing", lambda *args, deadline: asked.append(args))
    monkeypatch.setattr(showing_typing, "_pool", AtOnce())
    monkeypatch.setattr(showing_typing, "database", mock.Mock())
    return asked


def test_the_customer_sees_it_once_in_a_while_whoever_types(world, chat, shown, monkeypatch):
    newest = customer_writes(chat, "Anybody there?")
    for member in (world.ben, world.ben, world.ana):
        show_typing(actor=member, chat_id=chat.pk)
    assert shown == [(chat.channel_id, chat.wa_chat_id, newest.wa_message_id)]
    monkeypatch.setattr(showing_typing, "SHOWN_SECONDS", 0.0)
    show_typing(actor=world.ben, chat_id=chat.pk)
    assert len(shown) == 2


@pytest.mark.parametrize("news", [{"paused": True}, {"closed": True}, {"not_before": clock.now() + timedelta(days=1)}])
def test_a_number_that_stands_still_shows_nothing(world, chat, shown, news):
    Lane.objects.filter(pk=chat.channel_id).update(**news)
    show_typing(actor=world.ben, chat_id=chat.pk)
    assert shown == []


def test_nothing_is_shown_where_nothing_can_be_written(world, chat, shown):
    for member in (world.vic, world.zoe):
        show_typing(actor=member, chat_id=chat.pk)
    Chat.objects.filter(pk=chat.pk).update(read_only=True)
    show_typing(actor=world.ben, chat_id=chat.pk)
    assert shown == []


def test_a_provider_that_refuses_bothers_nobody(world, chat, shown, monkeypatch):
    refused = mock.Mock(side_effect=ProviderError("rate_limited", "Slower.", retry_after=1.0))
    monkeypatch.setattr(gateway, "show_typing", refused)
    monkeypatch.setattr(showing_typing, "SHOWN_SECONDS", 0.0)
    for _ in range(AT_ONCE + 1):
        show_typing(actor=world.ben, chat_id=chat.pk)
    assert refused.call_count == AT_ONCE + 1
    assert not Lane.objects.get(pk=chat.channel_id).not_before


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_page_says_what_it_will_be_and_a_note_is_not_shown(world, chat, monkeypatch):
    asked = []
    monkeypatch.setattr(gateway, "show_typing", lambda *args, deadline: asked.append(args))
    async with inbox_of(world.ben) as ben, inbox_of(world.ana) as ana:
        await ana.opens(chat.pk)
        await ben.opens(chat.pk)
        for mode in ("note", "edit", "message", "message"):
            await ben.wire.send_json_to({"type": "typing", "on": True, "mode": mode})
            await ben.wire.send_json_to({"type": "typing", "on": False})
            await ben.wire.send_json_to({"type": "ping"})
            await ben.hears("pong")
            if mode != "message":
                assert asked == []
        await sync_to_async(until)(lambda: asked)
        await ana.hears("company", member=str(world.ben.pk), state="types")
    assert asked == [(chat.channel_id, chat.wa_chat_id, "")]
