"""The way from a vendor's token to a connected number, in a real browser, for every vendor."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from channels_app.providers import built_in, description_of
from tests.e2e.test_looks import PHONE, violations

LINKED = "15550100177"


def begin(page: Page, provider: str, name: str, values: dict[str, str]) -> None:
    """Choose the vendor, fill in what it asks for, and press the button."""
    page.goto("/w/acme/channels/add/")
    vendor = description_of(provider)
    page.get_by_role("radio", name=vendor.name).check()
    page.wait_for_url(f"**/add/?provider={provider}" if provider != "whapi" else "**/add/**")
    page.get_by_label("Name", exact=True).fill(name)
    for asked in vendor.given:
        if asked.name in values:
            page.get_by_label(str(asked.label), exact=True).fill(values[asked.name])
    page.get_by_role("button", name="Add and connect").click()
    expect(page).to_have_url(re.compile(r"/w/acme/channels/[0-9a-f-]{36}/$"))


def remove(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove this channel").click()
    expect(page.locator(".toast")).to_contain_text("is removed")


@pytest.mark.parametrize("provider", built_in())
@pytest.mark.parametrize(("theme", "size"), [("light", {}), ("dark", PHONE)], ids=["desk", "phone in the dark"])
def test_every_vendor_asks_for_what_it_needs_in_words(visit, provider, theme, size):
    ana = visit("ana", color_scheme=theme, **size)
    ana.goto(f"/w/acme/channels/add/?provider={provider}")
    vendor = description_of(provider)
    for asked in vendor.given:
        field = ana.get_by_label(str(asked.label), exact=True)
        expect(field).to_be_visible()
        expect(field).to_have_attribute("type", "password" if asked.secret else "text")
    expect(ana.locator("aside")).to_contain_text(str(vendor.where)[:40])
    assert violations(ana) == []
    assert ana.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ana.get_by_role("button", name="Add and connect").click()
    assert "/add/" in ana.url, "the browser or the server names what is missing"


def test_a_number_is_linked_by_its_code_which_only_the_asker_sees(visit, stack):
    token = f"sim_new_{uuid.uuid4().hex[:12]}"
    ana = visit("ana")
    begin(ana, "whapi", "Branch by code", {"token": token})
    expect(ana.locator(".code-box img")).to_be_visible(timeout=20_000)
    expect(ana.locator(".under")).to_contain_text("Stops in")
    assert violations(ana) == []
    first = ana.locator(".code-box img").get_attribute("src")
    ana.get_by_text("The phone cannot scan?").click()
    ana.get_by_label("Number of the phone").fill("+1 555 010 0177")
    ana.get_by_role("button", name="Get a pairing code").click()
    expect(ana.locator("#pairing-code")).to_have_text(re.compile(r"^\d{3}-\d{3}$"), timeout=20_000)
    stack.provider.connection("linked", channel=token, number=LINKED)
    expect(ana.locator("#channel-state")).to_have_text("Connected", timeout=20_000)
    ana.reload()
    assert first not in ana.content()
    expect(ana.locator("#webhook-state")).to_have_text("Registered", timeout=20_000)
    remove(ana)


def test_the_code_appears_and_changes_without_asking_by_the_clock(visit, stack):
    """With the socket the page asks only when there is something new."""
    token = f"sim_new_{uuid.uuid4().hex[:12]}"
    ana = visit("ana")
    begin(ana, "whapi", "Branch by push", {"token": token})
    expect(ana.locator("body[data-live]")).to_have_count(1)
    expect(ana.locator(".code-box img")).to_be_visible(timeout=20_000)
    asked: list[str] = []
    ana.on("request", lambda request: asked.append(request.url) if request.url.endswith("/link/") else None)
    stack.provider.connection("linked", channel=token, number="15550100178")
    expect(ana.locator("#channel-link")).to_contain_text("is connected", timeout=20_000)
    assert len(asked) <= 4
    expect(ana.locator("#history tbody tr").first).to_contain_text("Connected")
    expect(ana.locator("#webhook-state")).to_have_text("Registered")
    expect(ana.get_by_role("button", name="Log out")).to_be_visible()
    stack.provider.connection("lost", channel=token)
    expect(ana.locator("#channel-banner")).to_contain_text("Whapi is connecting to WhatsApp")
    stack.provider.connection("linked", channel=token, number="15550100178")
    expect(ana.locator("#channel-banner")).to_be_hidden()
    expect(ana.locator("#first-message")).to_be_visible()
    remove(ana)


def test_a_wrong_token_is_said_at_once_with_what_to_do(visit):
    ana = visit("ana")
    begin(ana, "whapi", "Wrong token", {"token": "bad_token_of_nobody"})
    expect(ana.locator("#channel-state")).to_have_text("Error", timeout=20_000)
    expect(ana.locator("main")).to_contain_text("Check the token", timeout=20_000)
    assert violations(ana) == []
    remove(ana)


def test_a_session_of_waha_is_linked_past_a_passkey(visit, stack):
    ana = visit("ana")
    waha = stack.simulators["waha"]
    session = f"s{uuid.uuid4().hex[:8]}"
    begin(ana, "waha", "Workshop two", {"base_url": waha.base_url, "token": "a-key", "session": session})
    expect(ana.locator(".code-box img")).to_be_visible(timeout=30_000)
    waha.connection("passkey_required", channel=session)
    expect(ana.locator("#linking-detail")).to_contain_text("passkey", ignore_case=True, timeout=30_000)
    expect(ana.locator(".code-box img")).to_have_count(0)
    assert violations(ana) == []
    waha.connection("linked", channel=session, number="15550100155")
    expect(ana.locator("#channel-link")).to_contain_text("is connected", timeout=20_000)
    ana.reload()
    expect(ana.locator("#webhook-state")).to_have_text("Registered", timeout=20_000)
    remove(ana)


def test_a_number_of_the_cloud_api_is_connected_without_a_code(visit, stack):
    ana = visit("ana")
    cloud = stack.simulators["cloud"]
    ids = {"phone_number_id": "100000000000055", "waba_id": "200000000000055"}
    secrets = {"token": "a-token-of-the-cloud", "app_secret": "an-app-secret"}
    cloud.add_channel(secrets["token"], number="15550100156", app_secret=secrets["app_secret"], **ids)
    begin(ana, "cloud", "By Meta", {**secrets, **ids})
    expect(ana.locator("#channel-state")).to_have_text("Connected", timeout=30_000)
    expect(ana.locator("#channel-link")).to_contain_text("is connected as +15550100156", timeout=20_000)
    expect(ana.locator(".code-box")).to_have_count(0)
    assert secrets["app_secret"] not in ana.content()
    assert violations(ana) == []
    remove(ana)


def test_another_number_is_noticed_and_asked_about(visit, stack, customer):
    token = f"sim_new_{uuid.uuid4().hex[:12]}"
    ana = visit("ana")
    begin(ana, "whapi", "Branch renumbered", {"token": token})
    expect(ana.locator(".code-box img")).to_be_visible(timeout=20_000)
    stack.provider.connection("linked", channel=token, number="15550100179")
    expect(ana.locator("#channel-state")).to_have_text("Connected", timeout=20_000)
    stack.provider.connection("re-paired", channel=token, number="15550100180")
    ana.goto("/w/acme/channels/")
    card = ana.locator("article.channel", has=ana.get_by_role("heading", name="Branch renumbered", exact=True))
    expect(card.locator(".state")).to_have_text("Held", timeout=20_000)
    card.get_by_role("link", name="Decide").click()
    expect(ana.get_by_role("heading", name="Another number is linked now")).to_be_visible()
    assert violations(ana) == []
    ana.once("dialog", lambda dialog: dialog.accept())
    ana.get_by_role("button", name="Keep the chats here").click()
    expect(ana.locator(".toast")).to_contain_text("go on with the new number")
    expect(ana.locator("#channel-state")).to_have_text("Connected")
    remove(ana)
