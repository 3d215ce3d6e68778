"""A lively chat as the README shows it: every state that matters is on one screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_writing import bubble, open_chat, write

SHOWROOM = "120363000000000101@g.us"


@pytest.mark.parametrize(
    ("theme", "names"),
    [
        ("light", ("Jane Doe", "Priya Testcase", "Kit Mockup")),
        ("dark", ("Juana Ejemplo", "Erika Beispiel", "Lee Dummy")),
    ],
)
def test_a_lively_chat_shows_a_reply_a_failure_and_what_still_waits(
    visit, customer, stack, keep_screenshot, theme, names
):
    stack.customer_writes("15550100153", "Doors open at nine", chat_id=SHOWROOM)
    customer(names[1], "Is the spare part back in stock?")
    customer(names[2], "Thank you!")
    jane = customer(names[0], "Hello, the lamp arrived today")
    ana, ben = visit("ana", color_scheme=theme), visit("ben")
    open_chat(ana, jane["name"])
    open_chat(ben, jane["name"])
    stack.customer_writes(jane["number"], "But the shade has a crack, see the photo")
    expect(bubble(ben, "But the shade")).to_be_visible()  # else he is asked whether he wants to write past it
    write(ben, "I am sorry about that. We send you a new shade tomorrow, free of charge.")
    expect(bubble(ana, "I am sorry").locator(".tick.read")).to_be_visible()
    bubble(ana, "But the shade").hover()
    bubble(ana, "But the shade").get_by_label("Reply").click()
    write(ana, "Which colour is it, white or sand?")
    expect(bubble(ana, "Which colour").locator(".tick.read")).to_be_visible()
    stack.provider.fault(match={"path": "/messages/text"}, times=1, status=400, body={"error": {"code": 400}})
    write(ana, "Here is how to fit it, step by step")
    expect(bubble(ana, "Here is how").locator(".verdict.bad")).to_be_visible()
    stack.customer_writes(jane["number"], "Sand. And thank you, that is very kind")
    expect(bubble(ana, "Sand.")).to_be_visible()
    stack.provider.fault(match={"path": "/messages/text"}, delay_ms=20_000, times=1)
    write(ana, "It leaves tomorrow morning")
    expect(bubble(ana, "It leaves").locator(".tick.pending")).to_be_visible()
    bubble(ana, "Which colour").locator(".meta .tick").click()
    expect(ana.locator("#side")).to_contain_text(re.compile("Attempt|Read"))
    expect(ana.locator("#rows .row", has_text=names[0]).locator(".count")).to_be_hidden()
    ana.locator("#conversation").hover(position={"x": 5, "y": 300})
    keep_screenshot(ana, f"inbox-{theme}")
