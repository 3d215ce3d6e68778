"""A new workspace from nothing to its first message, in a browser: by pointer and keys, in both themes, on a phone."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PASSWORD
from tests.e2e.test_looks import PHONE, violations_in_both_themes
from tests.e2e.test_writing import bubble, wait_for_scripts, write
from tests.support.stack import ROOT

OWNERS = ("flora", "gita")
FOUND = """
from workspaces.models import User
from workspaces.services.founding import create_workspace
for name in {owners}:
    email = f"{{name}}@example.com"
    create_workspace(name=name, slug=name, owner_email=email, owner_name=name.title(), password="{password}")
User.objects.update(undo_seconds=0)
"""


@pytest.fixture(scope="module", autouse=True)
def empty_workspaces(stack) -> None:
    """One for each owner, who is alone in it."""
    words = FOUND.format(owners=OWNERS, password=PASSWORD)
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", words]
    done = subprocess.run(command, env=stack.env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def step(page: Page, words: str):
    return page.locator("#first-steps li", has_text=words)


def looks_well(page: Page, least: int) -> None:
    expect(page.locator("#first-steps .btn.primary").first).to_be_in_viewport()
    assert violations_in_both_themes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert min(button.bounding_box()["height"] for button in page.locator("#first-steps .btn").all()) >= least


def test_from_nothing_to_the_first_message_and_nothing_is_left_to_do(visit):
    flora = visit("flora", "/w/flora/inbox/")
    expect(flora.get_by_role("heading", name="Welcome to Waybill, Flora")).to_be_visible()
    expect(step(flora, "Add a WhatsApp number")).to_have_attribute("aria-current", "step")
    looks_well(flora, 24)
    flora.get_by_role("button", name="Use the simulator").focus()
    flora.keyboard.press("Enter")
    expect(flora.locator("#channel-link")).to_contain_text("is connected", timeout=20_000)
    flora.get_by_role("link", name="Inbox").first.click()
    expect(flora.locator("#first-steps li.done")).to_have_count(2)
    wait_for_scripts(flora)
    step(flora, "Write the first message").get_by_role("button", name="Write").click()
    flora.locator("#new-to").fill("+1 555 010 0201")
    flora.keyboard.press("Enter")
    write(flora, "Hello from a new shop")
    expect(bubble(flora, "Hello from a new shop").locator(".tick.read")).to_be_visible(timeout=20_000)
    flora.locator("#conversation").focus()
    flora.keyboard.press("Escape")
    expect(flora.locator("#first-steps li.done")).to_have_count(3)
    expect(step(flora, "Invite your team")).to_have_attribute("aria-current", "step")
    step(flora, "Invite your team").get_by_role("link", name="Invite").click()
    flora.get_by_label("E-mail").fill("kim@example.com")
    flora.get_by_role("button", name="Make the link").click()
    flora.goto("/w/flora/inbox/")
    expect(flora.locator("#conversation")).to_contain_text("Choose a chat")


def test_on_a_phone_the_first_steps_follow_a_number_that_is_linked_and_can_be_put_away(visit, stack):
    gita = visit("gita", "/w/gita/channels/add/", **PHONE)
    token = "sim_new_gita"
    gita.get_by_label("Name").fill("Studio")
    gita.get_by_label("Token").fill(token)
    gita.get_by_role("button", name="Add and connect").click()
    expect(gita.locator(".code-box img")).to_be_visible(timeout=20_000)
    gita.goto("/w/gita/inbox/")
    wait_for_scripts(gita)
    looks_well(gita, 44)
    show = step(gita, "Connect it").get_by_role("link", name="Show the code")
    expect(show).to_have_attribute("href", re.compile("/channels/[0-9a-f-]{36}/"))
    show.focus()
    stack.provider.connection("linked", channel=token, number="15550100189")
    expect(gita.locator("#first-steps li.done")).to_have_count(2, timeout=20_000)
    expect(gita.locator("#conversation")).to_be_focused()
    gita.get_by_role("button", name="Put these steps away").click()
    expect(gita.locator("#rows")).to_contain_text("No open chats")
    gita.set_viewport_size({"width": 1280, "height": 800})
    gita.get_by_role("button", name="Show the first steps").click()
    expect(gita.locator("#first-steps li.done")).to_have_count(2)
