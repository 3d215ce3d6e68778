"""Labels: made by admins, put on by agents, seen in rows, found by filters."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from inbox.models import ChatLabel, Label
from inbox.services.labelling import put_label
from tests.support.chats import make_chat
from workspaces.models import AuditEntry

HTMX = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


@pytest.fixture
def warranty(world) -> Label:
    return Label.objects.create(workspace=world.acme, name="Warranty", hue=2)


def settle(member, **body):
    return browser_of(member).post(reverse("inbox:settings-labels", args=["acme"]), body, follow=True)


def toggle(member, chat, label, **body):
    address = reverse("inbox:chat-label", args=["acme", chat.pk])
    return browser_of(member).post(address, {"label": str(label.pk), **body}, headers=HTMX)


def test_an_admin_makes_renames_and_deletes_labels(world, chat):
    settle(world.adam, deed="create", name="  Batch   7 ", hue="4")
    label = Label.objects.get(workspace=world.acme)
    assert (label.name, label.hue) == ("Batch 7", 4)
    put_label(actor=world.ben, chat=chat, label_id=label.pk)
    page = settle(world.adam, deed="change", id=str(label.pk), name="Batch 8", hue="6").content.decode()
    assert 'value="Batch 8"' in page
    assert "1 chat" in page
    settle(world.adam, deed="delete", id=str(label.pk))
    assert not ChatLabel.objects.exists()
    assert list(AuditEntry.objects.order_by("id").values_list("deed", flat=True)) == ["label.created", "label.deleted"]


@pytest.mark.parametrize(
    ("name", "hue", "words"),
    [("warranty", "1", "already"), ("", "1", "1 to 40"), ("x" * 41, "1", "1 to 40"), ("Fine", "24", "colours")],
)
def test_a_label_that_cannot_be_is_refused_in_words(world, warranty, name, hue, words):
    assert words in settle(world.adam, deed="create", name=name, hue=hue).content.decode()
    assert Label.objects.count() == 1


def test_agents_put_labels_on_and_take_them_off(world, chat, warranty):
    assert f'data-labels="{warranty.pk} "' in toggle(world.ben, chat, warranty, on="1").content.decode()
    toggle(world.ana, chat, warranty, on="1")
    assert ChatLabel.objects.count() == 1
    assert 'data-labels=""' in toggle(world.ben, chat, warranty).content.decode()
    picker = browser_of(world.ben).get(reverse("inbox:chat-pick", args=["acme", chat.pk, "labels"])).content.decode()
    assert "Warranty" in picker
    assert "Manage labels" not in picker


def test_the_list_is_narrowed_by_a_label(world, chat, warranty):
    make_chat(world.channel, "Dora Different")
    put_label(actor=world.ben, chat=chat, label_id=warranty.pk)
    address = reverse("inbox:chat-rows", args=["acme"])
    found = browser_of(world.ana).get(address, {"label": str(warranty.pk)}, headers=HTMX).content.decode()
    assert "Carla" in found
    assert "Dora" not in found
    assert 'title="Warranty"' in found


def test_a_program_sets_labels_by_name(api, world, chat, warranty):
    url = f"/api/v1/chats/{chat.pk}"
    assert api.patch(url, {"labels": ["warranty"]}, format="json").json()["labels"] == ["Warranty"]
    refused = api.patch(url, {"labels": ["Other"]}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["labels"])
    assert [one["labels"] for one in api.get("/api/v1/chats", {"label": str(warranty.pk)}).json()["results"]] == [
        ["Warranty"]
    ]
    assert api.get("/api/v1/chats", {"label": str(uuid.uuid4())}).json()["results"] == []
    assert api.patch(url, {"labels": []}, format="json").json()["labels"] == []


def test_agents_manage_no_labels_viewers_put_none_on_and_zoe_finds_nothing(world, chat, warranty):
    assert settle(world.ben, deed="delete", id=str(warranty.pk)).status_code == 403
    assert toggle(world.vic, chat, warranty, on="1").status_code == 403
    assert toggle(world.zoe, chat, warranty, on="1").status_code == 404
    own = make_chat(world.zoes_channel, "Zoe's customer")
    address = reverse("inbox:chat-label", args=["zoes", own.pk])
    assert browser_of(world.zoe).post(address, {"label": str(warranty.pk), "on": "1"}).status_code == 404
    there = reverse("inbox:settings-labels", args=["zoes"])
    assert browser_of(world.zoe).post(there, {"deed": "delete", "id": str(warranty.pk)}).status_code == 404
    assert "Warranty" not in browser_of(world.zoe).get(there).content.decode()
    assert Label.objects.filter(pk=warranty.pk).exists()
    assert not ChatLabel.objects.exists()


def test_the_rail_says_that_one_is_in_the_settings(world):
    page = browser_of(world.adam).get(reverse("inbox:settings-labels", args=["acme"])).content.decode()
    rail = page.split('<nav class="rail"')[1].split("</nav>")[0]
    assert [part.split("</a>")[0].count("Settings") for part in rail.split('aria-current="page"')[1:]] == [1]
