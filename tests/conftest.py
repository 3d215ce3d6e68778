"""Fixtures that every test may use: the cast of tests/support/world.py."""

import pytest

from tests.support.world import World, make_world


@pytest.fixture
def world(db) -> World:
    """Ana owns Acme, Ben is an agent and Vic a viewer there; Zoe is an outsider with a workspace of her own."""
    return make_world()
