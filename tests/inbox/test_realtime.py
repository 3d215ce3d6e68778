"""From a commit to every open browser: through PostgreSQL, a real listener and the whole socket stack."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import transaction

from inbox.events import CustomerPresence, MessagesChanged
from inbox.models import Message
from inbox.realtime import consumers
from inbox.realtime.consumers import NO_LONGER_A_MEMBER, NOT_YOURS, SIGNED_OUT
from inbox.realtime.numbering import Gaps, Numbering
from inbox.realtime.pokes import IDS_MAX, PAYLOAD_LIMIT_BYTES, Poke, merged, payloads, read_payload
from inbox.services.assigning import assign_chat
from inbox.services.reading import mark_read
from kernel.events import publish
from kernel.ids import new_id
from outbox.services.operating import pause_lane
from tests.support.chats import customer_writes, make_chat, write
from tests.support.sockets import inbox_of, knocking
from workspaces.services.membership import change_role, remove

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def tell(message: Message) -> None:
    with transaction.atomic():
        publish(
            MessagesChanged(
                workspace_id=message.workspace_id,
                channel_id=message.channel_id,
                chat_id=message.chat_id,
                message_ids=(message.pk,),
                created=(message.pk,),
            )
        )


def sign_out(member) -> None:
    for session in Session.objects.all():
        if session.get_decoded()["_auth_user_id"] == str(member.user_id):
            session.delete()


@sync_to_async
def carla_writes(chat, text="Hello", **fields):
    message = customer_writes(chat, text, **fields)
    tell(message)
    return message


async def test_ben_writes_and_ana_sees_it_in_the_open_chat_and_in_her_list(world, chat):
    async with inbox_of(world.ana) as ana:
        await ana.opens(chat.pk)
        message = await sync_to_async(write)(world.ben, chat, "Good morning", "c-1")
        frame = await ana.hears("message", id=str(message.pk))
        assert "Good morning" in frame["html"]
        assert f'id="message-{message.pk}"' in frame["html"]
        assert 'data-client-id="c-1"' in frame["html"]
        row = await ana.hears("chat", chat=str(chat.pk))
        assert "Good morning" in row["html"]
        assert row["unread"] == 0


async def test_a_customers_message_is_counted_for_each_member_by_how_far_they_read(world, chat):
    await carla_writes(chat, "First")
    await sync_to_async(mark_read)(actor=world.ben, chat=chat)
    async with inbox_of(world.ana) as ana, inbox_of(world.ben) as ben:
        await carla_writes(chat, "Second")
        assert (await ana.hears("chat"))["unread"] == 2
        assert (await ben.hears("chat"))["unread"] == 1


async def test_messages_of_a_chat_reach_only_those_who_have_it_open(world, chat):
    other = await sync_to_async(make_chat)(world.channel, "Dora Different")
    async with inbox_of(world.ana) as ana, inbox_of(world.ben) as ben:
        await ana.opens(chat.pk)
        await ben.opens(other.pk)
        await carla_writes(chat, "For Ana's eyes")
        await ana.hears("message")
        await ben.hears("chat", chat=str(chat.pk))
        await ben.hears_nothing("message")


async def test_names_and_texts_are_escaped_in_frames(world, chat):
    async with inbox_of(world.ana) as ana:
        await ana.opens(chat.pk)
        await carla_writes(chat, "<script>alert(1)</script><img src=x onerror=alert(1)>")
        frame = await ana.hears("message")
        assert "<script" not in frame["html"]
        assert "<img" not in frame["html"]


async def test_a_burst_of_more_than_a_hundred_messages_asks_for_a_fresh_state(world, chat):
    async with inbox_of(world.ana) as ana:
        await ana.opens(chat.pk)

        @sync_to_async
        def burst():
            with transaction.atomic():
                ids = tuple(new_id() for _ in range(IDS_MAX + 1))
                publish(MessagesChanged(chat.workspace_id, chat.channel_id, chat.pk, ids, ids))

        await burst()
        await ana.hears("resync", chat=str(chat.pk))


async def test_typing_assigning_and_a_paused_channel_are_told(world, chat):
    async with inbox_of(world.ana) as ana:

        @sync_to_async
        def types():
            with transaction.atomic():
                publish(CustomerPresence(chat.workspace_id, chat.pk, "typing"))

        await types()
        await ana.hears("presence", chat=str(chat.pk), status="typing")
        await sync_to_async(assign_chat)(actor=world.ana, chat=chat, member=world.ben)
        assert "Assigned to Ben Demo" in (await ana.hears("chat"))["html"]
        await sync_to_async(pause_lane)(lane_id=world.channel.pk, reason="Lunch")
        await ana.hears("channel", channel=str(world.channel.pk))


async def test_a_change_that_was_rolled_back_is_never_told(world, chat):
    async with inbox_of(world.ana) as ana:
        await ana.opens(chat.pk)

        @sync_to_async
        def fail():
            with transaction.atomic():
                tell(customer_writes(chat, "Never"))
                transaction.set_rollback(True)

        await fail()
        await ana.hears_nothing()


async def test_a_removed_members_socket_is_closed(world):
    async with inbox_of(world.ben) as ben:
        await sync_to_async(remove)(actor=world.ana, member_id=world.ben.pk)
        assert await ben.is_closed_with() == NO_LONGER_A_MEMBER


async def test_a_removed_member_whose_frame_was_lost_is_closed_at_the_next_word(world, chat):
    async with inbox_of(world.ben) as ben:
        await sync_to_async(type(world.ben).objects.filter(pk=world.ben.pk).update)(removed_at=world.ben.joined_at)
        await ben.wire.send_json_to({"type": "ping"})
        assert await ben.is_closed_with() == NO_LONGER_A_MEMBER


async def test_who_signs_out_hears_no_more(world):
    async with inbox_of(world.ben) as ben:
        await sync_to_async(Session.objects.all().delete)()
        await ben.wire.send_json_to({"type": "ping"})
        assert await ben.is_closed_with() == SIGNED_OUT


async def test_a_silent_socket_ends_with_its_session_and_its_account(world, chat, monkeypatch):
    monkeypatch.setattr(consumers, "TRUSTED_SECONDS", 0.0)
    async with inbox_of(world.ben) as ben, inbox_of(world.vic) as vic, inbox_of(world.ana) as ana:
        await sync_to_async(sign_out)(world.ben)
        await sync_to_async(type(world.vic.user).objects.filter(pk=world.vic.user_id).update)(is_active=False)
        await carla_writes(chat, "Not for those who left")
        assert await ben.is_closed_with() == SIGNED_OUT
        assert await vic.is_closed_with() == SIGNED_OUT
        await ana.hears("chat", chat=str(chat.pk))


async def test_a_new_role_is_told(world):
    async with inbox_of(world.ben) as ben:
        await sync_to_async(change_role)(actor=world.ana, member_id=world.ben.pk, role="viewer")
        await ben.hears("role", role="viewer")


async def test_a_ping_is_answered_and_nonsense_is_ignored(world):
    async with inbox_of(world.ana) as ana:
        for nonsense in ("{", "[]", "null", '{"type": "open", "chat": "x"}', '{"type": 7}'):
            await ana.wire.send_to(text_data=nonsense)
        await ana.wire.send_json_to({"type": "ping"})
        await ana.hears("pong")


async def test_frames_that_the_layer_dropped_are_noticed():
    numbering, gaps = Numbering(), Gaps()
    numbered = [event for _, event in numbering.numbered([("g", {"type": "x"})] * 4)]
    missed = [gaps.missed("g", event["source"], event["n"]) for event in numbered if event["n"] != 3]
    assert missed == [False, False, True]


async def test_pokes_merge_and_fit_into_a_notification():
    workspace, chat = new_id(), new_id()
    one, two = new_id(), new_id()
    pokes = [Poke("messages", workspace, chat, (one,)), Poke("messages", workspace, chat, (two, one))]
    assert merged(pokes) == [Poke("messages", workspace, chat, (one, two))]
    many = [Poke("messages", workspace, new_id(), tuple(new_id() for _ in range(90))) for _ in range(20)]
    texts = list(payloads(many))
    assert all(len(text.encode()) < PAYLOAD_LIMIT_BYTES for text in texts)
    assert [poke for text in texts for poke in read_payload(text)] == many


async def test_a_stranger_and_a_foreign_page_are_turned_away(world):
    async with knocking("acme", None) as stranger:
        assert await stranger.is_closed_with() == SIGNED_OUT
    async with knocking("acme", world.ana.user, origin="https://elsewhere.example") as foreign:
        assert not foreign.let_in


async def test_zoe_gets_no_socket_no_chat_and_no_frame_of_acme(world, chat):
    async with knocking("acme", world.zoe.user) as outsider:
        assert await outsider.is_closed_with() == NOT_YOURS
    async with inbox_of(world.zoe) as zoe:
        assert (await zoe.opens(chat.pk))["type"] == "no-chat"
        await carla_writes(chat, "Secret of Acme")
        await zoe.hears_nothing()
