"""A real browser on the real stack. Both live as long as the tests of this folder and end before the others go on."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.support.browser import running_chromium
from tests.support.stack import Stack, running_stack

PASSWORD = "waybill-demo"
SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
expect.set_options(timeout=10_000)
lines = itertools.count(1000)  # of numbers; below are those of the demo and of tests that name one


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    with running_stack(settings.DATABASES["default"]) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with running_chromium() as chromium:
        yield chromium


class Visits:
    """Opens pages as somebody, and remembers what their consoles complained about."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser = browser
        self._stack = stack
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def __call__(self, person: str = "ana", path: str = "/w/acme/inbox/", **options) -> Page:
        """A page of `person`, signed in, in a browser context of its own."""
        usual = {"base_url": self._stack.url, "viewport": {"width": 1440, "height": 900}}
        context = self._browser.new_context(**{**usual, **options})
        self._contexts.append(context)
        page = self.tab(context)
        page.goto("/sign-in/")
        page.get_by_label("E-mail").fill(f"{person}@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/inbox/")
        if not page.url.endswith(path):
            page.goto(path)
        return page

    def tab(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        network = "Failed to load resource" in message.text or "WebSocket connection" in message.text
        if message.type == "error" and not network:
            self.complaints.append(f"console: {message.text}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Iterator[Visits]:
    """Ends with the proof that no page complained: no script error, no violation of the content policy."""
    visits = Visits(browser, stack)
    yield visits
    visits.close()
    stack.provider.clear_faults()
    assert visits.complaints == []


@pytest.fixture
def customer(stack: Stack) -> Callable[..., dict[str, str]]:
    """A new customer who has written a first message: their number and name."""

    def write(name: str, text: str = "Hello there") -> dict[str, str]:
        number = f"1555010{next(lines):04}"
        stack.customer_writes(number, text, name=name)
        return {"number": number, "name": name}

    return write


@pytest.fixture(scope="session")
def keep_screenshot() -> Callable[[Page, str], None]:
    """Keeps a picture for the README when SCREENSHOTS=1 asks for it."""

    def keep(page: Page, name: str) -> None:
        if os.environ.get("SCREENSHOTS") == "1":
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return keep
