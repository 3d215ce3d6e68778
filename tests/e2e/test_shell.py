"""What surrounds the conversation: palette, keys, notifications, the tab, and coming back after signing out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_looks import violations
from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write


def palette(page: Page):
    """Open it, wherever the focus is."""
    page.keyboard.press("ControlOrMeta+k")
    box = page.locator("#palette")
    expect(box).to_be_visible()
    return box


def test_the_palette_finds_chats_pages_and_actions_from_anywhere(visit, customer):
    customer("Palette Pia")
    customer("Another Ann")
    ana = visit("ana")
    open_chat(ana, "Another Ann")
    expect(ana.locator("#composer-text")).to_be_focused()
    box = palette(ana)
    assert violations(ana) == []
    ana.keyboard.type("palet")
    expect(box.locator("[aria-selected=true]")).to_contain_text("Palette Pia")
    ana.keyboard.press("Enter")
    expect(ana.locator("#conversation h1")).to_have_text("Palette Pia")
    palette(ana)
    ana.keyboard.type("audit")
    expect(box.locator("[role=option]")).to_have_text("Settings: audit log")
    ana.keyboard.press("Enter")
    expect(ana).to_have_url(re.compile("/settings/audit/$"))
    wait_for_shell(ana)
    palette(ana)
    ana.keyboard.type("keyb")
    box.locator("[data-key='deed Keyboard']").click()  # somebody of another test may begin with these letters too
    expect(ana.locator("#keys")).to_be_visible()
    ana.keyboard.press("Escape")
    palette(ana)
    ana.keyboard.type("zzzz")
    expect(box.locator(".none")).to_have_text("Nothing is called that.")
    ana.keyboard.press("Escape")
    expect(box).to_be_hidden()


def test_the_palette_shows_a_viewer_only_where_they_may_go(visit):
    vic = visit("vic")
    wait_for_scripts(vic)
    box = palette(vic)
    expect(box.locator("[role=option]", has_text="Settings: profile")).to_be_visible()
    for place in ("audit log", "API keys", "members", "Webhooks", "Outbox"):
        expect(box.locator("[role=option]", has_text=place)).to_have_count(0)


def wait_for_shell(page: Page) -> None:
    page.wait_for_load_state("networkidle")


def test_the_list_of_keys_is_the_table_that_handles_them(visit, customer):
    customer("Keys Kira", "Press something")
    ana = visit("ana")
    open_chat(ana, "Keys Kira")
    ana.keyboard.press("Escape")
    ana.keyboard.press("?")
    listed = ana.locator("#keys dt")
    expect(listed.first).to_be_visible()
    assert violations(ana) == []
    shown = {" ".join(text.split()) for text in listed.all_inner_texts()}
    wanted = {"/", "j", "k", "↑", "↓", "Enter", "r", "n", "a", "e", "u", "l", "Esc", "?", "Ctrl k"}
    assert wanted <= shown, f"{wanted - shown} do nothing, or are not listed"
    ana.keyboard.press("Escape")
    expect(ana.locator("#keys")).to_be_hidden()
    ana.keyboard.press("e")
    expect(ana.locator("#conversation [data-key=e]")).to_contain_text("Open again")


def test_an_enter_pressed_before_the_scripts_are_there_still_sends(visit, customer, stack):
    customer("Early Ed")
    ana = visit("ana")
    open_chat(ana, "Early Ed")
    held, released = [], []
    ana.route("**/js/inbox.js*", lambda route: route.continue_() if released else held.append(route))
    ana.goto(ana.url, wait_until="commit")
    ana.locator("#composer-text").fill("Too fast for you")
    ana.wait_for_function("() => performance.getEntriesByType('resource').some((r) => r.name.includes('/start'))")
    ana.locator("#composer-text").press("Enter")
    released.append(True)
    for route in held:
        route.continue_()
    expect(bubble(ana, "Too fast for you")).to_have_count(1)
    expect(ana.locator("#composer-text")).to_have_value("")


# --- Telling those who look elsewhere ---------------------------------------------------------------------------------

WITNESS = """
window.told = []
window.Notification = class {
    static permission = 'granted'
    static requestPermission = async () => 'granted'
    constructor(title, options) { window.told.push([title, options.body, options.tag]) }
    close() {}
}
Object.defineProperty(document, 'hidden', {get: () => window.away ?? false})
"""


def wish(page: Page, *labels: str) -> None:
    page.goto("/w/acme/settings/profile/")
    for label in ("Desktop notifications", "Sound"):
        page.get_by_label(label).set_checked(label in labels)
    page.locator("form.card", has=page.get_by_label("Sound")).get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")


def test_new_messages_are_told_as_the_person_wishes_and_never_of_the_chat_in_front(visit, customer, stack):
    front, other = customer("Front Fred"), customer("Other Olga")
    ben = visit("ben")
    ben.context.add_init_script(WITNESS)
    ben.context.grant_permissions(["notifications"])
    wish(ben, "Desktop notifications", "Sound")
    ben.goto("/w/acme/inbox/")
    open_chat(ben, "Front Fred")
    stack.customer_writes(front["number"], "I am in front")
    expect(bubble(ben, "I am in front")).to_be_visible()
    stack.customer_writes(other["number"], "Here I am")
    expect(ben.locator("html[data-rang]")).to_have_count(1)
    assert ben.evaluate("window.told") == [], "the page is in sight"
    ben.evaluate("window.away = true")
    stack.customer_writes(other["number"], "And again")
    ben.wait_for_function("() => window.told.length === 1")
    assert ben.evaluate("window.told[0].slice(0, 2)") == ["Other Olga", "And again"]
    expect(ben).to_have_title(re.compile(r"^\(\d+\+?\) "))
    expect(ben.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("^data:image/png"))
    wish(ben)


def test_without_the_wish_nothing_rings(visit, customer, stack):
    someone = customer("Quiet Quinn")
    ana = visit("ana")
    ana.context.add_init_script(WITNESS)
    ana.reload()
    wait_for_scripts(ana)
    ana.evaluate("window.away = true")
    stack.customer_writes(someone["number"], "Knock knock")
    expect(ana.locator("#rows .row", has_text="Quiet Quinn")).to_contain_text("Knock knock")
    assert ana.evaluate("window.told") == []
    expect(ana.locator("html[data-rang]")).to_have_count(0)


# --- Coming back -----------------------------------------------------------------------------------------------------


def test_a_session_that_ends_while_one_writes_costs_nothing(visit, customer, stack):
    customer("Expired Eva")
    ana = visit("ana")
    open_chat(ana, "Expired Eva")
    place = ana.url
    ana.context.clear_cookies(name="sessionid")
    write(ana, "Written after the session ended")
    expect(ana.locator("#toasts .bad")).to_contain_text("What you typed is kept on this device.")
    ana.locator("#composer-text").fill("and a draft")
    ana.locator("#toasts").get_by_role("link", name="Sign in").click()
    ana.get_by_label("E-mail").fill("ana@example.com")
    ana.get_by_label("Password").fill("waybill-demo")
    ana.get_by_role("button", name="Sign in").click()
    expect(ana).to_have_url(place)
    expect(bubble(ana, "Written after the session ended").locator(".tick.read")).to_be_visible(timeout=20_000)
    expect(bubble(ana, "Written after the session ended")).to_have_count(1)
    expect(ana.locator("#composer-text")).to_have_value("and a draft")


def test_a_broken_server_says_so_with_the_id_that_the_log_has(visit, customer):
    customer("Broken Boris")
    ana = visit("ana")
    wait_for_scripts(ana)
    ana.route("**/details/", lambda route: route.fulfill(status=500, headers={"X-Request-Id": "req-0123456789ab"}))
    open_chat(ana, "Broken Boris")
    ana.locator("a[aria-label=Details]").click()
    expect(ana.locator("#toasts .bad")).to_contain_text("Request id: req-0123456789ab")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_being_away_counts_down_and_can_be_cut_short(visit, customer, theme):
    customer("Away Al")
    ana = visit("ana", color_scheme=theme)
    sockets, refuse = [], []
    ana.add_init_script("Math.random = () => 20")  # the first wait is ten seconds, long enough to press
    ana.route_web_socket(
        re.compile("/ws/"),
        lambda ws: ws.close() if refuse else (sockets.append(ws), ws.connect_to_server()),
    )
    ana.reload()
    open_chat(ana, "Away Al")
    refuse.append(True)
    sockets[-1].close()
    banner = ana.locator("#connection")
    expect(banner).to_contain_text(re.compile(r"Reconnecting in .*\. Nothing is lost meanwhile\."), timeout=20_000)
    assert violations(ana) == []
    refuse.clear()
    banner.get_by_role("button", name="Now").click()
    expect(banner).to_be_empty()
