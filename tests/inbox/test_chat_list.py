"""The chat list and one chat: order, filters, pages, budgets, and nobody else's."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import Chat, Message, Participant
from inbox.selectors import chat_list
from inbox.selectors.chat_list import chat_page, tab_counts
from inbox.services.shelving import finish_chat
from tests.support.chats import customer_writes, make_chat, write
from tests.support.query_budget import at_most, queries_of
from tests.support.world import make_channel, make_member

pytestmark = pytest.mark.django_db


def listed(api, **query) -> list[str]:
    answer = api.get("/api/v1/chats", query)
    assert answer.status_code == 200, answer.content
    return [chat["name"] for chat in answer.json()["results"]]


@pytest.fixture
def three(world) -> list[Chat]:
    """Carla, Dora and Emil; Emil wrote last."""
    chats = [make_chat(world.channel, name) for name in ("Carla", "Dora", "Emil")]
    for chat in chats:
        customer_writes(chat, f"Hello from {chat.contact.name}")
    return chats


def test_newest_activity_comes_first_and_only_ours(api, zoes_api, world, three):
    customer_writes(make_chat(world.zoes_channel, "Zoe's customer"))
    assert listed(api) == ["Emil", "Dora", "Carla"]
    write(world.ben, three[0], "An answer")
    assert listed(api) == ["Carla", "Emil", "Dora"]
    assert listed(zoes_api) == ["Zoe's customer"]
    row = api.get("/api/v1/chats").json()["results"][0]
    assert (row["last_message"]["text"], row["last_message"]["sender"]["name"]) == ("An answer", "Ben Demo")
    assert row["channel"] == str(world.channel.pk)


def test_a_chat_says_who_takes_care_of_it_and_when_it_is_done(api, zoes_api, as_member, world, chat):
    url = f"/api/v1/chats/{chat.pk}"
    assert (
        zoes_api.patch(url, {"done": True}, format="json").json()
        == zoes_api.get(f"/api/v1/chats/{uuid.uuid4()}").json()
    )
    assert as_member(world.vic).patch(url, {"done": True}, format="json").status_code == 403
    answer = api.patch(url, {"assigned_to": str(world.ben.pk), "muted_until": "2030-01-01T00:00:00Z"}, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["assigned_to"] == {"member": str(world.ben.pk), "name": "Ben Demo"}
    assert answer.json()["muted_until"] == "2030-01-01T00:00:00Z"
    assert api.patch(url, {"assigned_to": None}, format="json").json()["assigned_to"] is None
    assert api.patch(url, {"done": True}, format="json").json()["done"] is True
    assert api.patch(url, {"done": False}, format="json").json()["state"] == "open"


@pytest.mark.parametrize("who", ["zoe", "vic", "nobody", "removed"])
def test_a_chat_is_given_only_to_members_who_may_write(api, world, chat, who):
    gone = make_member(world.acme, "Gone Girl", "agent")
    gone.removed_at = timezone.now()
    gone.save()
    key = {"zoe": world.zoe.pk, "vic": world.vic.pk, "nobody": uuid.uuid4(), "removed": gone.pk}[who]
    answer = api.patch(f"/api/v1/chats/{chat.pk}", {"assigned_to": str(key)}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["assigned_to"])
    chat.refresh_from_db()
    assert chat.assigned_to is None


def test_filters_narrow_the_list(api, as_member, world, three):
    carla, dora, emil = three
    Chat.objects.filter(pk=carla.pk).update(assigned_to=world.ben)
    second = make_channel(world.acme, "Support", "+15550100101")
    make_chat(second, "Fritz")
    ben = as_member(world.ben)
    assert listed(ben, assigned="me") == ["Carla"]
    assert listed(api, assigned="me") == []
    assert listed(ben, assigned="none") == ["Emil", "Dora", "Fritz"]
    assert listed(ben, assigned=str(world.ben.pk)) == ["Carla"]
    assert listed(ben, channel=str(second.pk)) == ["Fritz"]
    assert listed(ben, channel=str(world.zoes_channel.pk)) == []
    ben.post(f"/api/v1/chats/{emil.pk}/read")
    assert listed(ben, unread="1") == ["Dora", "Carla"]
    assert listed(as_member(world.ana), unread="1") == ["Emil", "Dora", "Carla"]
    finish_chat(actor=world.ben, chat=dora)
    assert listed(api, done="1") == ["Dora"]
    assert "Dora" not in listed(api, done="0")


@pytest.mark.parametrize(
    "query",
    [
        {"assigned": "them"},
        {"channel": "x"},
        {"unread": "maybe"},
        {"limit": "0"},
        {"limit": "201"},
        {"cursor": "!!"},
        {"cursor": "WyJhIiwgImIiXQ"},
        {"cursor": "WyIyMDI2LTAxLTAxIiwgImIiXQ"},
    ],
)
def test_a_filter_that_is_none_is_refused(api, query):
    answer = api.get("/api/v1/chats", query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(query)


def test_pages_follow_one_another_without_gaps_or_repeats(api, world):
    at = timezone.now()
    for index in range(7):
        make_chat(world.channel, f"Number {index}", last_message_at=at - timedelta(seconds=index // 2))
    names, cursor = [], ""
    while cursor is not None:
        page = api.get("/api/v1/chats", {"limit": 3, "cursor": cursor}).json()
        names += [chat["name"] for chat in page["results"]]
        cursor = page["next"]
    assert len(names) == len(set(names)) == 7
    assert sorted(names) == [f"Number {index}" for index in range(7)]


def test_a_page_of_unread_chats_looks_at_a_bounded_number_and_goes_on(world, three, monkeypatch):
    monkeypatch.setattr(chat_list, "SCAN_MAX", 2)
    first = chat_page(world.ana, unread=True, limit=50)
    assert [row.title for row in first.rows] == ["Emil", "Dora"]
    second = chat_page(world.ana, unread=True, limit=50, cursor=first.next)
    assert ([row.title for row in second.rows], second.next) == (["Carla"], None)


def test_a_list_of_forty_asks_no_more_than_a_list_of_two(world):
    def grow(size: int) -> None:
        for _ in range(size):
            chat = make_chat(world.channel, assigned_to=world.ben)
            customer_writes(chat)
            write(world.ben, chat)

    grow(2)
    two = queries_of(lambda: chat_page(world.ana))
    grow(38)
    forty = queries_of(lambda: chat_page(world.ana))
    assert len(two) == len(forty) <= 5
    assert len(queries_of(lambda: chat_page(world.ana, unread=True))) <= 6


def test_tabs_count_open_chats(world, three):
    Chat.objects.filter(pk=three[0].pk).update(assigned_to=world.ben)
    finish_chat(actor=world.ben, chat=three[2])
    make_chat(world.zoes_channel)
    counts = tab_counts(world.ben)
    assert (counts.mine, counts.unassigned, counts.all) == (1, 1, 2)
    assert tab_counts(world.ana).mine == 0


def test_a_group_shows_who_is_in_it(api, world):
    customer = make_chat(world.channel, "Carla", line=7)
    group = Chat.objects.create(
        workspace=world.acme,
        channel=world.channel,
        wa_chat_id="120363000000000001@g.us",
        kind="group",
        name="Neighbours",
    )
    for wa_id, rank in ((customer.wa_chat_id, "member"), ("15550100200@s.whatsapp.net", "admin")):
        Participant.objects.create(chat=group, wa_id=wa_id, rank=rank)
    Participant.objects.create(chat=group, wa_id="15550100201@s.whatsapp.net", left=True)
    detail = api.get(f"/api/v1/chats/{group.pk}").json()
    assert detail["participants"] == [
        {"wa_id": "15550100200@s.whatsapp.net", "name": "+15550100200", "rank": "admin"},
        {"wa_id": customer.wa_chat_id, "name": "Carla", "rank": "member"},
    ]
    assert api.get(f"/api/v1/chats/{customer.pk}").json()["participants"] == []


def test_titles_and_previews_have_words_for_everything(world):
    nameless = make_chat(world.channel, "", line=9)
    assert chat_list.title_of(nameless) == "+15550100009"
    hidden = make_chat(world.channel, "")
    hidden.wa_chat_id = "123456789@lid"
    assert chat_list.title_of(hidden) == "Unknown"
    assert chat_list.preview_of(Message(type="image", text="")) == "Photo"
    assert chat_list.preview_of(Message(type="text", text="two\n lines")) == "two lines"
    assert chat_list.preview_of(Message(type="text", text="x", deleted_at=timezone.now())) == "Deleted"
    assert chat_list.preview_of(Message(type="poll", text="", poll={"question": "Tea?"})) == "Poll: Tea?"
    assert chat_list.preview_of(None) == ""


def test_a_removed_member_sees_nothing(world, three):
    world.ben.removed_at = timezone.now()
    with at_most(2):
        assert chat_page(world.ben).rows == []
