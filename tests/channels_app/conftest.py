"""What the tests of channels share."""

from datetime import timedelta

import pytest

from channels_app.models import Channel
from channels_app.services.channels import create_channel
from kernel import clock
from tests.support.fake_provider import FakeProvider, fake_provider
from tests.support.world import World

TOKEN = "tok-0123456789-abcdefgh-WXYZ"


@pytest.fixture
def provider() -> FakeProvider:
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def shop(world: World) -> Channel:
    """A channel that Ana has just added to Acme, with the token TOKEN."""
    return create_channel(actor=world.ana, provider="whapi", name="New shop", token=TOKEN)[0]


def move_clock(monkeypatch, **by) -> None:
    """`by` is what timedelta takes."""
    at = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: at)
