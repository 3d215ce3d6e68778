"""How far people have read: counts, cursors and the receipt for the customer."""

import pytest

from inbox.models import Chat, Message, ReadCursor
from inbox.selectors.chat_list import unread_counts
from inbox.services.reading import mark_read, mark_unread
from outbox.models import Item
from tests.support.chats import customer_writes, drain, make_chat, write
from tests.support.world import make_member

pytestmark = pytest.mark.django_db


def unread(actor, chat) -> int:
    return unread_counts(actor, [chat.pk])[chat.pk]


def test_each_member_has_read_as_far_as_they_have_read(as_member, zoes_api, world, chat, provider):
    for _ in range(3):
        customer_writes(chat)
    assert (unread(world.ana, chat), unread(world.ben, chat)) == (3, 3)
    assert zoes_api.post(f"/api/v1/chats/{chat.pk}/read").status_code == 404
    assert as_member(world.vic).post(f"/api/v1/chats/{chat.pk}/read").status_code == 403
    assert as_member(world.ben).post(f"/api/v1/chats/{chat.pk}/read").status_code == 204
    assert (unread(world.ana, chat), unread(world.ben, chat)) == (3, 0)
    customer_writes(chat)
    write(world.ana, chat, "our own is never unread")
    assert (unread(world.ana, chat), unread(world.ben, chat)) == (4, 1)


def test_a_program_counts_since_anybody_read(api, as_member, world, chat):
    customer_writes(chat)

    def shown() -> int:
        return api.get(f"/api/v1/chats/{chat.pk}").json()["unread_count"]

    assert shown() == 1
    as_member(world.ben).post(f"/api/v1/chats/{chat.pk}/read")
    assert shown() == 0
    customer_writes(chat)
    assert api.post(f"/api/v1/chats/{chat.pk}/read").status_code == 204
    assert shown() == 0


def test_what_came_before_somebody_joined_is_not_news_to_them(world, chat):
    customer_writes(chat)
    nina = make_member(world.acme, "Nina Newcomer", "agent")
    assert unread(nina, chat) == 0
    customer_writes(chat)
    assert unread(nina, chat) == 1


def test_counting_stops_at_a_hundred(world, chat):
    for index in range(103):
        customer_writes(chat, str(index))
    assert unread(world.ana, chat) == 100


def test_the_customer_is_told_once_that_somebody_read(world, chat, provider):
    customer_writes(chat, wa_message_id="in-1")
    customer_writes(chat, wa_message_id="in-2")
    mark_read(actor=world.ben, chat=chat)
    mark_read(actor=world.ben, chat=chat)
    mark_read(actor=world.ana, chat=chat)
    assert Item.objects.count() == 1
    drain()
    assert provider.calls == [("mark_read", (chat.wa_chat_id, "in-2"))]


def test_a_receipt_neither_waits_for_messages_nor_holds_them_up(world, chat):
    write(world.ben, chat)
    customer_writes(chat)
    mark_read(actor=world.ben, chat=chat)
    assert Item.objects.values("order_key").distinct().count() == 2


def test_a_cursor_never_moves_back(world, chat):
    customer_writes(chat)
    newest = customer_writes(chat)
    mark_read(actor=world.ben, chat=chat)
    Message.objects.filter(pk=newest.pk).delete()
    mark_read(actor=world.ben, chat=chat)
    assert ReadCursor.objects.get(member=world.ben).read_up_to == newest.pk
    assert Chat.objects.get(pk=chat.pk).read_up_to == newest.pk


def test_an_empty_chat_can_be_read_and_marked_unread(world, chat):
    mark_read(actor=world.ben, chat=chat)
    mark_unread(actor=world.ben, chat=chat)
    assert (unread(world.ben, chat), unread(world.ana, chat)) == (1, 0)
    mark_read(actor=world.ben, chat=chat)
    assert unread(world.ben, chat) == 0


def test_a_chat_marked_unread_is_unread_until_read(world, chat):
    customer_writes(chat)
    mark_read(actor=world.ben, chat=chat)
    mark_unread(actor=world.ben, chat=chat)
    assert unread(world.ben, chat) == 1
    mark_read(actor=world.ben, chat=chat)
    assert unread(world.ben, chat) == 0


def test_counts_are_of_the_chats_asked_for(world, chat):
    other = make_chat(world.channel)
    customer_writes(other)
    assert unread_counts(world.ben, [chat.pk, other.pk]) == {chat.pk: 0, other.pk: 1}
    assert unread_counts(world.ben, []) == {}
