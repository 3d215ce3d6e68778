"""Writing and reading: two people, two browsers, a customer, and a provider that reports."""

import re

from playwright.sync_api import Page, expect


def wait_for_scripts(page: Page) -> None:
    """They come after the first paint; a person is slower than that, a test is not."""
    expect(page.locator("#inbox[data-ready]")).to_have_count(1)


def open_chat(page: Page, name: str) -> None:
    wait_for_scripts(page)
    page.locator("#rows").get_by_text(name, exact=True).first.click()
    expect(page.locator("#conversation h1")).to_have_text(name)


def write(page: Page, text: str) -> None:
    wait_for_scripts(page)
    box = page.get_by_label(re.compile("^Message to"))
    box.fill(text)
    box.press("Enter")


def bubble(page: Page, text: str):
    return page.locator(".message", has=page.locator(".text", has_text=text))


def test_ben_writes_and_ana_sees_it_without_reloading(visit, customer):
    customer("Mona Template")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Mona Template")
    open_chat(ben, "Mona Template")
    write(ben, "Good morning from Ben")
    expect(bubble(ben, "Good morning from Ben")).to_have_count(1)
    expect(bubble(ana, "Good morning from Ben")).to_have_count(1)
    expect(bubble(ana, "Good morning from Ben").locator(".author")).to_have_text("Ben Demo")
    ana.locator("#conversation h1").hover()  # rows never move under the pointer
    expect(ana.locator("#rows .row").first).to_contain_text("Good morning from Ben")


def test_a_tick_goes_from_the_clock_to_read_as_the_provider_reports(visit, customer, stack):
    stack.provider.options(sent_seconds=0.6, delivered_seconds=1.2, read_seconds=1.8)
    stack.provider.fault(match={"path": "/messages/text"}, times=1, delay_ms=700)
    customer("Tick Tester")
    ana = visit("ana")
    open_chat(ana, "Tick Tester")
    write(ana, "Watch my tick")
    tick = bubble(ana, "Watch my tick").locator(".meta .tick")
    seen = []
    for word in ("pending", "sent", "delivered", "read"):
        expect(tick).to_have_class(re.compile(rf"\b{word}\b"))
        seen.append(tick.locator("use").get_attribute("href").rpartition("#")[2])
    assert seen == ["clock", "tick", "ticks", "ticks"]
    expect(tick).to_have_attribute("title", re.compile("^Read, "))
    stack.provider.options(sent_seconds=0.05, delivered_seconds=0.15, read_seconds=0.4)
    tick.click()
    expect(ana.locator("#side")).to_contain_text("Read")
    expect(ana.locator("#side .timeline li")).not_to_have_count(0)


def test_a_customers_message_appears_at_once_and_is_counted(visit, customer, stack):
    someone = customer("Carla Counted")
    other = customer("Otto Other")
    ana = visit("ana")
    open_chat(ana, "Otto Other")
    stack.customer_writes(someone["number"], "Is anybody there?")
    row = ana.locator("#rows .row", has_text="Carla Counted")
    expect(row).to_contain_text("Is anybody there?")
    expect(row.locator(".count")).to_contain_text("2")
    expect(ana).to_have_title(re.compile(r"^\(\d+\+?\) Otto Other"))
    stack.customer_writes(other["number"], "And here")
    expect(bubble(ana, "And here")).to_have_count(1)
    expect(ana.locator("#news")).to_contain_text("And here")
    stack.customer_writes(other["number"], "", type="typing")
    expect(ana.locator("#conversation .typing")).to_be_visible()


def test_a_photo_of_a_customer_is_shown(visit, customer, stack):
    someone = customer("Photo Person")
    ana = visit("ana")
    open_chat(ana, "Photo Person")
    stack.customer_writes(someone["number"], "", type="image")
    image = ana.locator("#thread .photo img")
    expect(image).to_be_visible()
    image.evaluate("(picture) => picture.decode()")  # rejects what is no picture


def test_a_file_goes_out_with_a_caption(visit, customer, stack):
    customer("File Friend")
    ana = visit("ana")
    open_chat(ana, "File Friend")
    ana.locator("#composer-files").set_input_files(
        {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 demo"}
    )
    expect(ana.locator(".upload.ready")).to_contain_text("offer.pdf")
    write(ana, "Our offer")
    expect(bubble(ana, "Our offer").locator(".file")).to_contain_text("offer.pdf")
    expect(bubble(ana, "Our offer").locator(".tick.read")).to_be_visible()


def test_a_reply_shows_what_it_answers(visit, customer):
    customer("Reply Receiver", "Which colour?")
    ana = visit("ana")
    open_chat(ana, "Reply Receiver")
    bubble(ana, "Which colour?").hover()
    bubble(ana, "Which colour?").get_by_label("Reply").click()
    expect(ana.locator("#reply-chip")).to_contain_text("Which colour?")
    write(ana, "Walnut")
    expect(bubble(ana, "Walnut").locator(".quote")).to_contain_text("Which colour?")


def test_a_refused_message_says_why_and_can_be_sent_again(visit, customer, stack):
    customer("Fault Finder")
    ana = visit("ana")
    open_chat(ana, "Fault Finder")
    stack.provider.fault(
        match={"path": "/messages/text"}, times=1, status=400, body={"error": {"code": 400, "message": "bad recipient"}}
    )
    write(ana, "Second time lucky")
    verdict = bubble(ana, "Second time lucky").locator(".verdict")
    expect(verdict).to_contain_text("Not sent")
    verdict.get_by_role("button", name="Retry").click()
    expect(bubble(ana, "Second time lucky").locator(".tick.read")).to_be_visible()
    expect(bubble(ana, "Second time lucky")).to_have_count(1)


def test_a_message_whose_answer_was_lost_is_confirmed_by_evidence_or_a_person(visit, customer, stack):
    customer("Uncertain Una")
    ana = visit("ana")
    open_chat(ana, "Uncertain Una")
    stack.provider.fault(
        match={"path": "/messages/text"}, times=1, then="reset", accept=True, echo="never", webhooks={"drop": 1.0}
    )
    write(ana, "Did this arrive?")
    message = bubble(ana, "Did this arrive?")
    expect(message.locator(".tick:not(.pending)").first).to_be_visible(timeout=20_000)
    if message.locator(".verdict").count():
        expect(message).to_contain_text("May have been sent")
        message.get_by_role("button", name="Mark as sent").click()
    expect(message.locator(".tick.sent, .tick.delivered, .tick.read")).to_be_visible(timeout=20_000)
    sent = [request for request in stack.provider.sends() if request["body"].get("body") == "Did this arrive?"]
    assert len(sent) == 1


def test_script_in_names_and_texts_is_inert(visit, customer, stack):
    evil = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'
    someone = customer(evil, evil)
    ana = visit("ana")
    row = ana.locator("#rows .row", has_text="onerror").first
    row.click()
    expect(bubble(ana, "onerror").first).to_be_visible()
    stack.customer_writes(someone["number"], evil)
    expect(bubble(ana, "onerror")).to_have_count(2)
    write(ana, evil)
    expect(bubble(ana, "onerror")).to_have_count(3)
    assert ana.evaluate("window.owned") is None


def test_a_viewer_reads_and_cannot_type(visit, customer):
    customer("Vera Viewed", "For your eyes")
    vic = visit("vic")
    open_chat(vic, "Vera Viewed")
    expect(bubble(vic, "For your eyes")).to_be_visible()
    expect(vic.locator("#conversation")).to_contain_text("You can read, not write.")
    expect(vic.locator("textarea")).to_have_count(0)
    expect(vic.get_by_label("Reply")).to_be_hidden()


def test_an_outsider_finds_nothing(visit, customer):
    customer("Hidden Hanna")
    ana = visit("ana")
    open_chat(ana, "Hidden Hanna")
    address = ana.url
    zoe = visit("zoe", "/w/zoes-studio/inbox/")
    for path in (address, "/w/acme/inbox/"):
        assert zoe.goto(path).status == 404
    expect(zoe.locator("body")).not_to_contain_text("Hidden Hanna")
