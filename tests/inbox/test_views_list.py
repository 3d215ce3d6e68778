"""The chat list as members see it: filters, counts, search, budgets, and nothing for outsiders."""

import pytest
from django.test import Client
from django.urls import reverse

from inbox.services.assigning import assign_chat
from inbox.services.reading import mark_read
from tests.support.chats import customer_writes, make_chat, write
from tests.support.query_budget import at_most
from workspaces.models import Member

DOOR = 3  # session, user, member


def browser_of(member: Member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def rows(member: Member, /, **query: str) -> str:
    response = browser_of(member).get(reverse("inbox:chat-rows", args=["acme"]), query, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def two_chats(world):
    carla, dora = make_chat(world.channel, "Carla Customer"), make_chat(world.channel, "Dora Different")
    customer_writes(carla, "Is the desk in stock?")
    customer_writes(dora, "Thank you")
    return carla, dora


def test_the_page_shows_chats_newest_first_with_previews_and_what_is_unread(world, two_chats):
    page = browser_of(world.ana).get(reverse("inbox:chat-list", args=["acme"])).content.decode()
    assert page.index("Dora Different") < page.index("Carla Customer")
    assert "Is the desk in stock?" in page
    assert page.count('class="row unread"') == 2
    assert "<title>(2) Inbox · Waybill</title>" in page


def test_a_read_chat_loses_its_badge_for_the_reader_only(world, two_chats):
    mark_read(actor=world.ana, chat=two_chats[0])
    assert rows(world.ana).count('class="row unread"') == 1
    assert rows(world.ben).count('class="row unread"') == 2


def test_tabs_channel_and_unread_narrow_the_list(world, two_chats):
    carla, _ = two_chats
    assign_chat(actor=world.ana, chat=carla, member=world.ben)
    mark_read(actor=world.ben, chat=carla)
    assert "Carla" in rows(world.ben, tab="mine")
    assert "Dora" not in rows(world.ben, tab="mine")
    assert "Carla" not in rows(world.ben, tab="unassigned")
    assert "Carla" not in rows(world.ben, unread="1")
    assert "Dora" in rows(world.ben, channel=str(world.channel.pk))
    assert "Nothing waits for you" in rows(world.ana, tab="mine")
    assert "Carla" in rows(world.ana, member=str(world.ben.pk))
    assert "Dora" not in rows(world.ana, member=str(world.ben.pk))
    for tab in ("mine", "unassigned"):
        assert "No chat fits" in rows(world.ana, tab=tab, member=str(world.ben.pk)), "a person picked overrides no tab"
    assert "No chat fits" in rows(world.ana, state="done")


def test_search_finds_names_numbers_and_text_and_marks_the_hit(world, two_chats):
    assert "Dora" not in rows(world.ana, q="carla")
    found = rows(world.ana, q="desk")
    assert "<mark>desk</mark>" in found
    assert "?at=" in found
    assert "No chat has “&lt;b&gt;”" in rows(world.ana, q="<b>")


def test_words_that_mean_nothing_break_no_page(world, two_chats):
    assert "Carla" in rows(world.ana, tab="x", channel="y", unread="")
    assert rows(world.ana, q="\x00carla'\"\\&|!")


def test_rows_after_a_cursor_follow_without_a_new_list(world):
    for number in range(45):
        customer_writes(make_chat(world.channel, f"Person {number}"), "Hello")
    first = rows(world.ana)
    cursor = first.split("cursor=")[1].split('"')[0]
    rest = rows(world.ana, cursor=cursor)
    assert first.count("data-open=") == 40
    assert rest.count("data-open=") == 5
    assert 'id="rows"' not in rest


@pytest.mark.parametrize("chats", [2, 40])
def test_the_rows_cost_the_same_for_two_and_for_forty(world, chats):
    for number in range(chats):
        chat = make_chat(world.channel, f"Person {number}")
        customer_writes(chat, "Hello")
        write(world.ana, chat, "Hi")
    browser = browser_of(world.ana)
    address = reverse("inbox:chat-rows", args=["acme"])
    browser.get(address)  # the first visit writes the session
    with at_most(DOOR + 7):  # chats, last messages, unread, labels, drafts and mentions, channels, lanes
        browser.get(address)


@pytest.mark.parametrize("chats", [2, 40])
def test_the_whole_page_costs_the_same_for_two_and_for_forty(world, chats):
    for number in range(chats):
        customer_writes(make_chat(world.channel, f"Person {number}"), "Hello")
    browser = browser_of(world.ana)
    address = reverse("inbox:chat-list", args=["acme"])
    browser.get(address)
    with at_most(DOOR + 15):
        browser.get(address)


def test_an_empty_workspace_says_what_to_do(world):
    assert "appears here by itself" in rows(world.ana)


def test_a_stranger_is_asked_to_sign_in_and_zoe_finds_nothing(world, two_chats):
    for name in ("chat-list", "chat-rows", "chat-counts"):
        address = reverse(f"inbox:{name}", args=["acme"])
        assert Client().get(address).status_code == 302
        assert browser_of(world.zoe).get(address).status_code == 404
    own = browser_of(world.zoe).get(reverse("inbox:chat-list", args=["zoes"])).content.decode()
    assert "Carla" not in own
