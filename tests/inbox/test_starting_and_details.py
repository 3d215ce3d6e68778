"""Writing to somebody first, and what stands beside a conversation."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.models import Attachment, Chat, Participant, QuickReply
from tests.support.chats import customer_writes, make_chat
from tests.support.query_budget import queries_of
from tests.support.world import make_channel

HTMX = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def start(member, slug="acme", **body):
    return browser_of(member).post(reverse("inbox:chat-new", args=[slug]), body, headers=HTMX)


def test_ben_writes_to_a_number_first(world):
    answer = start(world.ben, channel=str(world.channel.pk), to="+1 555 010 4242")
    chat = Chat.objects.get(wa_chat_id="15550104242@s.whatsapp.net")
    assert (answer.status_code, answer["X-Open"]) == (204, reverse("inbox:chat-detail", args=["acme", chat.pk]))
    assert start(world.ben, channel=str(world.channel.pk), to="15550104242")["X-Open"] == answer["X-Open"]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("", "Write a phone number"),
        ("Mia", "no phone number"),
        ("+15550100100", "own number"),
        ("120363000000000009@g.us", "not known here yet"),
        ("\x00", "Write a phone number"),
    ],
)
def test_what_cannot_be_written_to_is_said_in_words(world, to, words):
    answer = start(world.ben, channel=str(world.channel.pk), to=to)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Chat.objects.exists()


def test_a_number_of_ours_must_be_chosen(world):
    assert "number to write from" in start(world.ben, channel="x", to="+15550104242").content.decode()
    assert start(world.ben, channel=str(world.zoes_channel.pk), to="+15550104242").status_code == 404


def test_people_are_found_while_typing(world, chat):
    address = reverse("inbox:chat-people", args=["acme"])
    found = browser_of(world.ben).get(address, {"q": "car"}).content.decode()
    assert "Carla Customer" in found
    assert f'data-to="+{chat.wa_chat_id.partition("@")[0]}"' in found
    assert "<li>" not in browser_of(world.ben).get(address, {"q": " "}).content.decode()
    assert browser_of(world.zoe).get(address, {"q": "car"}).status_code == 404


def test_viewers_start_nothing(world):
    address = reverse("inbox:chat-new", args=["acme"])
    assert browser_of(world.vic).get(address).status_code == 403
    assert start(world.vic, channel=str(world.channel.pk), to="+15550104242").status_code == 403
    assert start(world.zoe, channel=str(world.channel.pk), to="+15550104242").status_code == 404


# --- Details ----------------------------------------------------------------------------------------------------------


def details(member, chat):
    return browser_of(member).get(reverse("inbox:chat-info", args=["acme", chat.pk]))


def test_the_contact_is_renamed_and_described_where_it_stands(world, chat):
    address = reverse("inbox:chat-contact", args=["acme", chat.pk])
    answer = browser_of(world.ben).post(address, {"name": " Carla  Peña ", "notes": "Prefers\x00 calls."}, headers=HTMX)
    assert "Carla Peña" in answer.content.decode()
    chat.contact.refresh_from_db()
    assert (chat.contact.name, chat.contact.notes) == ("Carla Peña", "Prefers calls.")
    assert browser_of(world.ben).post(address, {"name": "x" * 201}, headers=HTMX).status_code == 400
    assert browser_of(world.vic).post(address, {"name": "x"}, headers=HTMX).status_code == 403
    assert browser_of(world.zoe).post(address, {"name": "x"}, headers=HTMX).status_code == 404


def test_a_chat_is_muted_for_the_team_and_heard_again(world, chat):
    address = reverse("inbox:chat-mute", args=["acme", chat.pk])
    assert 'data-muted="yes"' in browser_of(world.ben).post(address, {"on": "1"}, headers=HTMX).content.decode()
    assert "Muted" in details(world.ben, chat).content.decode()
    assert 'data-muted="yes"' not in browser_of(world.ben).post(address, {"on": ""}, headers=HTMX).content.decode()


def test_a_chat_is_marked_unread_for_the_member_alone(world, chat):
    customer_writes(chat)
    browser_of(world.ben).post(reverse("inbox:chat-read", args=["acme", chat.pk]))
    answer = browser_of(world.ben).post(reverse("inbox:chat-unread", args=["acme", chat.pk]), headers=HTMX)
    assert 'class="row unread"' in answer.content.decode()


def test_details_show_files_other_chats_and_all_of_a_group(world, chat):
    message = customer_writes(chat)
    for kind, name, mime in (("image", "lamp.jpg", "image/jpeg"), ("document", "bill.pdf", "application/pdf")):
        Attachment.objects.create(
            workspace=world.acme, message=message, kind=kind, mime_type=mime, file_name=name, state="ready", path="x"
        )
    gone = customer_writes(chat, deleted_at=timezone.now())
    Attachment.objects.create(workspace=world.acme, message=gone, kind="image", mime_type="image/jpeg", state="ready")
    second = make_channel(world.acme, "Support", "+15550100101")
    other = make_chat(second, "x")
    Chat.objects.filter(pk=other.pk).update(contact=chat.contact)
    page = details(world.ben, chat).content.decode()
    assert page.count("<img") == 1
    assert "bill.pdf" in page
    assert "Support" in page
    group = Chat.objects.create(
        workspace=world.acme, channel=world.channel, wa_chat_id="120363000000000001@g.us", kind="group", name="Choir"
    )
    Participant.objects.bulk_create(
        Participant(chat=group, wa_id=f"1555011{number:04}@s.whatsapp.net", rank="admin" if number == 7 else "member")
        for number in range(301)
    )
    page = details(world.vic, group).content.decode()
    assert page.index("+15550110007") < page.index("+15550110000")
    assert "300+" in page
    assert details(world.zoe, chat).status_code == 404


def test_details_ask_the_same_for_much_and_for_little(world, chat):
    browser = browser_of(world.ben)
    address = reverse("inbox:chat-info", args=["acme", chat.pk])
    browser.get(address)
    little = queries_of(lambda: browser.get(address))
    for number in range(20):
        message = customer_writes(chat, at=timezone.now() - timedelta(seconds=number))
        Attachment.objects.create(
            workspace=world.acme, message=message, kind="image", mime_type="image/png", state="ready", path="x"
        )
    assert len(queries_of(lambda: browser.get(address))) == len(little) <= 8


# --- Quick replies ----------------------------------------------------------------------------------------------------


def settle(actor, **body):
    return browser_of(actor).post(reverse("inbox:settings-quick-replies", args=["acme"]), body, follow=True)


def test_admins_write_quick_replies(world):
    settle(world.adam, deed="create", shortcut="/hours", text="Open\r\nfrom nine, {{name}}")
    reply = QuickReply.objects.get()
    assert (reply.shortcut, reply.text) == ("hours", "Open\nfrom nine, {{name}}")
    assert "Another quick reply" in settle(world.adam, deed="create", shortcut="HOURS", text="x").content.decode()
    assert "one word" in settle(world.adam, deed="create", shortcut="two words", text="x").content.decode()
    assert "Write the text" in settle(world.adam, deed="create", shortcut="empty", text=" ").content.decode()
    settle(world.adam, deed="change", id=str(reply.pk), shortcut="times", text="Nine to five")
    reply.refresh_from_db()
    assert (reply.shortcut, reply.text) == ("times", "Nine to five")
    assert settle(world.ben, deed="delete", id=str(reply.pk)).status_code == 403
    assert settle(world.zoe, deed="delete", id=str(reply.pk)).status_code == 404
    there = browser_of(world.zoe).post(
        reverse("inbox:settings-quick-replies", args=["zoes"]), {"deed": "delete", "id": str(reply.pk)}
    )
    assert there.status_code == 404
    settle(world.adam, deed="delete", id=str(reply.pk))
    assert not QuickReply.objects.exists()
