"""A team shares its chats: done, snoozed, given, labelled; with the mouse, by keys and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_looks import PHONE, violations
from tests.e2e.test_writing import open_chat, wait_for_scripts


def row(page: Page, name: str):
    return page.locator("#rows .row", has=page.get_by_text(name, exact=True))


def key(page: Page, letter: str) -> None:
    """A key of the page, pressed where nobody writes."""
    page.locator("#conversation h1").click()
    page.keyboard.press(letter)


def test_ben_finishes_a_chat_by_key_and_ana_sees_it_go_and_come_back(visit, customer):
    customer("Done Dana")
    ana, ben = visit("ana"), visit("ben")
    wait_for_scripts(ana)
    expect(row(ana, "Done Dana")).to_have_count(1)
    open_chat(ben, "Done Dana")
    key(ben, "e")
    expect(ben.get_by_role("button", name="Open again")).to_be_visible()
    expect(row(ana, "Done Dana")).to_have_count(0)
    ben.get_by_role("button", name="Undo").click()
    expect(ben.locator(".state-form").get_by_role("button", name="Done")).to_be_visible()
    expect(row(ana, "Done Dana")).to_have_count(1)
    key(ben, "e")
    expect(row(ana, "Done Dana")).to_have_count(0)
    ana.get_by_label("State").select_option("done")
    expect(row(ana, "Done Dana")).to_have_count(1)
    expect(ana).to_have_url(re.compile("state=done"))
    ana.get_by_label("Show everything").click()
    expect(row(ana, "Done Dana")).to_have_count(0)


def test_a_customers_word_opens_a_snoozed_chat_again(visit, customer, stack):
    who = customer("Snooze Sam")
    ben = visit("ben")
    open_chat(ben, "Snooze Sam")
    key(ben, "s")
    expect(ben.locator("#picker")).to_contain_text("Tomorrow")
    assert violations(ben) == []
    ben.locator("#picker").get_by_role("button", name=re.compile("^Tomorrow")).click()
    expect(ben.locator("#toasts")).to_contain_text("Snoozed until")
    expect(row(ben, "Snooze Sam")).to_have_count(0)
    stack.customer_writes(who["number"], "One more thing")
    expect(row(ben, "Snooze Sam")).to_have_count(1)
    expect(ben.locator(".state-form").get_by_role("button", name="Done")).to_be_visible()


def test_labels_and_people_are_chosen_by_typing(visit, customer):
    ana = visit("ana", "/w/acme/settings/labels/")
    ana.locator("#new-name").fill("Réparation")
    ana.get_by_role("button", name="Make the label").click()
    ana.goto("/w/acme/inbox/")
    customer("Label Lea")
    open_chat(ana, "Label Lea")
    key(ana, "l")
    ana.keyboard.type("repar")
    ana.keyboard.press("Enter")
    expect(row(ana, "Label Lea").locator(".spot")).to_have_count(1)
    assert violations(ana) == []
    ana.keyboard.press("Escape")
    expect(ana.locator("#picker")).to_be_hidden()
    key(ana, "a")
    ana.keyboard.type("ben")
    ana.keyboard.press("Enter")
    expect(ana.locator(".assignee")).to_contain_text("Ben")
    ana.locator(".picks").get_by_label("Label").select_option(label="Réparation")
    expect(ana.locator("#rows .row")).to_have_count(1)


def test_a_new_chat_is_started_on_a_phone(visit):
    ana = visit("ana", **PHONE)
    wait_for_scripts(ana)
    ana.get_by_role("button", name="New chat").click()
    to = ana.locator("#new-to")
    expect(to).to_be_focused()
    to.fill("nobody")
    ana.get_by_role("button", name="Open the chat").click()
    expect(ana.locator("#new-error")).to_contain_text("no phone number")
    assert violations(ana) == []
    to.fill("+1 555 010 8888")
    ana.get_by_role("button", name="Open the chat").click()
    expect(ana.locator("#conversation h1")).to_have_text("+15550108888")
    expect(ana).to_have_url(re.compile(r"/inbox/[0-9a-f-]{36}/"))


def test_a_contact_is_found_by_the_beginning_of_the_name(visit, customer):
    who = customer("Findable Fay")
    ana = visit("ana")
    open_chat(ana, "Findable Fay")
    key(ana, "c")
    ana.keyboard.type("findab")
    ana.locator("#people-found button").first.click()
    expect(ana.locator("#new-to")).to_have_value(f"+{who['number']}")


def test_what_was_found_stays_when_the_customer_writes_meanwhile(visit, customer, stack):
    number = customer("Searched Sol")["number"]
    ana = visit("ana")
    wait_for_scripts(ana)
    ana.locator("#search").fill("Searched Sol")
    expect(ana.locator("#rows .row[data-chat]")).to_have_count(1)
    stack.customer_writes(number, "One thing more")
    expect(row(ana, "Searched Sol")).to_contain_text("One thing more")


def top_of(page: Page, name: str) -> float:
    """Where the row is, asked in one go: the list may be drawn anew at any moment."""
    return page.evaluate(
        """(name) => [...document.querySelectorAll('#rows .row')]
            .find((row) => row.querySelector('.name').textContent === name).getBoundingClientRect().top""",
        name,
    )


def test_the_row_under_the_pointer_never_moves(visit, customer, stack):
    number = customer("Pointer Pia")["number"]
    customer("Newer Nele")
    ana = visit("ana")
    wait_for_scripts(ana)
    pia = row(ana, "Pointer Pia")
    expect(row(ana, "Newer Nele")).to_have_count(1)
    pia.hover()
    before = top_of(ana, "Pointer Pia")
    stack.customer_writes(number, "I write again")
    expect(pia).to_contain_text("I write again")
    assert top_of(ana, "Pointer Pia") == before
    customer("Brand New Bo")
    expect(row(ana, "Brand New Bo")).to_have_count(1)
    assert abs(top_of(ana, "Pointer Pia") - before) < 1
    ana.locator("#search").hover()
    expect(ana.locator("#rows .row").first).to_contain_text("Brand New Bo")
    expect(ana.locator("#rows .row").nth(1)).to_contain_text("Pointer Pia")
    assert ana.locator("#list-scroller").evaluate("box => box.scrollTop") < 1


def test_a_search_opens_at_the_message_whether_its_accents_were_typed_or_not(visit, stack, customer):
    who = customer("José Accent", "La lámpara azul")
    for text in ("uno", "dos", "tres"):
        stack.customer_writes(who["number"], text)
    ana = visit("ana")
    wait_for_scripts(ana)
    ana.locator("#search").fill("lampara")
    hit = ana.locator("#rows .hit").first
    expect(hit.locator("mark")).to_have_text("lámpara")
    hit.click()
    expect(ana.locator(".message:focus")).to_contain_text("La lámpara azul")
    ana.locator("#search").fill("jose")
    expect(row(ana, "José Accent")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_small_windows_of_the_teams_work(visit, customer, theme):
    someone = customer(f"Windows Wes {theme}")
    ana = visit("ana", color_scheme=theme)
    open_chat(ana, someone["name"])
    for letter in "acls":
        key(ana, letter)
        expect(ana.locator("#picker[open] h2")).to_be_attached()
        assert violations(ana) == [], letter
        ana.keyboard.press("Escape")
