"""The picker of templates: for whom it opens, what it shows, and what it sends."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from channels_app.models import MessageTemplate
from channels_app.providers.cloud.simulator.samples import TEMPLATES
from inbox.models import Message
from outbox.models import Item
from tests.inbox.test_views_conversation import browser_of, conversation
from tests.support.chats import make_chat
from tests.support.query_budget import at_most
from tests.support.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(world: World):
    """At a number of the Cloud API whose templates are known; the customer has not written yet."""
    channel = world.channel
    channel.provider, channel.settings = "cloud", {"phone_number_id": "1", "waba_id": "2"}
    channel.save()
    for one in TEMPLATES:
        MessageTemplate.objects.create(
            workspace=world.acme,
            channel=channel,
            name=one["name"],
            language=one["language"],
            category=one["category"].lower(),
            status=one["status"].lower(),
            components=one["components"],
        )
    return make_chat(channel, "Dana Demo")


def url(chat) -> str:
    return reverse("inbox:template-picker", args=["acme", chat.pk])


def picker(member, chat, **query) -> str:
    response = browser_of(member).get(url(chat), query)
    assert response.status_code == 200
    return response.content.decode()


def pick(member, chat, **fields):
    return browser_of(member).post(url(chat), {"client_id": "c-1", **fields})


def test_a_closed_window_offers_the_picker_and_hides_the_composer(world, chat):
    page = conversation(world.ben, chat)
    assert "The customer has not written yet." in page
    assert url(chat) in page
    chat.channel.provider = "whapi"
    chat.channel.save()
    assert url(chat) not in conversation(world.ben, chat)


def test_the_picker_shows_what_can_be_sent_with_a_field_for_each_blank(world, chat):
    page = picker(world.ben, chat)
    assert "Hello {{1}}, your order {{2}} is on its way." in page
    assert 'name="blank:2"' in page
    assert "e.g. WB-1042" in page
    assert "winter_sale" not in page  # paused
    found = picker(world.ben, chat, q="ON ITS WAY")
    assert ("order_update" in found, "hello_again" in found) == (True, False)
    assert "No template has these words." in picker(world.ben, chat, q="zebra")


def test_a_template_is_sent_once_with_its_values(world, chat):
    fields = {"template": "order_update/en_US", "blank:1": "Dana\x00", "blank:2": "WB-1042"}
    for _ in range(2):
        response = pick(world.ben, chat, **fields)
        assert response.status_code == 202
        assert "On its way" in response.content.decode()
    message = Message.objects.get()
    assert (message.type, message.text) == ("template", "Hello Dana, your order WB-1042 is on its way.\nDemo shop")
    item = Item.objects.get(subject_id=message.pk)
    assert item.payload["template"]["name"] == "order_update"
    assert message.text in conversation(world.ben, chat).replace("<br>", "\n")


def test_a_missing_value_is_told_beside_what_was_typed(world, chat):
    response = pick(world.ben, chat, template="order_update/en_US", **{"blank:2": "WB-1042"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "blanks without a value: 1." in page
    assert 'value="WB-1042"' in page
    assert "no such template" in pick(world.ben, chat, template="unheard_of/en").content.decode()
    assert not Message.objects.exists()


def test_a_picture_for_the_head_is_picked_as_a_file_or_named_by_a_link(world, chat):
    page = picker(world.ben, chat)
    assert '<input type="file" name="file:image" accept="image/jpeg,image/png"' in page
    asked = {"template": "product_news/en_US", "blank:1": "a teapot"}
    assert "blanks without a value: header.image." in pick(world.ben, chat, **asked).content.decode()
    picture = SimpleUploadedFile("teapot.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")
    response = pick(world.ben, chat, **asked, **{"blank:header.image": "", "file:image": picture})
    assert response.status_code == 202
    message = Message.objects.get()
    (file,) = message.attachments.all()
    assert (message.type, message.text, file.kind) == ("template", "New in the shop: a teapot.", "image")
    payload = Item.objects.get(subject_id=message.pk).payload
    assert payload["media"]["file_name"] == "teapot.png"
    assert payload["template"]["components"][0]["parameters"] == [{"type": "image", "image": {}}]
    link = {"blank:header.image": "https://files.example/a.png", "client_id": "c-2"}
    assert pick(world.ben, chat, **{**asked, **link}).status_code == 202


def test_the_picker_costs_the_same_for_any_number_of_templates(world, chat):
    browser = browser_of(world.ben)
    with at_most(10):
        browser.get(url(chat))


def test_a_viewer_may_not_and_zoe_finds_nothing(world, chat):
    assert browser_of(world.vic).get(url(chat)).status_code == 403
    assert pick(world.vic, chat, template="hello_again/en_US").status_code == 403
    assert browser_of(world.zoe).get(url(chat)).status_code == 404
    assert pick(world.zoe, chat, template="hello_again/en_US").status_code == 404
