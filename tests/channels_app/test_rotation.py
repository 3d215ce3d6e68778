"""A new encryption key."""

import io

import pytest
from django.core.management import CommandError, call_command

from channels_app.models import Credential
from channels_app.services import rotation
from channels_app.services.channels import create_channel
from kernel import crypto
from tests.channels_app.conftest import TOKEN


@pytest.fixture
def sealed(world, settings) -> list[Credential]:
    """Three channels with their tokens and webhook secrets under the key "old"."""
    settings.ENCRYPTION_KEYS = ["old"]
    for number in range(3):
        create_channel(actor=world.ana, provider="whapi", name=f"Number {number}", token=f"{TOKEN}-{number}")
    return list(Credential.objects.order_by("id"))


def rotate() -> str:
    said = io.StringIO()
    call_command("rotate_encryption_key", stdout=said, stderr=said)
    return said.getvalue()


def test_after_the_rotation_the_old_key_can_go(sealed, settings):
    secrets = [crypto.decrypt(credential.sealed) for credential in sealed]
    settings.ENCRYPTION_KEYS = ["new", "old"]
    assert "6 sealed with the newest key, 0 were already." in rotate()
    settings.ENCRYPTION_KEYS = ["new"]
    assert [crypto.decrypt(credential.sealed) for credential in Credential.objects.order_by("id")] == secrets


def test_running_it_again_changes_nothing(sealed, settings):
    settings.ENCRYPTION_KEYS = ["new", "old"]
    rotate()
    before = list(Credential.objects.order_by("id").values())
    assert "0 sealed with the newest key, 6 were already." in rotate()
    assert list(Credential.objects.order_by("id").values()) == before


def test_stopped_half_way_it_goes_on_where_it_was(sealed, settings, monkeypatch):
    settings.ENCRYPTION_KEYS = ["new", "old"]
    reseal, done = rotation.reseal, []

    def stopped(stored: str) -> str | None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(stored)
        return reseal(stored)

    monkeypatch.setattr(rotation, "reseal", stopped)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    monkeypatch.setattr(rotation, "reseal", reseal)
    assert "4 sealed with the newest key, 2 were already." in rotate()


def test_a_token_replaced_meanwhile_keeps_its_new_value(sealed, settings, monkeypatch):
    settings.ENCRYPTION_KEYS = ["new", "old"]
    reseal, first = rotation.reseal, sealed[0]

    def slow(stored: str) -> str | None:
        if stored == first.sealed:
            Credential.objects.filter(pk=first.pk).update(sealed=crypto.encrypt("a-token-from-meanwhile"))
        return reseal(stored)

    monkeypatch.setattr(rotation, "reseal", slow)
    assert "5 sealed with the newest key" in rotate()
    first.refresh_from_db()
    assert crypto.decrypt(first.sealed) == "a-token-from-meanwhile"


def test_what_no_key_opens_is_named_and_does_not_stop_the_others(sealed, settings):
    settings.ENCRYPTION_KEYS = ["lost"]
    lost = sealed[0]
    Credential.objects.filter(pk=lost.pk).update(sealed=crypto.encrypt("unreachable"))
    settings.ENCRYPTION_KEYS = ["new", "old"]
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 secrets are unreadable"):
        call_command("rotate_encryption_key", stdout=said, stderr=said)
    assert f"No key opens the {lost.name} of channel {lost.channel}" in said.getvalue()
    assert "5 sealed with the newest key" in said.getvalue()
