"""Every URL is guarded, or stands on the list of public ones; strangers and outsiders are tried at each."""

import re
import uuid
from dataclasses import dataclass

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.support.world import World

PUBLIC = {
    "healthz": "says only that the process lives",
    "readyz": "says which links hold, nothing about anybody",
    "workspaces:sign-in": "the door itself",
    "workspaces:sign-out": "harmless to a stranger",
    "workspaces:invitation": "opened by its own secret token",
    "api-schema": "describes the API, holds no data",
    "api-docs": "describes the API, holds no data",
}
OF_ITS_OWN = ("admin:", "webhooks:receive")
"""Django admin has its own door (staff only), receiving webhooks a secret per channel; both have tests of their own."""

REFUSED = {302, 401, 403, 404, 405}
METHODS = ("get", "post", "put", "patch", "delete")
CANARY = "Acme only: canary 7431"


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    parameters: tuple[str, ...]

    def path(self, values: dict[str, str]) -> str:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], str(uuid.uuid4())), self.route)


def doors(patterns=None, route: str = "", namespaces: tuple[str, ...] = ()) -> list[Door]:
    found = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = route + re.sub(r"\^|\$|\\Z", "", str(entry.pattern))
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            found += doors(entry.url_patterns, here, inner)
        elif isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name or str(entry.pattern)))
            found.append(Door(name, here, tuple(re.findall(r"<(?:\w+:)?(\w+)>", here))))
    return found


GUARDED = [door for door in doors() if door.name not in PUBLIC and not door.name.startswith(OF_ITS_OWN)]


@pytest.fixture
def values(world: World, rich_acme) -> dict[str, str]:
    return rich_acme


@pytest.mark.parametrize("door", GUARDED, ids=lambda door: door.name)
def test_a_stranger_gets_nothing(door, client, values):
    for method in METHODS:
        answer = getattr(client, method)(door.path(values))
        assert answer.status_code in REFUSED, f"{method} {door.path(values)} answered {answer.status_code}"
        assert CANARY not in answer.content.decode(errors="replace")
        if answer.status_code == 302:
            assert answer["Location"].startswith("/sign-in/"), "Strangers are sent to the sign-in page."


@pytest.mark.parametrize("door", GUARDED, ids=lambda door: door.name)
def test_zoe_finds_nothing_of_acmes(door, client, world, values):
    client.force_login(world.zoe.user)
    for method in METHODS:
        answer = getattr(client, method)(door.path(values), data={}, content_type="application/json")
        told = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = told.decode(errors="replace")
        assert CANARY not in text
        if door.parameters and "slug" not in door.parameters[:1]:
            assert answer.status_code in REFUSED, f"{method} {door.path(values)} answered {answer.status_code}"
        elif door.parameters:
            assert answer.status_code in {404, 405}, f"{method} {door.path(values)} answered {answer.status_code}"
        for known in values.values():
            assert known not in text or known in door.path(values), f"{method} {door.path(values)} told {known}"


def test_every_public_url_exists():
    assert set(PUBLIC) <= {door.name for door in doors()}
