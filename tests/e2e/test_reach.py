"""Everybody gets everywhere: axe on states that only a click brings, large type, fingers; and what a visit costs."""

import gzip
import re
import sys
import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_looks import PHONE, violations
from tests.e2e.test_media import choose, picture
from tests.e2e.test_writing import bubble, open_chat, wait_for_scripts, write

FIRST_PAINT_BYTES = 120 * 1024
FIRST_PAINT_REQUESTS = 12
LEAST_TARGET = 44


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_states_of_files(visit, customer, theme):
    customer("Axe Anna")
    ana = visit("ana", color_scheme=theme)
    open_chat(ana, "Axe Anna")
    choose(ana, ("a.jpg", "image/jpeg", picture()), ("b.pdf", "application/pdf", b"%PDF-1.7"), ("c.txt", "", b""))
    expect(ana.locator(".composer .upload.ready")).to_have_count(2)
    expect(ana.locator(".composer .upload.refused")).to_have_count(1)
    assert violations(ana) == []
    write(ana, "Look")
    expect(ana.locator("#thread .message[data-id] .photo")).to_be_visible()
    assert violations(ana) == []
    ana.locator("#thread .photo").click()
    expect(ana.locator("#lightbox img")).to_be_visible()
    assert violations(ana) == []


def test_at_twice_the_size_everything_is_there_and_nothing_scrolls_sideways(visit, customer):
    customer("Large Type Lou", "Can you read me?")
    ana = visit("ana", viewport={"width": 640, "height": 400}, device_scale_factor=2)  # 1280 × 800 at 200 %
    open_chat(ana, "Large Type Lou")
    write(ana, "Yes, well")
    expect(bubble(ana, "Yes, well")).to_be_in_viewport()
    assert ana.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for label in ("Back to the list", "Details"):
        expect(ana.locator("#conversation").get_by_label(label, exact=True)).to_be_in_viewport()


def test_fingers_find_what_they_touch(visit, customer):
    customer("Finger Finn", "Tap me")
    phone = visit("ana", **PHONE)
    wait_for_scripts(phone)
    assert too_small(phone) == []
    open_chat(phone, "Finger Finn")
    assert too_small(phone) == []


def too_small(page: Page) -> list[str]:
    """What is touched and is less than 44 pixels high or wide, its ::before and its label counted."""
    return page.evaluate(
        """(least) => [...document.querySelectorAll('a[href], button, select, input:not([type=hidden]), [role=button]')]
            .filter((one) => one.checkVisibility({visibilityProperty: true, opacityProperty: true}))
            .filter((one) => !one.closest('.sr, p .tick, .text, .toast') && !one.matches('.sr, .sr *, .unfold'))
            .map((one) => {
                const target = one.closest('label') ?? one
                const box = target.getBoundingClientRect()
                const more = getComputedStyle(target, '::before')
                const grown = more.content !== 'none' && more.position === 'absolute'
                const size = [box.width, box.height].map((length, at) =>
                    grown ? length - 2 * Math.min(0, parseFloat(at ? more.top : more.left) || 0) : length)
                return [size, target.outerHTML.slice(0, 120)]
            })
            .filter(([size]) => size[1] > 0 && (size[1] < least || size[0] < Math.min(least, 24)))
            .map(([size, html]) => `${size.map(Math.round).join(' × ')}: ${html}`)""",
        LEAST_TARGET,
    )


def test_the_focus_is_never_lost_when_parts_are_drawn_anew(visit, customer, stack):
    someone = customer("Focus Fay", "First")
    ana = visit("ana")
    open_chat(ana, "Focus Fay")
    write(ana, "Answer")
    ana.locator("#thread .own[data-id] .tick").first.focus()
    expect(bubble(ana, "Answer").locator(".tick.read")).to_be_visible(timeout=20_000)
    assert ana.evaluate("!!document.activeElement.closest('.own.message')"), "the tick changed under the focus"
    row = ana.locator("#rows .row", has_text="Focus Fay").first.locator("a")
    row.focus()
    later = int(time.time()) + 1  # their times have no fractions: within one second the answer would stay the newest
    stack.customer_writes(someone["number"], "Second", timestamp=later)
    expect(row).to_contain_text("Second")
    expect(row).to_be_focused()
    expect(ana.locator("#news")).to_contain_text("Second")
    assert ana.locator("#news").get_attribute("aria-live") == "polite"


# --- What a visit costs ----------------------------------------------------------------------------------------------


def test_a_visit_stays_within_its_budget(visit, capsys):
    """Sizes as a proxy would send them, gzipped; run with -s to read them."""
    ana = visit("ana")
    late = re.compile(r"/js/(inbox|shell)\.js")  # asked for when the page is painted, which a busy machine may do late
    ana.route(late, lambda route: route.fulfill(content_type="text/javascript", body=""))
    ana.goto("/w/acme/inbox/")
    first = ana.evaluate("[location.href, ...performance.getEntriesByType('resource').map((r) => r.name)]")
    first = [address for address in first if not late.search(address)]
    first = [address for address in first if not address.endswith("django-htmx.js")]  # only while DEBUG is on
    size = sum(len(gzip.compress(ana.request.get(address).body())) for address in first)
    with capsys.disabled():
        sys.stdout.write(f"\nfirst paint: {size / 1024:.1f} KB in {len(first)} requests\n")
    assert len(first) <= FIRST_PAINT_REQUESTS, first
    assert size <= FIRST_PAINT_BYTES
