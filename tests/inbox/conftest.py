"""A chat of Acme's, a scripted provider, and callers of the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from channels_app.models import Channel
from inbox.models import Chat
from inbox.services.ingesting import Heard, Source, apply_values
from kernel import signing
from tests.support.chats import FakeProvider, make_chat
from tests.support.world import World
from workspaces.models import ApiKey, Member, Workspace
from workspaces.roles import Role


@pytest.fixture
def chat(world: World) -> Chat:
    return make_chat(world.channel)


@pytest.fixture
def hear(world: World) -> Callable[..., None]:
    """Apply values as the channel's provider says them: `hear(value, …, again=False, channel=…)`."""

    def apply(*values: Any, again: bool = False, channel: Channel = world.channel) -> None:
        source = Source(channel.pk, channel.workspace_id, channel.provider, channel.own_wa_id)
        with transaction.atomic():
            apply_values([Heard(source, value, again) for value in values])

    return apply


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    return FakeProvider().install(monkeypatch)


@pytest.fixture
def as_member() -> Callable[[Member], APIClient]:
    """A signed-in browser."""

    def sign_in(member: Member) -> APIClient:
        client = APIClient()
        client.force_login(member.user)
        return client

    return sign_in


@pytest.fixture
def as_key() -> Callable[..., APIClient]:
    """A program with a key of the workspace."""

    def with_key(workspace: Workspace, role: str = Role.AGENT) -> APIClient:
        secret = signing.new_secret("wb_")
        ApiKey.objects.create(
            workspace=workspace, name="robot", role=role, digest=signing.digest(secret), hint=secret[-4:]
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return with_key


@pytest.fixture
def api(world: World, as_key: Callable[..., APIClient]) -> APIClient:
    """Acme's program, with the rights of an agent."""
    return as_key(world.acme)


@pytest.fixture
def zoes_api(world: World, as_key: Callable[..., APIClient]) -> APIClient:
    """The outsider's program, owner in her own workspace."""
    return as_key(world.zoes, Role.OWNER)
