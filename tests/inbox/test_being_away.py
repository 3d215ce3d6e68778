"""Outside the hours customers are told so: once in half a day, through the outbox, and never about old history."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.events import MessagesChanged
from inbox.models import AwayMessage, Chat, Message
from inbox.services import being_away
from inbox.services.being_away import answer_outside_hours
from inbox.subscribers import customers_wrote
from outbox.models import Item
from tests.support.chats import customer_writes, make_chat
from tests.support.world import make_channel


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(being_away, "KEPT_SECONDS", -1.0)


@pytest.fixture
def closed(world) -> AwayMessage:
    """The shop is never open."""
    return AwayMessage.objects.create(
        workspace=world.acme, channel=world.channel, enabled=True, text="We are back at nine.", hours={}
    )


def told(chat: Chat) -> list[str]:
    return list(Message.objects.filter(chat=chat, direction="outbound").values_list("text", flat=True))


def test_a_customer_who_writes_is_told_once_through_the_outbox(world, chat, closed):
    customer_writes(chat)
    assert answer_outside_hours([chat.pk]) == 1
    assert told(chat) == ["We are back at nine."]
    answer = Message.objects.get(chat=chat, direction="outbound")
    assert (answer.sender_name, answer.sender_member, answer.status) == ("Auto-reply", None, "pending")
    assert Item.objects.filter(subject_id=answer.pk).count() == 1
    customer_writes(chat, "Hello?")
    assert answer_outside_hours() == 0
    Chat.objects.update(away_told_at=timezone.now() - timedelta(hours=13))
    assert answer_outside_hours() == 1


def test_it_hears_of_new_messages_after_their_commit(world, chat, closed):
    message = customer_writes(chat)
    fact = {
        "workspace_id": world.acme.pk,
        "channel_id": chat.channel_id,
        "chat_id": chat.pk,
        "message_ids": (message.pk,),
    }
    customers_wrote([MessagesChanged(**fact)])
    assert told(chat) == []
    customers_wrote([MessagesChanged(**fact, created=(message.pk,))])
    assert told(chat) == ["We are back at nine."]


def test_who_is_not_told(world, closed):
    old, group, answered, elsewhere = (make_chat(world.channel, name) for name in ("Old", "Group", "Answered", "Else"))
    customer_writes(old, at=timezone.now() - timedelta(hours=1))
    customer_writes(group)
    Chat.objects.filter(pk=group.pk).update(kind="group")
    customer_writes(answered)
    Chat.objects.filter(pk=answered.pk).update(last_message_id=None)
    Chat.objects.filter(pk=elsewhere.pk).update(channel=make_channel(world.acme, "Other", "+15550100150"))
    customer_writes(elsewhere)
    assert answer_outside_hours() == 0


def test_within_the_hours_and_when_switched_off_nobody_is_told(world, chat, closed):
    customer_writes(chat)
    closed.hours = {str(day): ["00:00", "23:59"] for day in range(7)}
    closed.zone = "Pacific/Kiritimati"
    closed.save()
    if timezone.now().strftime("%H:%M") != "09:59":  # the one minute of the day in which that shop is closed
        assert answer_outside_hours() == 0
    AwayMessage.objects.update(hours={}, enabled=False)
    assert answer_outside_hours() == 0


def settle(actor, channel, **body):
    address = reverse("inbox:settings-rules", args=["acme"])
    base = {"deed": "away", "id": str(channel.pk), "enabled": "1", "text": "Closed", "zone": "Europe/Madrid"}
    return browser_of(actor).post(address, {**base, **body}, follow=True)


def test_an_admin_writes_the_text_and_the_hours(world):
    hours = {"open-0": "1", "from-0": "09:00", "to-0": "17:30", "from-1": "10:00", "to-1": "12:00"}
    page = settle(world.adam, world.channel, **hours).content.decode()
    assert 'value="17:30"' in page
    away = AwayMessage.objects.get()
    assert (away.text, away.zone, away.hours, away.enabled) == (
        "Closed",
        "Europe/Madrid",
        {"0": ["09:00", "17:30"]},
        True,
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": "  "}, "Write what customers are to be told."),
        ({"zone": "Mars/Base"}, "not the name of a time zone"),
        ({"open-2": "1", "from-2": "17:00", "to-2": "09:00"}, "Hours begin before they end"),
        ({"open-2": "1", "from-2": "25:00", "to-2": "26:00"}, "Hours begin before they end"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(world, body, words):
    assert words in settle(world.adam, world.channel, **body).content.decode()
    assert not AwayMessage.objects.exists()


def test_rules_are_for_admins_and_zoes_channels_are_her_own(world):
    assert settle(world.ben, world.channel).status_code == 403
    assert settle(world.zoe, world.channel).status_code == 404
    assert settle(world.adam, world.zoes_channel).status_code == 404
    assert not AwayMessage.objects.exists()
