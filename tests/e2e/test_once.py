"""One message is one message: whatever is pressed twice, in two tabs, without a network, or cut in the middle."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write
from tests.support.line import line_to
from tests.support.waiting import until


def sends_of(stack, text: str) -> int:
    return sum(request["body"].get("body") == text for request in stack.provider.sends())


def shown(page: Page, names: list[str]) -> list[list[str]]:
    """What the thread and these rows of the list show, without what only a visit knows (the unread line, focus)."""
    return page.evaluate(
        """(names) => [
            [...document.querySelectorAll('#thread > .message')].map((m) =>
                [m.id, m.dataset.version, m.dataset.status, m.className.replace(' found', ''), m.innerText].join('|')),
            [...document.querySelectorAll('#rows > .row')]
                .filter((r) => names.includes(r.querySelector('.name')?.textContent))
                .map((r) => [r.id, r.className, r.innerText].join('|')),
        ]""",
        names,
    )


def shown_after_a_reload(visit, page: Page, names: list[str]) -> list:
    """What a freshly loaded tab shows, once `page` shows the same."""
    again = visit.tab(page.context)
    again.goto(page.url)
    wait_for_scripts(again)
    until(lambda: shown(page, names) == shown(again, names))
    return shown(again, names)


def test_enter_twice_and_a_double_click_make_one_message(visit, customer, stack):
    customer("Double Dora")
    ana = visit("ana")
    open_chat(ana, "Double Dora")
    box = ana.get_by_label(re.compile("^Message to"))
    box.fill("Enter twice")
    ana.evaluate(
        """() => {
            const enter = () => new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})
            for (const _ of [1, 2]) document.querySelector('#composer-text').dispatchEvent(enter())
        }"""
    )
    box.fill("Double click")
    ana.locator("#send").dblclick()
    for text in ("Enter twice", "Double click"):
        expect(bubble(ana, text).locator(".tick.read")).to_have_count(1)
        assert sends_of(stack, text) == 1


def test_the_same_draft_sent_from_two_tabs_is_one_message(visit, customer, stack):
    customer("Tabs Tanja")
    first = visit("ana")
    open_chat(first, "Tabs Tanja")
    second = visit.tab(first.context)
    second.goto(first.url)
    wait_for_scripts(second)
    first.locator("#composer-text").fill("From both tabs")
    expect(second.locator("#composer-text")).to_have_value("From both tabs")
    press = "document.querySelector('#send').click()"
    first.evaluate(f"setTimeout(() => {press}, 50)")
    second.evaluate(f"setTimeout(() => {press}, 50)")
    for page in (first, second):
        expect(bubble(page, "From both tabs").locator(".tick.read")).to_have_count(1)
        expect(bubble(page, "From both tabs")).to_have_count(1)
    assert sends_of(stack, "From both tabs") == 1


def test_what_is_written_offline_survives_a_refresh_and_is_sent_once(visit, customer, stack):
    customer("Offline Olga")
    ana = visit("ana")
    open_chat(ana, "Offline Olga")
    ana.route("**/messages/", lambda route: route.abort())
    write(ana, "Written in the tunnel")
    expect(bubble(ana, "Written in the tunnel").locator(".tick.pending")).to_be_visible()
    ana.reload()
    expect(bubble(ana, "Written in the tunnel")).to_have_count(1)
    ana.unroute("**/messages/")
    expect(bubble(ana, "Written in the tunnel").locator(".tick.read")).to_be_visible(timeout=15_000)
    expect(bubble(ana, "Written in the tunnel")).to_have_count(1)
    assert sends_of(stack, "Written in the tunnel") == 1


def test_offline_says_how_many_messages_wait(visit, customer):
    customer("Banner Bea")
    ana = visit("ana")
    open_chat(ana, "Banner Bea")
    ana.context.set_offline(True)
    write(ana, "Later")
    expect(ana.locator("#connection")).to_contain_text("One message waits here and will be sent.")
    ana.context.set_offline(False)
    expect(ana.locator("#connection")).to_be_empty()
    expect(bubble(ana, "Later").locator(".tick.read")).to_be_visible(timeout=15_000)


def test_a_draft_survives_a_refresh(visit, customer):
    customer("Draft Dan")
    ana = visit("ana")
    open_chat(ana, "Draft Dan")
    ana.locator("#composer-text").fill("Not finished yet")
    ana.reload()
    expect(ana.locator("#composer-text")).to_have_value("Not finished yet")


def test_what_is_typed_before_the_scripts_are_there_is_kept(visit, customer):
    customer("Quick Quinn")
    ana = visit("ana")
    open_chat(ana, "Quick Quinn")
    held, released = [], []
    ana.route("**/js/inbox.js", lambda route: route.continue_() if released else held.append(route))
    ana.goto(ana.url, wait_until="commit")
    ana.locator("#composer-text").fill("Faster than the network")
    expect(ana.locator("#inbox[data-ready]")).to_have_count(0)
    released.append(True)  # it may not even have been asked for yet
    for route in held:
        route.continue_()
    wait_for_scripts(ana)
    expect(ana.locator("#composer-text")).to_have_value("Faster than the network")


def test_a_socket_cut_under_traffic_ends_equal_to_a_reload(visit, customer, stack):
    someone = customer("Cut Clara")
    ana, ben = visit("ana"), visit("ben")
    sockets = []
    ana.route_web_socket(re.compile("/ws/"), lambda ws: (sockets.append(ws), ws.connect_to_server()))
    ana.reload()
    open_chat(ana, "Cut Clara")
    open_chat(ben, "Cut Clara")
    write(ben, "Before the cut")
    expect(bubble(ana, "Before the cut").locator(".tick.read")).to_be_visible()
    ana.context.set_offline(True)
    sockets[-1].close()
    for number in range(20):
        stack.customer_writes(someone["number"], f"While away {number}")
    expect(bubble(ben, "While away 19")).to_be_visible()  # sooner he would be asked whether he has read it
    write(ben, "Also while away")
    stack.customer_writes(customer("New Nora")["number"], "I am new")
    expect(bubble(ben, "Also while away").locator(".tick.read")).to_be_visible()
    expect(bubble(ana, "While away")).to_have_count(0)
    ana.context.set_offline(False)
    expect(bubble(ana, "While away 19")).to_have_count(1)
    expect(bubble(ana, "Also while away").locator(".tick.read")).to_be_visible()
    expect(ana.locator("#rows .row", has_text="New Nora")).to_be_visible()
    expect(ana.locator("#rows .row.unread", has_text="Cut Clara")).to_have_count(0)
    assert [len(part) for part in shown_after_a_reload(visit, ana, ["Cut Clara", "New Nora"])] == [23, 2]


def test_a_line_that_is_dead_for_half_a_minute_under_traffic_ends_equal_to_a_reload(visit, customer, stack):
    """Nobody is told, as in a tunnel: the page finds out by itself. The seconds are the page's own, and run fast."""
    someone = customer("Tunnel Tilda")
    with line_to(stack.port) as line:
        ana, ben = visit("ana", base_url=line.url), visit("ben")
        ana.clock.install()
        ana.reload()
        open_chat(ana, "Tunnel Tilda")
        open_chat(ben, "Tunnel Tilda")
        write(ben, "Before the tunnel")
        expect(bubble(ana, "Before the tunnel").locator(".tick.read")).to_be_visible()

        line.go_dead()
        write(ana, "Out of the tunnel")
        for second in range(40):
            if second < 25:
                stack.customer_writes(someone["number"], f"Outside {second}")
            ana.clock.run_for(1000)
        expect(ana.locator("#connection")).to_contain_text("Reconnecting")
        expect(bubble(ben, "Outside 24")).to_be_visible()  # sooner he would be asked whether he has read it
        write(ben, "Also outside")
        stack.customer_writes(customer("Tunnel Nora")["number"], "I am new")
        expect(bubble(ben, "Also outside").locator(".tick.read")).to_be_visible()
        expect(bubble(ana, "Outside")).to_have_count(0)
        expect(bubble(ana, "Out of the tunnel").locator(".tick.pending")).to_be_visible()

        line.come_back(forgetful=True)
        ana.clock.run_for(30_000)
        expect(bubble(ana, "Outside 24")).to_have_count(1)
        ana.locator(".guard").get_by_role("button", name="Send", exact=True).click()  # others wrote meanwhile
        expect(bubble(ana, "Out of the tunnel").locator(".tick.read")).to_be_visible()
        expect(ana.locator("#connection")).to_be_empty()
        assert [len(part) for part in shown_after_a_reload(visit, ana, ["Tunnel Tilda", "Tunnel Nora"])] == [29, 2]
    assert sends_of(stack, "Out of the tunnel") == 1


def test_the_web_server_is_killed_and_the_page_comes_back_by_itself(visit, customer, stack):
    someone = customer("Restart Rita")
    ana = visit("ana")
    open_chat(ana, "Restart Rita")
    stack.kill_web()
    write(ana, "While it was down")
    stack.start_web()
    expect(bubble(ana, "While it was down").locator(".tick.read")).to_be_visible(timeout=20_000)
    stack.customer_writes(someone["number"], "Welcome back")
    expect(bubble(ana, "Welcome back")).to_be_visible(timeout=20_000)
