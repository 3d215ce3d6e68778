"""Messages that leave later: scheduled for a time, or held for a moment so that they can be taken back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.models import Chat, Message
from outbox.models import Item
from outbox.services.scheduling import enter_due_items
from tests.support.chats import customer_writes, drain, item_of, write
from workspaces.models import User

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def send(member, chat, **fields):
    address = reverse("inbox:message-list", args=["acme", chat.pk])
    return browser_of(member).post(address, {"client_id": "c-1", "text": "Later", **fields}, headers=FRAGMENT)


def tomorrow():
    return (timezone.now() + timedelta(days=1)).replace(microsecond=0)


def let_time_come(message: Message) -> None:
    Item.objects.filter(subject_id=message.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    enter_due_items()


def test_a_scheduled_message_stands_at_its_time_and_blocks_nobody(world, chat, provider):
    at = tomorrow()
    answer = send(world.ben, chat, due_at=at.isoformat())
    assert answer.status_code == 202
    assert "Scheduled for" in answer.content.decode()
    message = Message.objects.get()
    assert (message.due_at, message.sort_at, message.status) == (at, at, "pending")
    chat.refresh_from_db()
    assert chat.last_message_id is None, "the list does not move before anything happened"
    write(world.ben, chat, "Now")
    drain()
    assert [one.text for one in provider.sent()] == ["Now"]
    let_time_come(message)
    message.refresh_from_db()
    chat.refresh_from_db()
    assert message.due_at is None
    assert message.sort_at <= timezone.now()
    assert chat.last_message_id == message.pk
    drain()
    assert [one.text for one in provider.sent()] == ["Now", "Later"]


def test_its_timeline_tells_who_scheduled_it_and_when(world, chat, as_member):
    send(world.ben, chat, due_at=tomorrow().isoformat())
    message = Message.objects.get()
    told = as_member(world.ana).get(f"/api/v1/messages/{message.pk}/timeline").json()
    assert "scheduled" in [entry["event"] for entry in told]
    assert any(entry["detail"].startswith("Ben Demo scheduled it for") for entry in told)


@pytest.mark.parametrize("ahead", [timedelta(seconds=10), timedelta(days=-1), timedelta(days=500)])
def test_a_time_that_is_past_near_or_far_is_refused(world, chat, ahead):
    answer = send(world.ben, chat, due_at=(timezone.now() + ahead).isoformat())
    assert answer.status_code == 400
    assert "between one minute and one year" in answer.content.decode()
    assert send(world.ben, chat, due_at="soon").status_code == 400
    assert send(world.ben, chat, due_at="2099-01-01T00:00").status_code == 400
    assert not Message.objects.exists()


def test_it_can_get_another_time_be_sent_now_be_changed_or_cancelled(world, chat, provider):
    send(world.ben, chat, due_at=tomorrow().isoformat())
    message = Message.objects.get()
    later = tomorrow() + timedelta(hours=1)

    def act(member, name, **fields):
        return browser_of(member).post(
            reverse(f"inbox:message-{name}", args=["acme", message.pk]), fields, headers=FRAGMENT
        )

    assert act(world.ana, "reschedule", due_at=later.isoformat()).status_code == 200
    assert (item_of(message).due_at, item_of(message).state) == (later, "scheduled")
    assert act(world.ana, "edit", text="Other words").status_code == 200
    assert act(world.vic, "reschedule").status_code == 403
    assert act(world.zoe, "reschedule").status_code == 404
    assert act(world.ana, "reschedule").status_code == 200
    drain()
    assert [one.text for one in provider.sent()] == ["Other words"]
    assert act(world.ana, "reschedule").status_code == 409


def test_a_cancelled_one_does_not_stand_in_the_future(world, chat):
    send(world.ben, chat, due_at=tomorrow().isoformat())
    message = Message.objects.get()
    browser_of(world.ben).post(reverse("inbox:message-cancel", args=["acme", message.pk]), headers=FRAGMENT)
    message.refresh_from_db()
    assert (message.status, message.due_at) == ("cancelled", None)
    assert message.sort_at <= timezone.now()
    assert Chat.objects.get(pk=chat.pk).last_message_id is None


def test_what_is_written_in_the_inbox_waits_five_seconds_and_can_be_undone(world, chat, provider):
    answer = send(world.ben, chat, text="Oops").content.decode()
    message = Message.objects.get()
    assert "Undo" in answer
    assert timedelta(seconds=4) < message.due_at - timezone.now() <= timedelta(seconds=5)
    drain()
    assert provider.sent() == []
    answer = browser_of(world.ben).post(reverse("inbox:message-cancel", args=["acme", message.pk]), headers=FRAGMENT)
    assert 'data-status="cancelled"' in answer.content.decode()
    let_time_come(message)
    drain()
    assert provider.sent() == []


def test_when_the_five_seconds_are_over_it_leaves_and_cannot_be_undone(world, chat, provider):
    send(world.ben, chat, text="Meant so")
    message = Message.objects.get()
    let_time_come(message)
    message.refresh_from_db()
    assert message.due_at is None
    drain()
    assert [one.text for one in provider.sent()] == ["Meant so"]
    answer = browser_of(world.ben).post(reverse("inbox:message-cancel", args=["acme", message.pk]), headers=FRAGMENT)
    assert answer.status_code == 409


def test_two_held_messages_keep_their_order(world, chat, provider):
    for number in (1, 2, 3):
        send(world.ben, chat, text=f"Part {number}", client_id=f"c-{number}")
    for message in Message.objects.order_by("-id"):
        age = timedelta(seconds=10 - int(message.text[-1]))
        Item.objects.filter(subject_id=message.pk).update(due_at=timezone.now() - age)
    enter_due_items()
    drain()
    assert [one.text for one in provider.sent()] == ["Part 1", "Part 2", "Part 3"]


def test_who_wants_no_time_to_undo_sends_at_once(world, chat, provider):
    User.objects.filter(pk=world.ben.user_id).update(undo_seconds=0)
    assert "Undo" not in send(world.ben, chat, text="At once").content.decode()
    drain()
    assert [one.text for one in provider.sent()] == ["At once"]


def test_programs_schedule_by_due_at_and_are_never_held(world, chat, api, zoes_api, provider):
    at = tomorrow()
    body = {"client_id": "c-1", "type": "text", "text": "Later", "due_at": at.isoformat()}
    made = api.post(f"/api/v1/chats/{chat.pk}/messages", body, format="json")
    assert made.status_code == 202
    assert made.json()["due_at"].startswith(at.isoformat()[:19])
    assert api.post(f"/api/v1/chats/{chat.pk}/messages", body, format="json").json()["id"] == made.json()["id"]
    other = {**body, "due_at": (at + timedelta(hours=1)).isoformat()}
    assert api.post(f"/api/v1/chats/{chat.pk}/messages", other, format="json").status_code == 409
    assert zoes_api.patch(f"/api/v1/messages/{made.json()['id']}", {"due_at": None}, format="json").status_code == 404
    assert api.patch(f"/api/v1/messages/{made.json()['id']}", {"due_at": None}, format="json").status_code == 202
    api.post(f"/api/v1/chats/{chat.pk}/messages", {"client_id": "c-2", "type": "text", "text": "Now"}, format="json")
    drain()
    assert [one.text for one in provider.sent()] == ["Later", "Now"]


def test_a_customers_answer_meanwhile_stands_before_what_is_scheduled(world, chat):
    send(world.ben, chat, due_at=tomorrow().isoformat())
    customer_writes(chat, "Meanwhile")
    page = (
        browser_of(world.ana)
        .get(reverse("inbox:chat-detail", args=["acme", chat.pk]), headers=FRAGMENT)
        .content.decode()
    )
    assert page.index("Meanwhile") < page.index("Later")
