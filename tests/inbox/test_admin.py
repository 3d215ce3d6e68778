"""Django admin: rows are read, states are not typed, deeds go through the services."""

import pytest
from django.test import Client
from django.urls import reverse

from inbox.models import AwayMessage, Contact, Label, Message, MessageFact, QuickReply
from outbox.models import Item
from tests.support.chats import customer_writes, echo_of, fact, item_of, settle, write
from tests.support.world import PASSWORD
from workspaces.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> Client:
    User.objects.create_superuser("op@example.com", PASSWORD, name="Olga Operator")
    assert client.login(username="op@example.com", password=PASSWORD)
    return client


@pytest.mark.parametrize("name", ["message", "chat", "contact", "messagefact", "label", "quickreply", "awaymessage"])
def test_tables_are_shown_and_found_but_never_changed(operator, world, chat, name):
    message = customer_writes(chat, wa_message_id="in-1")
    fact(world.channel, "in-1", "reaction", "a@s", value={"emoji": "👍"})
    rows = {
        "message": message,
        "chat": chat,
        "contact": chat.contact,
        "messagefact": MessageFact.objects.get(),
        "label": Label.objects.create(workspace=world.acme, name="Warranty"),
        "quickreply": QuickReply.objects.create(workspace=world.acme, shortcut="hours", text="Nine to five"),
        "awaymessage": AwayMessage.objects.create(workspace=world.acme, channel=world.channel),
    }
    row = rows[name]
    changelist = reverse(f"admin:inbox_{name}_changelist")
    for q in ("", str(row.pk), "in-1", "nonsense", "\x00"):
        assert operator.get(changelist, {"q": q}).status_code == 200
    assert str(row.pk) in operator.get(changelist, {"q": str(row.pk)}).content.decode()
    page = reverse(f"admin:inbox_{name}_change", args=[row.pk])
    assert operator.get(page).status_code == 200
    assert operator.post(page, {"status": "sent", "name": "Mine"}).status_code == 403
    assert operator.post(reverse(f"admin:inbox_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert operator.get(reverse(f"admin:inbox_{name}_add")).status_code == 403


def act(client: Client, deed: str, *messages: Message):
    url = reverse("admin:inbox_message_changelist")
    return client.post(url, {"action": deed, "_selected_action": [str(one.pk) for one in messages]}, follow=True)


def test_the_actions_are_the_services_and_one_refusal_stops_no_other(operator, world, chat):
    failed, waiting = write(world.ben, chat), write(world.ben, chat)
    settle((failed, "failed", {"error_code": "x", "error": "y"}))
    Item.objects.filter(pk=item_of(failed).pk).update(state="failed", open=False)
    page = act(operator, "retry", failed, waiting).content.decode()
    assert "1 queued again." in page
    assert "Only a failed or uncertain message can be sent again." in page
    failed.refresh_from_db()
    assert failed.status == "pending"
    assert failed.deeds.get().detail == "Olga Operator (admin site) sent it again."
    act(operator, "cancel", waiting)
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"


def test_staff_without_the_right_sees_no_action_and_strangers_nothing(client, world, chat):
    message = echo_of(chat, "x", "wa-1")
    world.ben.user.is_staff = True
    world.ben.user.save()
    client.force_login(world.ben.user)
    assert client.get(reverse("admin:inbox_message_changelist")).status_code == 403
    client.force_login(world.zoe.user)
    assert client.get(reverse("admin:inbox_message_change", args=[message.pk])).status_code == 302
    assert Contact.objects.count() == 1
