"""One person, one chat: hidden ids, business-scoped ids, and numbers that a country writes in two ways."""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_app.providers.base import InboundIdentity, InboundMessage
from inbox.access import chat_for
from inbox.errors import NotAmongTheirIds
from inbox.events import MessagesChanged
from inbox.models import Chat, Contact, ContactAddress, Label, Message, Note
from inbox.policy import other_form_of
from inbox.selectors.chat_list import chat_page, unread_counts
from inbox.services.identities import note_normalised, separate
from inbox.services.ingesting import Heard, Source, apply_values
from inbox.services.reading import mark_read
from inbox.services.sending import start_chat
from kernel import events
from kernel.errors import Forbidden
from tests.support.chats import write
from tests.support.query_budget import queries_of

pytestmark = pytest.mark.django_db

NUMBER, HIDDEN = "15550100111@s.whatsapp.net", "90000000000111@lid"
TOGETHER = InboundIdentity(HIDDEN, NUMBER)


def said(name: str, wa_id: str, *, minutes_ago: float = 5, called: str = "", from_me: bool = False) -> InboundMessage:
    return InboundMessage(
        wa_message_id=name,
        wa_chat_id=wa_id,
        from_me=from_me,
        sender_wa_id="" if from_me else wa_id,
        sender_name=called,
        at=timezone.now() - timedelta(minutes=minutes_ago),
        type="text",
        text=name,
        source="mobile",
    )


def hear(channel, *values) -> None:
    source = Source(channel.pk, channel.workspace_id, channel.provider, channel.own_wa_id)
    apply_values([Heard(source, value) for value in values])


def titles(member) -> list[str]:
    return [row.title for row in chat_page(member).rows]


def texts(chat: Chat) -> list[str]:
    return list(Message.objects.filter(chat=chat).order_by("sort_at", "id").values_list("text", flat=True))


def chat_named(wa_id: str) -> Chat:
    return Chat.objects.get(wa_chat_id=wa_id)


@pytest.fixture
def two_chats(world) -> tuple[Chat, Chat]:
    """The same person under a hidden id and under the number, before anybody knows."""
    hear(world.channel, said("by-number", NUMBER, minutes_ago=9, called="Mia"), said("hidden", HIDDEN, minutes_ago=4))
    return chat_named(HIDDEN), chat_named(NUMBER)


def test_two_chats_become_one_as_soon_as_the_provider_names_both_ids(world, two_chats):
    hidden, main = two_chats
    assert len(titles(world.ben)) == 2
    hear(world.channel, TOGETHER)
    assert titles(world.ben) == ["Mia"]
    assert texts(main) == ["by-number", "hidden"]
    main.refresh_from_db()
    assert main.last_message_id == Message.objects.get(wa_message_id="hidden").pk
    assert chat_for(world.ben, hidden.pk) == main


def test_what_comes_under_either_id_from_then_on_is_in_that_chat(world, two_chats):
    hear(world.channel, TOGETHER)
    hear(world.channel, said("later-hidden", HIDDEN, minutes_ago=2), said("later", NUMBER, minutes_ago=1))
    assert texts(chat_named(NUMBER)) == ["by-number", "hidden", "later-hidden", "later"]
    assert Chat.objects.visible_to(world.ben).count() == 1


def test_a_chat_that_is_known_by_its_hidden_id_only_takes_the_number_in(world):
    hear(world.channel, said("first", HIDDEN))
    hear(world.channel, TOGETHER, said("second", NUMBER, minutes_ago=1))
    assert texts(chat_named(HIDDEN)) == ["first", "second"]
    assert start_chat(actor=world.ben, channel=world.channel, to="+1 555 010 0111") == chat_named(HIDDEN)
    assert Contact.objects.get(addresses__wa_id=NUMBER) == Contact.objects.get(addresses__wa_id=HIDDEN)


def test_nothing_that_the_team_kept_is_lost_in_the_merge(world, two_chats):
    hidden, main = two_chats
    label = Label.objects.create(workspace=world.acme, name="VIP")
    hidden.chat_labels.create(workspace=world.acme, label=label)
    Note.objects.create(
        workspace=world.acme, chat=hidden, author=world.ben, author_name="Ben", client_id="n1", text="Call back"
    )
    Chat.objects.filter(pk=hidden.pk).update(assigned_to=world.ben)
    Contact.objects.filter(addresses__wa_id=HIDDEN).update(notes="Likes blue")
    hear(world.channel, TOGETHER)
    main.refresh_from_db()
    assert [one.label for one in main.chat_labels.all()] == [label]
    assert [note.text for note in main.notes.all()] == ["Call back"]
    assert main.assigned_to == world.ben
    assert main.contact.notes == "Likes blue"


def test_what_nobody_read_stays_unread_and_what_was_read_stays_read(world, two_chats):
    hidden, main = two_chats
    mark_read(actor=world.ben, chat=main)
    hear(world.channel, said("second", NUMBER, minutes_ago=3))
    mark_read(actor=world.ben, chat=main)
    assert unread_counts(world.ben, [hidden.pk, main.pk]) == {hidden.pk: 1, main.pk: 0}
    hear(world.channel, TOGETHER)
    assert unread_counts(world.ben, [main.pk])[main.pk] >= 1
    mark_read(actor=world.ben, chat=main)
    assert unread_counts(world.ben, [main.pk]) == {main.pk: 0}


def test_being_told_again_changes_nothing_and_costs_one_query(world, two_chats):
    hear(world.channel, TOGETHER)
    before = sorted(Message.objects.values_list("pk", "chat_id", "version"))
    asked = queries_of(lambda: hear(world.channel, TOGETHER))
    assert len([one for one in asked if "inbox_contactaddress" in one]) == 1
    assert sorted(Message.objects.values_list("pk", "chat_id", "version")) == before


def test_any_order_ends_in_the_same_chat(world):
    hear(world.channel, TOGETHER, said("a", HIDDEN, minutes_ago=3))
    hear(world.channel, said("b", NUMBER, minutes_ago=2), TOGETHER)
    assert Chat.objects.visible_to(world.ben).count() == 1
    assert texts(Chat.objects.visible_to(world.ben).get()) == ["a", "b"]


def test_they_can_be_taken_apart_again_and_stay_apart(world, two_chats):
    hidden, main = two_chats
    hear(world.channel, TOGETHER)
    hear(world.channel, said("later-hidden", HIDDEN, minutes_ago=2))
    contact = Contact.objects.get(addresses__wa_id=NUMBER)
    other = separate(actor=world.ben, contact=contact, wa_id=HIDDEN)
    assert texts(main) == ["by-number"]
    assert texts(hidden) == ["hidden", "later-hidden"]
    assert Chat.objects.get(pk=hidden.pk).contact == other != contact
    hear(world.channel, TOGETHER, said("still-hidden", HIDDEN, minutes_ago=1))
    assert texts(hidden) == ["hidden", "later-hidden", "still-hidden"]
    assert Chat.objects.visible_to(world.ben).count() == 2


def test_an_id_that_never_had_a_chat_of_its_own_gets_one_when_it_is_taken_off(world):
    hear(world.channel, said("first", NUMBER))
    hear(world.channel, TOGETHER, said("second", HIDDEN, minutes_ago=1))
    separate(actor=world.ben, contact=Contact.objects.get(addresses__wa_id=NUMBER), wa_id=HIDDEN)
    assert (texts(chat_named(NUMBER)), texts(chat_named(HIDDEN))) == (["first"], ["second"])


def test_only_who_may_write_takes_ids_off_and_only_real_ones(world, two_chats):
    hear(world.channel, TOGETHER)
    contact = Contact.objects.get(addresses__wa_id=NUMBER)
    with pytest.raises(Forbidden):
        separate(actor=world.vic, contact=contact, wa_id=HIDDEN)
    with pytest.raises(NotAmongTheirIds):
        separate(actor=world.ben, contact=contact, wa_id="15550100199@s.whatsapp.net")


def test_the_api_takes_an_id_off_and_zoe_finds_no_such_contact(world, two_chats):
    hear(world.channel, TOGETHER)
    contact = Contact.objects.get(addresses__wa_id=NUMBER)
    browser = Client()
    url = f"/api/v1/contacts/{contact.pk}/separate"
    browser.force_login(world.zoe.user)
    assert browser.post(url, {"wa_id": HIDDEN}, content_type="application/json").status_code == 404
    browser.force_login(world.ben.user)
    assert browser.post(url, {"wa_id": "nobody"}, content_type="application/json").status_code == 409
    answer = browser.post(url, {"wa_id": HIDDEN}, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["id"] != str(contact.pk)


def test_in_the_details_an_id_is_taken_off_after_a_question(world, two_chats):
    hidden, main = two_chats
    browser = Client()

    def get(member, name, *more, **query):
        browser.force_login(member.user)
        return browser.get(reverse(f"inbox:{name}", args=["acme", main.pk, *more]), query)

    assert "Not theirs" not in get(world.ben, "chat-info").content.decode(), "somebody with one id keeps it"
    hear(world.channel, TOGETHER)
    assert "Not theirs" not in get(world.vic, "chat-info").content.decode()
    assert get(world.ben, "chat-info").content.decode().count("Not theirs") == 1, "the chat's own id stays"
    assert "does not join the two again" in get(world.ben, "chat-pick", "separate", wa_id=HIDDEN).content.decode()
    for wa_id in (NUMBER, "nobody", "\x00"):
        assert get(world.ben, "chat-pick", "separate", wa_id=wa_id).status_code == 409
    address = reverse("inbox:chat-separate", args=["acme", main.pk])
    for member, status in ((world.zoe, 404), (world.vic, 403), (world.ben, 200), (world.ben, 409)):
        browser.force_login(member.user)
        answer = browser.post(address, {"wa_id": HIDDEN}, headers={"HX-Request": "true"})
        assert answer.status_code == status
        if status == 200:
            assert "Taken off" in answer.content.decode()
    assert (texts(main), texts(hidden)) == (["by-number"], ["hidden"])


def test_an_open_page_loses_what_was_taken_off(world, two_chats, monkeypatch):
    hidden, main = two_chats
    hear(world.channel, TOGETHER)
    taken = Message.objects.get(wa_message_id="hidden").pk
    told = []
    monkeypatch.setattr(events, "_subscribers", defaultdict(list))
    events.subscribe(MessagesChanged, told.append, events.Moment.SAME_TRANSACTION)
    separate(actor=world.ben, contact=Contact.objects.get(addresses__wa_id=NUMBER), wa_id=HIDDEN)
    assert {(one.chat_id, one.message_ids, one.removed) for one in told} == {
        (hidden.pk, (taken,), ()),
        (main.pk, (), (taken,)),
    }


def test_the_same_ids_in_zoes_workspace_are_left_alone(world, two_chats):
    hear(world.zoes_channel, said("zoes", HIDDEN))
    hear(world.channel, TOGETHER)
    assert texts(Chat.objects.get(channel=world.zoes_channel)) == ["zoes"]
    assert not ContactAddress.objects.filter(workspace=world.zoes_channel.workspace, wa_id=NUMBER).exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5511987654321", "551187654321"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ],
)
def test_both_forms_of_a_national_number_are_one_person(world, one, other):
    one, other = f"{one}@s.whatsapp.net", f"{other}@s.whatsapp.net"
    assert (other_form_of(one), other_form_of(other)) == (other, one)
    hear(world.channel, said("first", one))
    hear(world.channel, said("second", other, minutes_ago=1))
    assert texts(chat_named(one)) == ["first", "second"]
    assert start_chat(actor=world.ben, channel=world.channel, to=other) == chat_named(one)


@pytest.mark.parametrize("wa_id", [NUMBER, HIDDEN, "5511345678901@s.whatsapp.net", "123@g.us"])
def test_other_numbers_have_one_form(wa_id):
    assert other_form_of(wa_id) == ""


def test_an_answer_that_names_the_number_otherwise_brings_both_together(world):
    chat = start_chat(actor=world.ben, channel=world.channel, to="15550100112")
    write(world.ben, chat, text="Hello")
    note_normalised(workspace_id=world.acme.pk, asked=chat.wa_chat_id, answered="15550100113@s.whatsapp.net")
    hear(world.channel, said("answer", "15550100113@s.whatsapp.net", minutes_ago=-1))
    assert texts(chat) == ["Hello", "answer"]
