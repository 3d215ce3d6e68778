"""Writing together: changing, deleting, undoing, notes, drafts, quick replies, later, and not past each other."""

import re
import uuid

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_looks import PHONE, violations
from tests.e2e.test_once import sends_of
from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write


def box(page: Page):
    return page.locator("#composer-text")


def menu_of(page: Page, text: str):
    bubble(page, text).locator(".bubble").hover()
    bubble(page, text).get_by_label("More", exact=True).click()
    return page.locator("#message-menu")


def choose(page: Page, text: str, name: str) -> None:
    menu_of(page, text).get_by_role("menuitem", name=re.compile(name)).click()


def chat_open_in(page: Page) -> str:
    return page.locator("#conversation").get_attribute("data-chat")


def in_database(stack, statement: str, *values) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as database:
        database.execute(statement, values)


def test_ben_changes_what_he_sent_and_deletes_it_and_only_ana_can_still_read_it(visit, customer):
    customer("Erin Edited")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Erin Edited")
    open_chat(ben, "Erin Edited")
    write(ben, "It costs 10")
    expect(bubble(ben, "It costs 10").locator(".tick.read")).to_be_visible()
    choose(ben, "It costs 10", "Edit")
    expect(box(ben)).to_have_value("It costs 10")
    box(ben).fill("It costs 12")
    box(ben).press("Enter")
    expect(bubble(ana, "It costs 12")).to_have_count(1)
    ana.get_by_role("button", name="edited").click()
    expect(ana.locator(".versions")).to_contain_text("It costs 10")
    choose(ben, "It costs 12", "Delete for everyone")
    expect(ben.locator("#sure")).to_contain_text("It costs 12")
    ben.locator("#sure").get_by_role("button", name="Delete for everyone").click()
    for page in (ana, ben):
        expect(page.locator(".message.deleted .gone")).to_contain_text("This message was deleted")
        expect(bubble(page, "It costs 12")).to_have_count(0)
    expect(ben.get_by_role("button", name="Show")).to_be_hidden()
    ana.locator(".gone").get_by_role("button", name="Show").click()
    expect(ana.locator(".gone")).to_contain_text("It costs 12")


def test_a_reaction_is_chosen_from_the_menu_and_seen_by_all(visit, customer):
    customer("Rita Reacted", "We love it")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Rita Reacted")
    open_chat(ben, "Rita Reacted")
    menu_of(ana, "We love it").get_by_text("🙏").click()
    for page in (ana, ben):
        expect(bubble(page, "We love it").locator(".reactions")).to_contain_text("🙏")
    bubble(ben, "We love it").locator(".bubble").hover()
    bubble(ben, "We love it").get_by_label("React", exact=True).click()
    ben.get_by_label("Search emoji").fill("thumbs up")
    ben.get_by_label("Search emoji").press("Enter")
    expect(bubble(ana, "We love it").locator(".reactions")).to_contain_text("👍")


def test_the_menu_works_by_keys_alone(visit, customer):
    customer("Kay Keyboard", "By keys")
    ana = visit("ana")
    open_chat(ana, "Kay Keyboard")
    ana.locator("#thread-scroller").focus()
    ana.keyboard.press("ArrowUp")
    expect(bubble(ana, "By keys")).to_be_focused()
    ana.keyboard.press("m")
    expect(ana.locator("#message-menu")).to_be_visible()
    ana.keyboard.press("Escape")
    expect(ana.locator("#message-menu")).to_be_hidden()
    expect(bubble(ana, "By keys")).to_be_focused()
    ana.keyboard.press("r")
    expect(ana.locator("#reply-chip")).to_contain_text("By keys")


@pytest.fixture
def nobody_waits_afterwards(stack):
    """Whatever comes of it, the others of this folder send at once."""
    yield
    in_database(stack, "UPDATE workspaces_user SET undo_seconds = 0")


@pytest.mark.usefixtures("nobody_waits_afterwards")
def test_what_was_sent_can_be_undone_for_five_seconds_and_comes_back_into_the_box(visit, customer, stack):
    customer("Una Undone")
    ana = visit("ana", "/w/acme/settings/profile/")
    ana.get_by_label("Time to undo").select_option("5")
    ana.get_by_role("button", name="Save").click()
    ana.goto("/w/acme/inbox/")
    open_chat(ana, "Una Undone")
    write(ana, "Too quick")
    expect(bubble(ana, "Too quick")).to_contain_text("Sending in")
    bubble(ana, "Too quick").get_by_role("button", name="Undo").click()
    expect(bubble(ana, "Too quick").locator(".tick.cancelled")).to_be_visible()
    expect(box(ana)).to_have_value("Too quick")
    box(ana).fill("Just right")
    box(ana).press("Enter")
    expect(bubble(ana, "Just right").locator(".tick.read")).to_be_visible(timeout=15_000)
    assert sends_of(stack, "Too quick") == 0
    assert sends_of(stack, "Just right") == 1


def test_a_draft_follows_ana_to_another_device_and_ends_when_it_is_sent(visit, customer):
    customer("Dora Draft")
    customer("Otto Elsewhere")
    first = visit("ana")
    open_chat(first, "Dora Draft")
    for words in ("Another thought", "", "Half a thought"):
        with first.expect_response("**/draft/") as saved:
            box(first).fill(words)
        assert saved.value.status == 204
    second = visit("ana")
    expect(second.locator("#rows .row", has_text="Dora Draft").locator(".under")).to_have_attribute(
        "data-draft", "Draft: Half a thought"
    )
    open_chat(second, "Dora Draft")
    expect(box(second)).to_have_value("Half a thought")
    box(second).press("End")
    box(second).press_sequentially(", finished")
    box(second).press("Enter")
    expect(bubble(second, "Half a thought, finished")).to_have_count(1)
    open_chat(first, "Otto Elsewhere")
    first.reload()
    open_chat(first, "Dora Draft")
    expect(bubble(first, "Half a thought, finished").locator(".tick.read")).to_be_visible()
    expect(box(first)).not_to_have_value("Half a thought, finished")
    expect(first.locator("#rows .row", has_text="Dora Draft").locator(".under")).not_to_have_attribute(
        "data-draft", re.compile("finished")
    )


def test_ben_leaves_ana_a_note_and_it_goes_to_nobody_else(visit, customer, stack):
    customer("Nora Noted")
    customer("Olga Other")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Olga Other")
    open_chat(ben, "Nora Noted")
    ben.locator("#conversation").focus()
    ben.keyboard.press("n")
    expect(ben.locator(".composer")).to_have_attribute("data-mode", "note")
    box(ben).press_sequentially("Refund is fine, @an")
    expect(ben.locator("#options [data-text]:visible")).to_contain_text("Ana")
    box(ben).press("Enter")
    box(ben).press_sequentially("please do it")
    box(ben).press("Enter")
    expect(ben.locator(".note")).to_contain_text("only your team sees this")
    ana.locator("#toasts").get_by_role("link", name="Open").click()
    expect(ana.locator(".note")).to_contain_text("please do it")
    expect(ana.locator(".note .at")).to_contain_text("@Ana")
    expect(ben.locator(".composer")).to_have_attribute("data-mode", "message")
    write(ben, "To the customer")
    expect(bubble(ben, "To the customer").locator(".tick.read")).to_be_visible()
    assert not [request for request in stack.provider.sends() if "Refund" in str(request["body"])]
    ben.locator(".note .bubble").hover()
    ben.locator(".note").get_by_label("More", exact=True).click()
    ben.locator("#message-menu").get_by_role("menuitem", name="Edit").click()
    box(ben).fill("Refund is not fine")
    box(ben).press("Enter")
    expect(ana.locator(".note")).to_contain_text("Refund is not fine")
    ben.reload()
    wait_for_scripts(ben)
    expect(ben.locator(".note")).to_have_count(1)


def test_a_quick_reply_is_found_by_its_shortcut_and_filled_in(visit, customer, stack):
    customer("Quinn Quick")
    in_database(
        stack,
        "INSERT INTO inbox_quickreply (id, workspace_id, shortcut, text, updated_at) VALUES (%s, %s, %s, %s, now())",
        uuid.uuid4(),
        stack.facts["workspace"]["id"],
        "label",
        "Hello {{first_name}}, your label for {{order}} is on its way.",
    )
    ana = visit("ana")
    open_chat(ana, "Quinn Quick")
    box(ana).press_sequentially("/la")
    option = ana.locator("#options [data-text]:visible").first
    expect(option).to_contain_text("Hello Quinn")
    expect(option.locator("mark.missing")).to_have_text("{{order}}")
    box(ana).press("Enter")
    expect(box(ana)).to_have_value("Hello Quinn, your label for {{order}} is on its way.")
    box(ana).press("Enter")
    expect(ana.locator("#composer-hint")).to_contain_text("Fill in {{order}}")
    ana.keyboard.type("10482")
    expect(box(ana)).to_have_value("Hello Quinn, your label for 10482 is on its way.")
    box(ana).press("Enter")
    expect(bubble(ana, "your label for 10482").locator(".tick.read")).to_be_visible()


def test_a_message_is_scheduled_seen_by_all_and_sent_now_after_all(visit, customer, stack):
    customer("Tim Tomorrow")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Tim Tomorrow")
    open_chat(ben, "Tim Tomorrow")
    box(ana).fill("See you then")
    ana.get_by_role("button", name="Send later").click()
    ana.locator("#schedule").get_by_role("button", name=re.compile("Tomorrow morning")).click()
    expect(box(ana)).to_have_value("")
    for page in (ana, ben):
        expect(bubble(page, "See you then")).to_contain_text("Scheduled for")
        expect(bubble(page, "See you then").locator(".tick.pending")).to_be_visible()
    assert sends_of(stack, "See you then") == 0
    bubble(ben, "See you then").get_by_role("button", name="Send now").click()
    expect(bubble(ana, "See you then").locator(".tick.read")).to_be_visible()
    expect(bubble(ana, "See you then").locator(".due")).to_have_count(0)
    assert sends_of(stack, "See you then") == 1


def test_ana_is_asked_before_she_writes_past_the_customer_and_past_ben(visit, customer, stack):
    someone = customer("Gerda Guarded")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Gerda Guarded")
    open_chat(ben, "Gerda Guarded")
    box(ana).fill("Shall I send it?")
    stack.customer_writes(someone["number"], "Please cancel it")
    expect(bubble(ana, "Please cancel it")).to_have_count(1)
    box(ana).press("Enter")
    expect(ana.locator(".guard")).to_contain_text("Gerda Guarded wrote")
    expect(ana.locator(".guard")).to_contain_text("Please cancel it")
    expect(box(ana)).to_have_value("Shall I send it?")
    ana.locator(".guard").get_by_role("button", name="Read first").click()
    expect(ana.locator(".guard")).to_have_count(0)
    write(ben, "Cancelled for you")
    expect(bubble(ana, "Cancelled for you")).to_have_count(1)
    box(ana).press("Enter")
    expect(ana.locator(".guard")).to_contain_text("Ben Demo answered")
    assert sends_of(stack, "Shall I send it?") == 0
    ana.locator(".guard").get_by_role("button", name="Send", exact=True).click()
    expect(bubble(ana, "Shall I send it?").locator(".tick.read")).to_be_visible()
    assert sends_of(stack, "Shall I send it?") == 1


def test_colleagues_in_the_same_chat_see_each_other_and_who_types_and_so_does_the_customer(visit, customer, stack):
    cora = customer("Cora Company")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Cora Company")
    open_chat(ben, "Cora Company")
    expect(ana.locator(".company")).to_contain_text("Ben is here")
    expect(ben.locator(".company")).to_contain_text("Ana is here")
    box(ben).press_sequentially("Dear")
    expect(ana.locator(".company")).to_contain_text("Ben is typing")
    seen = f"/presences/{cora['number']}@s.whatsapp.net"
    stack.provider.wait_for(lambda: stack.provider.requests(path=seen), "that Cora sees it too")
    ben.goto("/w/acme/inbox/")
    expect(ana.locator(".company")).to_be_empty()


def test_where_nobody_can_write_a_note_can_still_be_left(visit, customer, stack):
    customer("Gina Group")
    ana = visit("ana")
    open_chat(ana, "Gina Group")
    in_database(
        stack,
        "UPDATE inbox_chat SET read_only = true, read_only_reason = 'Our number left the group.' WHERE id = %s",
        chat_open_in(ana),
    )
    ana.reload()
    wait_for_scripts(ana)
    expect(ana.locator(".cannot")).to_contain_text("Our number left the group.")
    expect(box(ana)).to_be_hidden()
    ana.get_by_role("button", name="Write note").click()
    box(ana).fill("They wrote to us by mail")
    box(ana).press("Enter")
    expect(ana.locator(".note")).to_contain_text("by mail")


def test_a_chat_opens_at_a_message_and_loads_both_ways(visit, customer, stack):
    customer("Long Lena", "Line 0")
    ana = visit("ana")
    open_chat(ana, "Long Lena")
    in_database(
        stack,
        """
        INSERT INTO inbox_message (id, workspace_id, channel_id, chat_id, direction, type, text, original_text, status,
            client_digest, sender_wa_id, sender_name, source, error_code, error_detail, quoted_wa_id, extra, sort_at,
            created_at, version)
        SELECT gen_random_uuid(), workspace_id, channel_id, id, 'inbound', 'text', format('Line %%s.', n), '',
            'received', '', '', '', '', '', '', '', '{}', now() + n * interval '1 millisecond', now(), 1
        FROM inbox_chat, generate_series(1, 130) AS n WHERE id = %s
        """,
        chat_open_in(ana),
    )
    ana.reload()
    expect(bubble(ana, "Line 130.")).to_have_count(1)
    while not bubble(ana, "Line 40.").count():
        ana.locator("#thread > .message").first.scroll_into_view_if_needed()
    wanted = bubble(ana, "Line 40.").get_attribute("data-id")
    ana.goto(f"{ana.url.partition('?')[0]}?at={wanted}")
    wait_for_scripts(ana)
    expect(bubble(ana, "Line 40.")).to_be_in_viewport()
    expect(bubble(ana, "Line 40.")).to_be_focused()
    expect(bubble(ana, "Line 130.")).to_have_count(0)
    where = bubble(ana, "Line 64.")
    where.scroll_into_view_if_needed()
    expect(bubble(ana, "Line 100.")).to_have_count(1)
    expect(where).to_be_in_viewport()
    bubble(ana, "Line 16.").scroll_into_view_if_needed()
    expect(bubble(ana, "Line 1.")).to_have_count(1)
    expect(bubble(ana, "Line 16.")).to_be_in_viewport()
    ana.get_by_role("button", name="Newest").click()
    expect(bubble(ana, "Line 130.")).to_be_in_viewport()


def test_two_conversations_stand_side_by_side_on_a_wide_screen(visit, customer, stack):
    customer("Lea Left")
    customer("Rick Right")
    ana = visit("ana", viewport={"width": 1920, "height": 1000})
    open_chat(ana, "Rick Right")
    ana.locator("#conversation").focus()
    ana.keyboard.press("o")
    beside = ana.frame_locator("#beside")
    expect(beside.locator("#conversation h1")).to_have_text("Rick Right")
    expect(beside.locator("#inbox[data-ready]")).to_have_count(1)
    open_chat(ana, "Lea Left")
    beside.locator("#composer-text").fill("To the right")
    beside.locator("#composer-text").press("Enter")
    expect(beside.locator(".message.own", has_text="To the right").locator(".tick.read")).to_be_visible()
    write(ana, "To the left")
    expect(bubble(ana, "To the left").locator(".tick.read")).to_be_visible()
    ana.keyboard.press("Alt+p")
    expect(beside.locator("#composer-text")).to_be_focused()
    ana.keyboard.press("Alt+p")
    expect(box(ana)).to_be_focused()
    ana.reload()
    expect(beside.locator("#conversation h1")).to_have_text("Rick Right")
    expect(beside.locator("#inbox[data-ready]")).to_have_count(1)
    beside.get_by_role("button", name="Close this conversation").click()
    expect(ana.locator("#beside")).to_have_count(0)
    ana.reload()
    wait_for_scripts(ana)
    expect(ana.locator("#beside")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_while_one_writes(visit, customer, theme):
    customer("Axel Axe", "Look at me")
    ana = visit("ana", color_scheme=theme)
    open_chat(ana, "Axel Axe")
    menu_of(ana, "Look at me")
    assert violations(ana) == []
    ana.keyboard.press("Escape")
    box(ana).press_sequentially("/")
    expect(ana.locator("#options")).to_be_visible()
    assert violations(ana) == []
    box(ana).fill("Later")
    ana.get_by_role("button", name="Send later").click()
    assert violations(ana) == []
    ana.locator("#schedule").get_by_role("button", name=re.compile("Tomorrow")).click()
    ana.get_by_role("button", name="Emoji").click()
    expect(ana.locator("#emoji button").first).to_be_visible()
    assert violations(ana) == []
    ana.keyboard.press("Escape")
    ana.get_by_role("button", name="Note", exact=True).click()
    box(ana).fill("Between us, @")
    assert violations(ana) == []
    box(ana).fill("Between us")
    box(ana).press("Enter")
    expect(ana.locator(".note")).to_have_count(1)
    expect(bubble(ana, "Later")).to_contain_text("Scheduled for")
    assert violations(ana) == []
    phone = visit("ana", color_scheme=theme, **PHONE)
    open_chat(phone, "Axel Axe")
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
