"""Every URL is guarded, or stands on the list of public ones; strangers and outsiders are tried at each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from channels_app.services.restricting import keep_for_teams
from kernel import signing
from tests.house.conftest import CANARY
from tests.support.world import World
from workspaces.models import ApiKey, Invitation
from workspaces.roles import Role
from workspaces.services.teams import create_team

PUBLIC = {
    "healthz": "says only that the process lives",
    "readyz": "says which links hold, nothing about anybody",
    "workspaces:sign-in": "the door itself",
    "workspaces:sign-out": "harmless to a stranger",
    "workspaces:invitation": "opened by its own secret token",
    "api-schema": "describes the API, holds no data",
    "api-docs": "describes the API, holds no data",
    "api-nowhere": "says that there is nothing at the address",
}
OF_ITS_OWN = ("admin:", "webhooks:event-receive", "cron-")
"""Admin has its own door (staff), receiving webhooks a secret per channel, cron a token; each with tests of its own."""

WORDS = {
    "channels_app:channel-act": {"deed": "connect"},
    "outbox:lane-act": {"deed": "pause"},
    "inbox:chat-pick": {"what": "assign"},
}
"""What parameters mean that name no row."""

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Door:
    name: str
    route: str
    parameters: tuple[str, ...]

    @property
    def names_a_row(self) -> bool:
        return bool(set(self.parameters) - {"slug"} - set(WORDS.get(self.name, ())))

    def path(self, values: dict[str, str]) -> str:
        known = {**values, **WORDS.get(self.name, {})}
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known[found[1]], self.route)


def doors(patterns: list | None = None, route: str = "", namespaces: tuple[str, ...] = ()) -> Iterator[Door]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = route + re.sub(r"\^|\$|\\Z", "", str(entry.pattern))
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from doors(entry.url_patterns, here, inner)
        elif isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name or str(entry.pattern)))
            yield Door(name, here, tuple(re.findall(r"<(?:\w+:)?(\w+)>", here)))


GUARDED = [door for door in doors() if door.name not in PUBLIC and not door.name.startswith(OF_ITS_OWN)]


def try_all(client: Client, path: str) -> Iterator[tuple[str, HttpResponseBase, str]]:
    """(what was tried, answer, its text) for every method."""
    for method in METHODS:
        sent = {} if method == "get" else {"data": "{}", "content_type": "application/json"}
        answer = getattr(client, method)(path, **sent)
        told = b"".join(answer.streaming_content) if answer.streaming else answer.content
        yield f"{method.upper()} {path} → {answer.status_code}", answer, told.decode(errors="replace")


@pytest.mark.parametrize("door", GUARDED, ids=lambda door: door.name)
def test_a_stranger_gets_nothing(door, client, rich_acme):
    for tried, answer, text in try_all(client, door.path(rich_acme)):
        assert answer.status_code in {302, 401, 403, 405}, tried
        assert CANARY not in text, tried
        if answer.status_code == 302:
            assert answer["Location"].startswith("/sign-in/"), f"{tried}: strangers are sent to the sign-in page"


WAYS_IN = [(door, "session") for door in GUARDED] + [(d, "api key") for d in GUARDED if d.route.startswith("api/")]


@pytest.mark.parametrize(("door", "way_in"), WAYS_IN, ids=[f"{door.name}-{way_in}" for door, way_in in WAYS_IN])
def test_zoe_finds_nothing_of_acmes(door, way_in, world, rich_acme):
    path = door.path(rich_acme)
    for tried, answer, text in try_all(zoes_client(world, way_in), path):
        assert CANARY not in text, tried
        if door.parameters:
            assert answer.status_code in {404, 405}, tried
        leaked = [name for name, known in rich_acme.items() if name != "slug" and known in text and known not in path]
        assert leaked == [], tried


@pytest.mark.parametrize(
    "door", [door for door in GUARDED if "slug" in door.parameters and door.names_a_row], ids=lambda door: door.name
)
def test_in_zoes_own_workspace_acmes_rows_do_not_exist(door, world, rich_acme):
    path = door.path({**rich_acme, "slug": world.zoes.slug})
    for tried, answer, text in try_all(zoes_client(world, "session"), path):
        back = answer.status_code == 302 and answer["Location"].startswith(f"/w/{world.zoes.slug}/")
        assert answer.status_code in {404, 405} or back, tried
        assert CANARY not in text, tried


OF_THE_CHANNEL = ("channel", "lane", "contact", "chat", "message", "note", "attachment", "item", "event")
"""What a channel that is kept for a team takes out of sight; members, keys and invitations are the workspace's."""


@pytest.mark.parametrize("door", GUARDED, ids=lambda door: door.name)
def test_guard_15_nothing_of_a_channel_kept_for_a_team_is_told_to_others(door, world, rich_acme):
    team = create_team(actor=world.ana, name="Lawyers")
    keep_for_teams(actor=world.ana, channel=world.channel, team_ids=[team.pk])
    Invitation.objects.all().delete()  # its address has the word that is looked for, and is no secret of the channel
    path, hidden = door.path(rich_acme), {f"{one}_id" for one in OF_THE_CHANNEL}
    for member in (world.ben, world.vic):
        client = Client()
        client.force_login(member.user)
        for tried, answer, text in try_all(client, path):
            assert CANARY not in text, f"{member.role}: {tried}"
            if hidden & set(door.parameters):
                assert answer.status_code in {403, 404, 405}, f"{member.role}: {tried}"
            leaked = [name for name in hidden if rich_acme[name] in text and rich_acme[name] not in path]
            assert leaked == [], f"{member.role}: {tried}"


def test_every_public_url_exists():
    assert set(PUBLIC) <= {door.name for door in doors()}


def zoes_client(world: World, way_in: str) -> Client:
    if way_in == "session":
        client = Client()
        client.force_login(world.zoe.user)
        return client
    secret = signing.new_secret("wb_")
    ApiKey.objects.create(
        workspace=world.zoes, name="zoe", role=Role.OWNER, digest=signing.digest(secret), hint=secret[-4:]
    )
    return Client(headers={"Authorization": f"Bearer {secret}"})
