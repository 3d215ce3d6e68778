"""What the menu of a message does: change, delete for everybody, and what a deleted one said."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Channel
from inbox.models import Message
from tests.support.chats import customer_writes, drain, fact, write

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def act(member, message, name, **fields):
    return browser_of(member).post(
        reverse(f"inbox:message-{name}", args=["acme", message.pk]), fields, headers=FRAGMENT
    )


def page_of(member, chat) -> str:
    return (
        browser_of(member).get(reverse("inbox:chat-detail", args=["acme", chat.pk]), headers=FRAGMENT).content.decode()
    )


def test_ben_changes_what_he_sent_and_the_old_words_stay_one_click_away(world, chat, provider):
    message = write(world.ben, chat, "Good mornign")
    drain()
    assert "changing…" in act(world.ben, message, "edit", text="Good morning").content.decode()
    drain()
    page = page_of(world.vic, chat)
    assert "Good morning" in page
    assert "data-versions" in page
    assert '<li dir="auto">Good mornign</li>' in page
    assert act(world.ben, message, "edit", text=" ").status_code == 400
    assert act(world.vic, message, "edit", text="No").status_code == 403
    assert act(world.zoe, message, "edit", text="No").status_code == 404


def test_a_deleted_text_is_kept_for_admins_and_shown_to_nobody_else(world, chat, provider):
    message = write(world.ben, chat, "Too much said")
    drain()
    assert "deleting…" in act(world.ben, message, "revoke").content.decode()
    drain()
    for member in (world.ana, world.ben, world.vic):
        page = page_of(member, chat)
        assert "This message was deleted" in page
        assert "Too much said" not in page
    address = reverse("inbox:message-deleted", args=["acme", message.pk])
    assert "Too much said" in browser_of(world.adam).get(address).content.decode()
    for member, status in ((world.ben, 403), (world.vic, 403), (world.zoe, 404)):
        assert browser_of(member).get(address, headers=FRAGMENT).status_code == status
    timeline = browser_of(world.ben).get(reverse("inbox:message-timeline", args=["acme", message.pk]), headers=FRAGMENT)
    assert "Too much said" not in timeline.content.decode()
    assert act(world.ben, message, "revoke").status_code == 409


def test_the_page_names_what_can_be_done_with_each_message(world, chat):
    def can(message: Message) -> set[str]:
        page = page_of(world.ana, chat)
        return set(page.split(f'id="message-{message.pk}"')[1].split('data-can="')[1].split('"')[0].split())

    inbound = customer_writes(chat, "Hello")
    assert can(inbound) == {"reply", "copy", "react"}
    mine = write(world.ana, chat, "Waiting")
    assert can(mine) == {"reply", "copy", "edit", "cancel", "timeline"}
    Message.objects.filter(pk=mine.pk).update(status="delivered", wa_message_id="wa-1", sent_at=timezone.now())
    assert can(mine) == {"reply", "copy", "react", "edit", "revoke", "timeline"}
    Message.objects.filter(pk=mine.pk).update(status="failed")
    assert can(mine) == {"reply", "copy", "react", "timeline"}
    Message.objects.filter(pk=mine.pk).update(status="sent", deleted_at=timezone.now())
    assert can(mine) == {"timeline"}


@pytest.mark.parametrize(
    ("vendor", "offered"), [("whapi", {"edit", "revoke"}), ("waha", {"edit", "revoke"}), ("cloud", set())]
)
def test_what_the_vendor_cannot_change_is_not_offered(world, chat, vendor, offered):
    Channel.objects.filter(pk=world.channel.pk).update(provider=vendor)
    mine = write(world.ana, chat, "Waiting")
    page = page_of(world.ana, chat)
    assert 'data-can="reply copy edit cancel timeline"' in page, "what has not left can be changed with any vendor"
    Message.objects.filter(pk=mine.pk).update(status="delivered", wa_message_id="wa-1", sent_at=timezone.now())
    page = page_of(world.ana, chat)
    can = set(page.split(f'id="message-{mine.pk}"')[1].split('data-can="')[1].split('"')[0].split())
    assert can - {"reply", "copy", "react", "timeline"} == offered


def test_a_changed_message_of_the_customer_shows_its_history_too(world, chat):
    message = customer_writes(chat, "Six")
    Message.objects.filter(pk=message.pk).update(edited_at=timezone.now(), original_text="Five")
    fact(world.channel, message.wa_message_id, "edit", "1", value={"text": "Six"})
    assert '<li dir="auto">Five</li>' in page_of(world.ben, chat)
