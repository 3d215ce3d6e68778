"""Fixtures that every test may use: the cast of tests/support/world.py."""

import pytest

from inbox.realtime.listener import stop_listener
from inbox.realtime.notifier import notifier
from outbox.services import waking
from tests.support import secrets_watch
from tests.support.browser import MISSING
from tests.support.secrets_watch import watch
from tests.support.world import World, make_world
from webhooks.services import applier


@pytest.fixture
def world(db) -> World:
    """Ana owns Acme, Ben is an agent and Vic a viewer there; Zoe is an outsider with a workspace of her own."""
    return make_world()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """Let go of the threads' own connections before the test database is dropped."""
    yield
    applier.stop()
    waking.close()
    notifier.close()
    stop_listener()


def pytest_sessionstart() -> None:
    secrets_watch.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item):
    watch.begin()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """A test in which a secret shows up in plain text has failed, whatever it is about."""
    result = yield
    if leaks := watch.leaks():
        pytest.fail("\n".join(["Secrets are in plain text.", *leaks]), pytrace=False)
    return result


SLOWEST_LAST = ("tests/acceptance", "tests/e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first: a mistake shows within seconds, real processes and browsers come at the end."""
    items.sort(key=lambda item: item.nodeid.startswith(SLOWEST_LAST))


def pytest_terminal_summary(terminalreporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any(MISSING in str(report.longrepr) for report in skipped):
        terminalreporter.section("BROWSER TESTS DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(MISSING)
