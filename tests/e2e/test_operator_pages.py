"""The operator's pages in a real browser: linking a number, pausing, resolving, the inbound log, settings, axe."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PASSWORD
from tests.e2e.test_looks import PHONE, violations, violations_in_both_themes
from tests.e2e.test_writing import bubble, open_chat, write
from tests.support.waiting import until

PAGES = [
    "/w/acme/channels/",
    "/w/acme/channels/add/",
    "/w/acme/outbox/",
    "/w/acme/outbox/?tab=sent",
    "/w/acme/webhooks/",
    "/w/acme/settings/profile/",
    "/w/acme/settings/members/",
    "/w/acme/settings/teams/",
    "/w/acme/settings/labels/",
    "/w/acme/settings/quick-replies/",
    "/w/acme/settings/rules/",
    "/w/acme/settings/api-keys/",
    "/w/acme/settings/audit/",
    "/workspaces/",
    "/w/acme/channels/00000000-0000-7000-8000-000000000000/",
]


def talk_to(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")  # the scripts of the inbox come after its first paint
    open_chat(page, name)


def lane(page: Page, name: str):
    return page.locator("#outbox-lanes tbody tr", has_text=name)


def item(page: Page, text: str):
    return page.locator("#outbox-items tbody tr", has_text=text)


def card(page: Page, name: str):
    return page.locator("article.channel", has=page.get_by_role("heading", name=name, exact=True))


# --- How it looks and reads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_the_operators_pages(visit, size):
    ana = visit("ana", **size)
    for path in PAGES:
        ana.goto(path)
        for fold in ana.locator(".settings details:not(.hues) > summary").all()[:1]:
            fold.click()
        assert violations_in_both_themes(ana) == [], path
        assert ana.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    ana.goto("/w/acme/channels/")
    card(ana, "Acme Shop").get_by_role("link").first.click()
    expect(ana.get_by_role("heading", name="Connection history")).to_be_visible()
    assert violations_in_both_themes(ana) == []
    ana.goto("/w/acme/webhooks/")
    ana.locator("a.row").first.click()
    expect(ana.locator("#payload")).to_be_visible()
    assert violations_in_both_themes(ana) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_at_the_door_and_before_a_closed_one(visit, theme):
    vic = visit("vic", color_scheme=theme)
    vic.goto("/w/acme/outbox/")
    expect(vic.get_by_role("heading", name="Your role does not allow this")).to_be_visible()
    assert violations(vic) == []
    vic.context.clear_cookies()
    vic.goto("/w/acme/outbox/")
    expect(vic.get_by_role("heading", name="Sign in")).to_be_visible()
    assert violations(vic) == []
    vic.get_by_label("E-mail").fill("vic@example.com")
    vic.get_by_label("Password").fill("wrong")
    vic.get_by_role("button", name="Sign in").click()
    expect(vic.get_by_role("alert")).to_contain_text("do not go together")
    assert violations(vic) == []


def test_times_run_on_in_the_readers_own_zone(visit):
    ana = visit("ana", timezone_id="Pacific/Kiritimati")
    ana.goto("/w/acme/settings/audit/")
    stamp = ana.locator("time[data-time=stamp]").first
    moment = stamp.get_attribute("datetime")
    expected = ana.evaluate(
        "(at) => new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'})"
        ".format(new Date(at))",
        moment,
    )
    expect(stamp).to_contain_text(expected)


# --- Channels ---------------------------------------------------------------------------------------------------------


def test_a_number_is_added_and_linked_by_its_code(visit, stack, keep_screenshot):
    token = f"sim_new_{uuid.uuid4().hex[:12]}"
    ana = visit("ana")
    ana.goto("/w/acme/channels/add/")
    ana.get_by_label("Name").fill("Branch office")
    ana.get_by_label("Token").fill(token)
    ana.get_by_role("button", name="Add and connect").click()
    secret = ana.locator("#webhook-secret").inner_text()
    expect(ana).to_have_url(re.compile(r"/w/acme/channels/[0-9a-f-]{36}/$"))  # so that reloading adds no second one
    expect(ana.locator(".code-box img")).to_be_visible(timeout=20_000)
    expect(ana.locator(".under time").first).to_have_text(re.compile(r"^0:[0-5]\d$"))
    assert violations(ana) == []
    keep_screenshot(ana, "channel-linking")
    stack.provider.connection("linked", channel=token, number="15550100188")
    expect(ana.locator("#channel-link")).to_contain_text("is connected", timeout=20_000)
    expect(ana.locator("#channel-state")).to_have_text("Connected")
    expect(ana.locator("#webhook-secret")).to_have_text(secret)
    ana.reload()
    assert secret not in ana.content()
    assert token not in ana.content()
    known = next(known for known in stack.provider.channels() if known["number"] == "15550100188")
    assert known["webhooks"][0]["url"].startswith(f"{stack.url}/api/webhooks/whapi/"), "the provider calls us"
    ana.goto("/w/acme/channels/")
    expect(card(ana, "Branch office").locator(".state")).to_have_text("Connected")
    ana.once("dialog", lambda dialog: dialog.accept())
    card(ana, "Branch office").get_by_role("link", name="Settings and history").click()
    ana.get_by_role("button", name="Remove this channel").click()
    expect(ana.locator(".toast")).to_contain_text("is removed")
    expect(card(ana, "Branch office")).to_have_count(0)


def test_news_that_come_while_a_part_of_the_page_is_fetched_are_shown_after_it(visit, stack):
    token = f"sim_new_{uuid.uuid4().hex[:12]}"
    ana = visit("ana")
    ana.goto("/w/acme/channels/add/")
    ana.get_by_label("Name").fill("Branch in between")
    ana.get_by_label("Token").fill(token)
    ana.get_by_role("button", name="Add and connect").click()
    expect(ana.locator("body[data-live]")).to_have_count(1)
    expect(ana.locator(".code-box img")).to_be_visible(timeout=20_000)
    asked = []

    def hold_the_first(route):
        answer = route.fetch()
        asked.append(lambda: route.fulfill(response=answer))
        if len(asked) > 1:
            asked[-1]()

    ana.route("**/link/", hold_the_first)
    ask = "void htmx.trigger('#channel-link', 'refresh')"
    until(lambda: ana.evaluate(ask) or ana.wait_for_timeout(50) or asked)  # it tells what was before the news
    stack.provider.connection("linked", channel=token, number="15550100181")
    expect(ana.locator("#channel-state")).to_have_text("Connected")
    asked[0]()
    expect(ana.locator("#channel-link")).to_contain_text("is connected")
    ana.once("dialog", lambda dialog: dialog.accept())
    ana.get_by_role("button", name="Remove this channel").click()


def test_a_pause_is_seen_by_everybody_and_what_waits_goes_on_after_it(visit, customer):
    customer("Paula Patient")
    ana, ben = visit("ana", "/w/acme/channels/"), visit("ben")
    card(ana, "Acme Shop").get_by_role("button", name="Pause").click()
    expect(card(ana, "Acme Shop")).to_contain_text("Paused by Ana Example.")
    talk_to(ben, "Paula Patient")
    write(ben, "This one waits")
    expect(bubble(ben, "This one waits").locator(".tick.pending")).to_be_visible()
    watching = visit("ben", "/w/acme/outbox/?tab=waiting")
    expect(item(watching, "This one waits")).to_contain_text("Paula Patient")
    expect(lane(watching, "Acme Shop")).to_contain_text("Paused")
    ana.goto("/w/acme/outbox/")
    lane(ana, "Acme Shop").get_by_role("button", name="Resume").click()
    expect(lane(ana, "Acme Shop").locator(".state")).not_to_contain_text("Paused")
    expect(lane(watching, "Acme Shop").locator(".state")).not_to_contain_text("Paused")
    expect(item(watching, "This one waits")).to_have_count(0)
    expect(bubble(ben, "This one waits").locator(".tick.pending")).to_have_count(0)


# --- Outbox -----------------------------------------------------------------------------------------------------------


def test_a_refused_message_appears_by_itself_and_is_tried_again_with_others(visit, customer, stack):
    customer("Rita Refused")
    ana = visit("ana", "/w/acme/outbox/")
    ben = visit("ben")
    talk_to(ben, "Rita Refused")
    stack.provider.fault(match={"path": "/messages/text"}, times=2, status=400, body={"error": {"message": "no"}})
    write(ben, "First refusal")
    expect(bubble(ben, "First refusal").locator(".tick.failed")).to_be_visible()
    write(ben, "Second refusal")
    expect(bubble(ben, "Second refusal").locator(".tick.failed")).to_be_visible()
    expect(item(ana, "First refusal")).to_be_visible()
    expect(item(ana, "Second refusal")).to_be_visible()
    again = ana.get_by_role("button", name="Try again")
    expect(again).to_be_disabled()
    for words in ("First refusal", "Second refusal"):
        item(ana, words).get_by_role("checkbox").check()
    expect(ana.locator("[data-chosen]")).to_have_text("2 chosen")
    ana.once("dialog", lambda dialog: dialog.dismiss())
    again.click()
    expect(item(ana, "First refusal").get_by_role("checkbox")).to_be_checked()
    ana.once("dialog", lambda dialog: dialog.accept())
    again.click()
    expect(ana.locator(".toast")).to_contain_text("2 will be tried again.")
    expect(bubble(ben, "First refusal").locator(".tick.failed")).to_have_count(0)
    expect(bubble(ben, "Second refusal").locator(".tick.failed")).to_have_count(0)
    ana.goto("/w/acme/outbox/?tab=sent")
    expect(item(ana, "Second refusal")).to_be_visible()


def test_what_somebody_is_choosing_is_not_swept_away(visit, customer, stack):
    customer("Clara Choosing")
    ben = visit("ben")
    talk_to(ben, "Clara Choosing")
    stack.provider.fault(match={"path": "/messages/text"}, times=1, status=400, body={"error": {"message": "no"}})
    write(ben, "Choose me")
    expect(bubble(ben, "Choose me").locator(".tick.failed")).to_be_visible()
    ana = visit("ana", "/w/acme/outbox/")
    item(ana, "Choose me").get_by_role("checkbox").check()
    asked = []
    ana.on("request", lambda request: asked.append(request.url))
    with ana.expect_response("**/outbox/lanes/"):
        pass
    with ana.expect_response("**/outbox/lanes/"):
        pass
    assert not [url for url in asked if "/outbox/items/" in url]
    expect(item(ana, "Choose me").get_by_role("checkbox")).to_be_checked()


# --- Webhooks ---------------------------------------------------------------------------------------------------------


def test_a_webhook_is_found_by_its_message_read_and_replayed(visit, customer, stack):
    someone = customer("Wanda Webhook")
    (wa_id,) = stack.customer_writes(someone["number"], "Find <b>me</b>")
    ana = visit("ana")
    talk_to(ana, "Wanda Webhook")
    expect(bubble(ana, "Find <b>me</b>")).to_be_visible()
    ana.goto("/w/acme/webhooks/")
    ana.get_by_label("Message id or phone number").fill(wa_id)
    ana.keyboard.press("Enter")
    brought = ana.locator(".log-list tbody tr", has=ana.locator("code", has_text=re.compile("^messages")))
    expect(brought).to_have_count(1)  # another may tell that it was read: our own reading comes back as a report
    brought.locator("a.row").click()
    expect(ana.locator("#payload")).to_contain_text("Find <b>me</b>")
    expect(ana.locator("#payload .hit").first).to_contain_text(wa_id)
    ana.get_by_role("button", name="Replay", exact=True).click()
    expect(ana.locator(".toast")).to_contain_text("applied again")
    ana.goto("/w/acme/inbox/")
    talk_to(ana, "Wanda Webhook")
    expect(bubble(ana, "Find <b>me</b>")).to_have_count(1)


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_an_invitation_is_copied_opened_and_accepted(visit, browser, stack):
    address = f"new{uuid.uuid4().hex[:8]}@example.com"
    ana = visit("ana", "/w/acme/settings/members/")
    ana.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stack.url)
    ana.get_by_label("E-mail address").fill(address)
    ana.get_by_label("Role", exact=True).select_option("viewer")
    ana.get_by_role("button", name="Make the link").click()
    ana.get_by_role("button", name="Copy").click()
    expect(ana.get_by_role("button", name="Copied")).to_be_visible()
    link = ana.evaluate("navigator.clipboard.readText()")
    assert link == ana.locator("#invitation-link").inner_text()
    assert violations(ana) == []
    stranger = browser.new_context(base_url=stack.url).new_page()
    stranger.goto(link)
    assert violations(stranger) == []
    stranger.get_by_label("Your name").fill("Nina New")
    stranger.get_by_label("Password").fill(PASSWORD)
    stranger.get_by_role("button", name="Join").click()
    stranger.wait_for_url("**/w/acme/inbox/")
    stranger.context.close()
    ana.goto("/w/acme/settings/members/")
    newcomer = ana.locator(".people li", has_text=address)
    expect(newcomer).to_contain_text("Nina New")
    ana.once("dialog", lambda dialog: dialog.accept())
    newcomer.get_by_role("button", name="Remove").click()
    expect(ana.locator(".people li", has_text=address)).to_have_count(0)


def test_a_session_that_ends_leads_to_the_sign_in_page_and_back(visit):
    ana = visit("ana", "/w/acme/outbox/?tab=sent")
    ana.context.clear_cookies()
    ana.wait_for_url("**/sign-in/?next=*")
    ana.get_by_label("E-mail").fill("ana@example.com")
    ana.get_by_label("Password").fill(PASSWORD)
    ana.get_by_role("button", name="Sign in").click()
    ana.wait_for_url("**/w/acme/outbox/?tab=sent")


def test_settings_and_outbox_work_with_the_keyboard_alone(visit):
    ana = visit("ana", "/w/acme/outbox/")
    ana.get_by_role("link", name="Waiting", exact=True).focus()
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("link", name="Waiting", exact=True)).to_have_attribute("aria-current", "page")
    pause = lane(ana, "Acme Support").get_by_role("button", name="Pause")
    pause.focus()
    ana.keyboard.press("Enter")
    resume = lane(ana, "Acme Support").get_by_role("button", name="Resume")
    expect(resume).to_be_visible()
    resume.focus()
    with ana.expect_response("**/outbox/lanes/"):
        pass
    expect(resume).to_be_focused()
    ana.keyboard.press("Enter")
    expect(pause).to_be_visible()
