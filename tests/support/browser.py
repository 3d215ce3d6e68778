"""Finds a Chromium for the browser tests; where there is none, says so loudly, or fails when REQUIRE_BROWSER is set."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL_SECONDS = 300
MISSING = "No Chromium was found, so the browser tests did NOT run. Install one, or set CHROMIUM to its path."


@lru_cache
def find_chromium() -> str | None:
    """CHROMIUM, an installed one, Playwright's own, or one that Playwright can fetch now; None when there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    return installed or _playwrights_own() or _fetched()


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _fetched() -> str | None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return _playwrights_own()


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A headless browser. Skips the test when there is no Chromium, or fails it when REQUIRE_BROWSER is set."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()
