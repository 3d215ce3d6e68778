"""Fixtures that every test may use: the cast of tests/support/world.py."""

import pytest

from inbox.realtime.listener import stop_listener
from inbox.realtime.notifier import notifier
from outbox.services import waking
from tests.support.world import World, make_world


@pytest.fixture
def world(db) -> World:
    """Ana owns Acme, Ben is an agent and Vic a viewer there; Zoe is an outsider with a workspace of her own."""
    return make_world()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """Let go of the threads' own connections before the test database is dropped."""
    yield
    waking.close()
    notifier.close()
    stop_listener()
