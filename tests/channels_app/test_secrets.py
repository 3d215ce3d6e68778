"""Canaries: a secret of every kind at every vendor, everything exercised, and then looked for in plain text."""

import logging
import socket
from datetime import timedelta

import pytest
from django.db import connection as database
from django.urls import reverse

from channels_app import jobs
from channels_app.models import Channel, ConnectionLogEntry, Credential
from channels_app.providers import built_in, description_of
from channels_app.providers.base import Outgoing
from channels_app.providers.errors import ProviderError
from channels_app.services import channels, connection, gateway, linking
from channels_app.services.credentials import PAIRING_CODE, QR, store_credential
from channels_app.services.rotation import rotate_credentials
from kernel import clock, crypto
from outbox.models import Attempt, Item
from tests.support.fake_provider import perform, waiting_jobs
from tests.support.world import PASSWORD
from workspaces.models import AuditEntry, User

VALUES = {"phone_number_id": "100000000000777", "waba_id": "200000000000777", "session": "shop"}


def canary(provider: str, name: str, turn: str = "a") -> str:
    return f"canary-{turn}-{provider}-{name}-0123456789abcdef"


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def nowhere() -> str:
    """An address where nobody answers, so that every call fails with its secrets in hand."""
    return f"http://127.0.0.1:{closed_port()}"


def given(provider: str, turn: str, nowhere: str) -> dict[str, str]:
    values = {"base_url": nowhere, **VALUES}
    return {
        one.name: canary(provider, one.name, turn) if one.secret else values[one.name]
        for one in description_of(provider).given
    }


def everything_stored() -> str:
    """All rows of all tables as text, as a dump would hold them."""
    with database.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        texts = []
        for name in tables:
            cursor.execute(f'SELECT t::text FROM "{name}" AS t')
            texts += [f"{name}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(texts)


def leaks(text: str, secrets: set[str]) -> list[str]:
    return [
        f"{secret} in …{text[max(0, (at := text.index(secret)) - 80) : at]}" for secret in secrets if secret in text
    ]


@pytest.mark.parametrize("provider", built_in())
def test_no_secret_of_any_vendor_is_found_in_plain_text(world, client, provider, nowhere, caplog):
    caplog.set_level(logging.DEBUG)
    gateway._open.clear()
    vendor = description_of(provider)
    shown: list[str] = []
    client.force_login(world.ana.user)

    def keep(answer) -> None:
        shown.append(f"{dict(answer.headers)} {answer.content.decode()}")

    # Added by a form with a mistake in it, then by the API, then as it is done everywhere.
    typed = {"provider": provider, "name": "x" * 99, **given(provider, "a", nowhere)}
    keep(client.post(reverse("channels_app:channel-add", args=["acme"]), typed))
    keep(client.post("/api/v1/channels", {**typed}, "application/json"))
    channel, made = channels.create_channel(
        actor=world.ana,
        provider=provider,
        name="Canary",
        settings={"base_url": nowhere},
        **given(provider, "a", nowhere),
    )
    secrets = {canary(provider, one.name, turn) for one in vendor.given if one.secret for turn in "ab"} | {made}
    connection.connect(actor=world.ana, channel_id=channel.pk)
    ends_at = clock.now() + timedelta(minutes=1)
    for name in (QR, PAIRING_CODE):
        store_credential(channel=channel, name=name, secret=canary(provider, name), expires_at=ends_at)
        secrets.add(canary(provider, name))

    # Calls that fail with the secrets in hand, and what is noted about them.
    for call in (gateway.health, gateway.qr_code, gateway.log_out, gateway.groups, gateway.restart):
        try:
            call(channel.pk, deadline=2)
        except ProviderError as error:
            shown.append(f"{error} {error!r} {vars(error)}")
        except NotImplementedError:
            pass
    try:
        gateway.send(channel.pk, Outgoing(to="15550100111@s.whatsapp.net", type="text", text="Hi"), deadline=2)
    except ProviderError as error:
        shown.append(f"{error} {error!r}")
    shown.append(f"{gateway._way(channel.pk)!r} {Credential.objects.filter(channel=channel)!r}")
    for item in waiting_jobs(channel):
        perform(item)
    assert Item.objects.filter(subject_id=channel.pk, kind=jobs.CONNECT).exists()

    # New values in place of the old ones, on the page and through the API.
    keep(client.post(reverse("channels_app:channel-token", args=["acme", channel.pk]), given(provider, "b", nowhere)))
    keep(client.patch(f"/api/v1/channels/{channel.pk}", {"token": canary(provider, "token", "b")}, "application/json"))

    # Everything that shows a channel, to everybody but the one who asked for the code.
    pages = [
        reverse("channels_app:channel-list", args=["acme"]),
        reverse("channels_app:channel-cards", args=["acme"]),
        reverse("channels_app:channel-add", args=["acme"]) + f"?provider={provider}",
        reverse("channels_app:channel-detail", args=["acme", channel.pk]),
        reverse("channels_app:channel-link", args=["acme", channel.pk]),
        reverse("outbox:lane-list", args=["acme"]),
        "/w/acme/settings/audit/",
        "/api/v1/channels",
        f"/api/v1/channels/{channel.pk}",
        f"/api/v1/channels/{channel.pk}/qr",
        f"/api/v1/channels/{channel.pk}/pairing-code",
    ]
    olga = User.objects.create_superuser("olga@example.com", PASSWORD, name="Olga Operator")
    for user in (world.adam.user, world.ben.user, world.vic.user, world.zoe.user):
        client.force_login(user)
        for page in pages:
            keep(client.get(page))
    client.force_login(olga)
    for model, key in ((Channel, channel.pk), (Credential, channel.credentials.first().pk)):
        name = f"admin:channels_app_{model._meta.model_name}"
        keep(client.get(reverse(f"{name}_changelist")))
        keep(client.get(reverse(f"{name}_change", args=[key])))
    keep(client.get(reverse("admin:channels_app_connectionlogentry_changelist")))
    keep(client.get(reverse("admin:outbox_item_changelist")))

    assert leaks("\n".join(shown), secrets) == []
    assert leaks(caplog.text, secrets) == []
    stored = everything_stored()
    assert str(channel.pk) in stored
    assert leaks(stored, secrets) == []
    for table in (AuditEntry, ConnectionLogEntry, Attempt):
        assert leaks(str(list(table.objects.values())), secrets) == []


@pytest.mark.parametrize("provider", built_in())
def test_a_new_key_covers_every_secret_of_every_vendor(world, provider, nowhere, settings):
    channel, _ = channels.create_channel(
        actor=world.ana,
        provider=provider,
        name="Canary",
        settings={"base_url": nowhere},
        **given(provider, "a", nowhere),
    )
    names = {one.name for one in description_of(provider).secrets}
    assert set(Credential.objects.filter(channel=channel).values_list("name", flat=True)) == names
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["another-key-0123456789", *old]
    assert rotate_credentials().resealed >= len(names)
    settings.ENCRYPTION_KEYS = ["another-key-0123456789"]
    for credential in Credential.objects.filter(channel=channel):
        assert crypto.decrypt(credential.sealed)
    gateway._open.clear()
    way = gateway._way(channel.pk)
    assert way.credentials.token == canary(provider, "token")
    for one in description_of(provider).given:
        if one.name not in ("token", "base_url"):
            assert way.credentials.extra[one.name], one.name
    gateway._open.clear()


def test_the_code_is_shown_to_nobody_but_the_asker_by_any_door(world, client, provider, shop):
    connection.connect(actor=world.ana, channel_id=shop.pk)
    for item in waiting_jobs(shop):
        perform(item)
    code = linking.code_for(world.ana, Channel.objects.get(pk=shop.pk), QR)[0]
    for member in (world.adam, world.ben, world.vic, world.zoe):
        client.force_login(member.user)
        for page in (
            f"/w/acme/channels/{shop.pk}/",
            f"/w/acme/channels/{shop.pk}/link/",
            f"/api/v1/channels/{shop.pk}/qr",
        ):
            assert code not in client.get(page).content.decode(), (member, page)
    client.force_login(world.ana.user)
    assert code in client.get(f"/w/acme/channels/{shop.pk}/link/").content.decode()
