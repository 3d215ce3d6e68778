"""A change is drawn once for each language that somebody reads, and everybody is sent their own."""

import pytest
from asgiref.sync import sync_to_async

from inbox.realtime.groups import Watchers
from tests.support.chats import write
from tests.support.sockets import inbox_of


def reads_spanish(member) -> None:
    member.user.language = "es"
    member.user.save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_ana_hears_in_spanish_what_ben_hears_in_english(world, chat):
    await sync_to_async(reads_spanish)(world.ana)
    async with inbox_of(world.ana) as ana, inbox_of(world.ben) as ben:
        await ana.opens(chat.pk)
        await ben.opens(chat.pk)
        message = await sync_to_async(write)(world.adam, chat, "Good morning", "c-1")
        spanish = await ana.hears("message", id=str(message.pk))
        english = await ben.hears("message", id=str(message.pk))
        assert "Esperando a enviarse" in spanish["html"]
        assert "Waiting to be sent" in english["html"]
        assert "in" not in spanish
        assert "in" not in english
        assert "Esperando a enviarse" in (await ana.hears("chat", chat=str(chat.pk)))["html"]
        assert "Waiting to be sent" in (await ben.hears("chat", chat=str(chat.pk)))["html"]


def test_a_language_is_drawn_as_long_as_somebody_reads_it():
    watchers = Watchers()
    watchers.join("chat", "ana", "es")
    watchers.join("chat", "ben")
    assert watchers.languages_of("chat") == {"es", "en"}
    watchers.leave("chat", "ana", "es")
    assert watchers.languages_of("chat") == {"en"}
    watchers.leave("chat", "ben")
    assert watchers.languages_of("chat") == set()
    assert watchers.groups() == []
