"""How the inbox looks and is reached: sizes, themes, keys, places in long threads, and what axe says."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write
from tests.support.waiting import until

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds; with `rules`, of these alone."""
    page.wait_for_load_state()  # a page that a click led to may lack its styles for a moment
    ending = "(a) => a.effect.getComputedTiming().endTime < Infinity"  # a placeholder for more rows pulses for ever
    page.evaluate(f"Promise.all(document.getAnimations().filter({ending}).map((a) => a.finished.catch(() => {{}})))")
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes']][:3]}" for one in found]


def violations_in_both_themes(page: Page) -> list[str]:
    """Of a page in its light theme; the dark one changes nothing but colours."""
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += violations(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_pane(visit, theme):
    ana = visit("ana", color_scheme=theme)
    assert violations(ana) == []
    open_chat(ana, "Mia Sample")
    expect(ana.locator("#thread .message").first).to_be_visible()
    assert violations(ana) == []
    ana.locator("a[aria-label=Details]").click()
    expect(ana.locator("#side h2")).to_have_text("Details")
    assert violations(ana) == []
    ana.keyboard.press("Escape")
    ana.locator(".own .tick").last.click()
    expect(ana.locator("#side h2")).to_have_text("What happened")
    assert violations(ana) == []
    ana.keyboard.press("Escape")
    ana.locator("#search").fill("zzzz")
    expect(ana.locator("#rows")).to_contain_text("No chat has")
    assert violations(ana) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone_and_for_a_viewer(visit, theme):
    phone = visit("ana", color_scheme=theme, **PHONE)
    assert violations(phone) == []
    open_chat(phone, "Mia Sample")
    assert violations(phone) == []
    vic = visit("vic", color_scheme=theme)
    open_chat(vic, "Mia Sample")
    assert violations(vic) == []


def test_a_phone_shows_one_pane_at_a_time_with_real_addresses(visit, customer):
    customer("Phone Phil")
    phone = visit("ana", **PHONE)
    expect(phone.locator("#list")).to_be_visible()
    expect(phone.locator("#conversation")).to_be_hidden()
    open_chat(phone, "Phone Phil")
    expect(phone.locator("#list")).to_be_hidden()
    address = phone.url
    assert re.search(r"/inbox/[0-9a-f-]{36}/$", address)
    write(phone, "From my pocket")
    expect(bubble(phone, "From my pocket")).to_be_visible()
    phone.go_back()
    expect(phone.locator("#list")).to_be_visible()
    phone.goto(address)
    expect(bubble(phone, "From my pocket")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in phone.locator(".composer .btn:visible").all():
        assert button.bounding_box()["height"] >= 44


def test_the_theme_is_chosen_remembered_and_there_before_the_first_paint(visit):
    ana = visit("ana", color_scheme="light")
    ground = "getComputedStyle(document.querySelector('.list')).backgroundColor"
    light = ana.evaluate(ground)
    ana.get_by_role("button", name=re.compile("theme")).click()
    with ana.expect_response("**/theme/"):
        ana.get_by_role("button", name="Dark").click()
    assert ana.evaluate(ground) != light
    expect(ana.locator("#theme-form [aria-pressed=true]")).to_have_text("Dark")
    page = ana.request.get("/w/acme/inbox/").text()
    assert re.search(r'<html[^>]* data-theme="dark"', page), "the server writes it, no script has to"
    with ana.expect_response("**/theme/"):
        ana.get_by_role("button", name="System").click()
    assert ana.evaluate(ground) == light


def test_keys_alone_are_enough(visit, customer):
    customer("Keyboard Kim", "Type, please")
    ana = visit("ana")
    expect(ana.locator("#rows .row").first).to_contain_text("Keyboard Kim")
    wait_for_scripts(ana)
    ana.locator("body").press("j")
    ana.keyboard.press("Enter")
    expect(ana.locator("#conversation h1")).to_have_text("Keyboard Kim")
    expect(ana.locator("#composer-text")).to_be_focused()
    ana.keyboard.type("One line")
    ana.keyboard.press("Shift+Enter")
    ana.keyboard.type("and another")
    ana.keyboard.press("Enter")
    expect(bubble(ana, "One line")).to_contain_text("and another")
    ana.keyboard.press("Escape")
    ana.keyboard.press("r")
    expect(ana.locator("#reply-chip")).to_contain_text("Type, please")
    ana.keyboard.press("Escape")
    ana.keyboard.press("?")
    expect(ana.locator("#keys")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.locator("#keys")).to_be_hidden()
    ana.locator("[popovertarget=me-menu]").press("Enter")
    expect(ana.locator("#me-menu")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.locator("#me-menu")).to_be_hidden()
    expect(ana.locator("#conversation h1")).to_have_text("Keyboard Kim")
    ana.keyboard.press("/")
    expect(ana.locator("#search")).to_be_focused()
    ana.keyboard.type("Keyboard Kim")
    expect(ana.locator("#rows .row[data-chat]")).to_have_count(1)


def test_a_long_thread_loads_older_messages_without_moving_and_counts_new_ones(visit, customer, stack):
    someone = customer("Lasting Luke", "The very first")
    stack.customer_writes(someone["number"], "Line {n}", count=70)
    ana = visit("ana")
    open_chat(ana, "Lasting Luke")
    expect(ana.locator("#rows .row", has_text="Lasting Luke")).to_contain_text("Line 70")
    with ana.expect_response("**/read/"):
        ana.get_by_role("button", name=re.compile("^Newest|new$")).click()
    ana.reload()
    wait_for_scripts(ana)
    expect(ana.locator("#thread .message")).to_have_count(50)
    expect(bubble(ana, "Line 70")).to_be_visible()
    middle = bubble(ana, "Line 40")
    ana.evaluate("document.querySelector('#thread-scroller').scrollTop = -1400")
    before = middle.bounding_box()["y"]
    expect(ana.locator("#thread .message")).to_have_count(71)
    assert abs(middle.bounding_box()["y"] - before) <= 1
    stack.customer_writes(someone["number"], "Down here")
    expect(ana.locator("#pill")).to_have_text("1 new")
    assert abs(middle.bounding_box()["y"] - before) <= 1
    ana.locator("#pill").click()
    expect(bubble(ana, "Down here")).to_be_in_viewport()
    expect(ana.locator("#pill")).to_be_hidden()


def test_the_list_never_moves_a_row_from_under_the_pointer(visit, customer, stack):
    customer("Row One")
    two = customer("Row Two")
    customer("Row Three")
    ana = visit("ana")
    expect(ana.locator("#rows .row").nth(2)).to_contain_text("Row")
    wait_for_scripts(ana)
    names = ana.locator("#rows .row .name")
    ana.locator("#rows .row").nth(1).hover()
    before = names.all_inner_texts()[:3]
    stack.customer_writes(two["number"], "Up I go")
    expect(ana.locator("#rows .row", has_text="Row Two")).to_contain_text("Up I go")
    assert names.all_inner_texts()[:3] == before
    ana.locator("#conversation").hover()
    expect(names.first).to_have_text("Row Two")


def test_a_row_that_changes_while_it_is_pressed_still_opens(visit, customer, stack):
    someone = customer("Press Polly")
    ana = visit("ana")
    held = []

    def relay(page):
        """Frames that tell of the change wait until the button is down."""
        show = page.send
        page.connect_to_server().on_message(
            lambda frame: held.append((show, frame)) if "Again" in frame else show(frame)
        )

    ana.route_web_socket(re.compile("/ws/"), relay)
    ana.reload()
    wait_for_scripts(ana)
    expect(ana.locator("#rows .row", has_text="Press Polly")).to_be_visible()
    stack.customer_writes(someone["number"], "Again")
    until(lambda: ana.wait_for_timeout(20) or held)
    ana.locator("#rows").get_by_text("Press Polly", exact=True).hover()
    ana.mouse.down()
    for show, frame in held:
        show(frame)
    ana.evaluate("0")  # the frames are in the page
    ana.mouse.up()
    expect(ana.locator("#conversation h1")).to_have_text("Press Polly")
    expect(ana.locator("#rows .row", has_text="Press Polly")).to_contain_text("Again")


def test_the_list_goes_on_as_far_as_one_scrolls(visit, customer):
    for number in range(42):
        customer(f"Endless {number}")
    ana = visit("ana")
    rows = ana.locator("#rows .row[data-chat]")
    expect(rows).to_have_count(40)
    wait_for_scripts(ana)
    ana.locator("#list-scroller").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    expect(rows).not_to_have_count(40)
    expect(rows.get_by_text("Endless 0", exact=True)).to_be_visible()


def test_the_bar_follows_who_takes_care_of_the_chat(visit, customer):
    customer("Assigned Ada")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Assigned Ada")
    open_chat(ben, "Assigned Ada")
    ben.locator(".assignee").click()
    ben.locator("#picker").get_by_role("button", name=re.compile("^Ben Demo")).click()
    expect(ana.locator(".assignee")).to_contain_text("Ben")
    expect(ana.locator("#rows .row", has_text="Assigned Ada").locator(".face.small")).to_have_text(re.compile("^BD"))
    expect(ben.locator("#tabs", has_text=re.compile("Mine.*[1-9]"))).to_be_visible()
