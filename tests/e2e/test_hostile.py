"""What strangers write is text: it runs nothing, reaches nothing, and keeps to its place."""

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_media import choose
from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write

MARKUP = "<script>window.hacked=1</script><img src=x onerror=\"window.hacked=1\"><svg onload='window.hacked=1'>{{7*7}}"
PILE = "Z" + "\u0301\u0323\u0338" * 3333
TURNED = "\u202edlrow\u202c \u2067olleh"
WORD = "W" * 5000
LINKS = 'javascript:window.hacked=1 data:text/html,<script>window.hacked=1</script> https://example.com/?q="><script>'

OUTSIDE = """() => {
    const { left, right } = document.querySelector("#thread").getBoundingClientRect()
    const boxes = [...document.querySelectorAll("#thread .bubble")].map((one) => [one, one.getBoundingClientRect()])
    return boxes.filter(([, box]) => box.left < left - 1 || box.right > right + 1).map(([one]) => one.textContent)
}"""


def is_inert(page: Page) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    assert page.locator("#thread :is(script, iframe, object, svg[onload], img[onerror])").count() == 0
    assert page.locator("#thread a[href^='javascript'], #thread a[href^='data']").count() == 0
    assert page.evaluate(OUTSIDE) == [], "each bubble keeps within the conversation"


@pytest.mark.parametrize("width", [390, 1280])
def test_names_and_texts_of_strangers_stay_text_in_their_place(visit, customer, stack, width):
    someone = customer(f"<b>Mallory</b> {MARKUP}"[:60], "Harmless")
    for text in (MARKUP, PILE, TURNED, WORD, LINKS):
        stack.customer_writes(someone["number"], text)
    other = customer(PILE[:180], PILE)
    stack.customer_writes(other["number"], "again")
    ana = visit("ana", viewport={"width": width, "height": 800})
    wait_for_scripts(ana)
    row = ana.locator("#rows .row", has_text="<b>Mallory</b>").first
    expect(row).to_be_visible()
    heights = ana.locator("#rows .row > a").evaluate_all("(rows) => [...new Set(rows.map((r) => r.offsetHeight))]")
    assert len(heights) == 1, f"every row is as high as the others, not {heights}"
    row.click()
    expect(ana.locator("#thread .message")).to_have_count(6)
    expect(ana.locator("#thread")).to_contain_text("{{7*7}}")
    is_inert(ana)
    clipped = ana.locator("#thread .bubble").evaluate_all("(all) => all.map((b) => getComputedStyle(b).overflowX)")
    assert set(clipped) == {"clip"}
    ana.locator("#conversation .bar [data-side], #conversation a[aria-label=Details]").first.click()
    expect(ana.locator("#side h2")).to_be_visible()
    is_inert(ana)


def test_hostile_file_names_and_files_run_nothing(visit, customer, stack):
    someone = customer("Filer Fritz")
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"><script>window.hacked=1</script></svg>'
    stack.customer_writes(
        someone["number"],
        type="document",
        media=base64.b64encode(b"<script>window.hacked=1</script>").decode(),
        mime_type="text/html",
        file_name="\u202etxt.<img src=x onerror=window.hacked=1>.html",
    )
    ana = visit("ana")
    open_chat(ana, "Filer Fritz")
    choose(ana, ("evil.svg", "image/svg+xml", svg), ("evil.png", "image/png", svg))
    expect(ana.locator(".composer .upload.ready")).to_have_count(2)
    write(ana, "Two pictures")
    files = ana.locator("#thread .message[data-id] a.file")
    expect(files).to_have_count(3, timeout=20_000)
    is_inert(ana)
    for file in files.all():
        address = file.get_attribute("href")
        answer = ana.request.get(address)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        with ana.expect_download():
            file.click()
    is_inert(ana)


def test_what_we_type_ourselves_is_as_harmless(visit, customer):
    customer("Echo Erna")
    ana, ben = visit("ana"), visit("ben")
    open_chat(ana, "Echo Erna")
    open_chat(ben, "Echo Erna")
    write(ana, MARKUP)
    for page in (ana, ben):
        expect(bubble(page, "window.hacked")).to_have_count(1)
        is_inert(page)
