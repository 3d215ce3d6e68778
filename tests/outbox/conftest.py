"""A lane of Acme's and a scriptable provider."""

import uuid

import pytest

from outbox.models import Lane
from tests.support.outbox import FakeProvider, registered


@pytest.fixture
def provider() -> FakeProvider:
    provider = FakeProvider()
    with registered(provider):
        yield provider


@pytest.fixture
def lane(world) -> Lane:
    return Lane.objects.get(pk=world.channel.id)


@pytest.fixture
def chat() -> uuid.UUID:
    return uuid.uuid4()
