"""API keys."""

from datetime import timedelta

import pytest

from kernel import clock, signing
from kernel.errors import Forbidden, Invalid
from workspaces.errors import NoSuchApiKey, RoleTooHigh
from workspaces.models import ApiKey, AuditEntry
from workspaces.roles import Role
from workspaces.services import api_keys


def test_a_key_is_shown_once_and_kept_as_a_digest(world):
    key, secret = api_keys.create_api_key(actor=world.ana, name=" Shop  system ", role=Role.AGENT)
    stored = ApiKey.objects.get(pk=key.pk)
    assert secret.startswith("wb_")
    assert (stored.name, stored.hint, stored.digest) == ("Shop system", secret[-4:], signing.digest(secret))
    assert secret not in str(vars(stored))
    entry = AuditEntry.objects.get(deed="api_key.created")
    assert (entry.user, entry.target_id) == (world.ana.user, key.pk)
    assert secret not in str(vars(entry))


@pytest.mark.parametrize(
    ("who", "role", "refusal"),
    [
        ("ana", Role.OWNER, None),
        ("adam", Role.ADMIN, None),
        ("adam", Role.OWNER, RoleTooHigh),
        ("ben", Role.VIEWER, Forbidden),
        ("vic", Role.VIEWER, Forbidden),
    ],
)
def test_who_may_make_a_key_with_which_role(world, who, role, refusal):
    if refusal is None:
        api_keys.create_api_key(actor=getattr(world, who), name="k", role=role)
    else:
        with pytest.raises(refusal):
            api_keys.create_api_key(actor=getattr(world, who), name="k", role=role)
    assert ApiKey.objects.filter(name="k").exists() is (refusal is None)


def test_a_key_makes_no_keys(world):
    key, _ = api_keys.create_api_key(actor=world.ana, name="k", role=Role.ADMIN)
    with pytest.raises(Forbidden, match="people"):
        api_keys.create_api_key(actor=key, name="child", role=Role.VIEWER)


@pytest.mark.parametrize("change", [{"name": ""}, {"name": "k" * 81}, {"name": "k\0"}, {"expires_at": timedelta(0)}])
def test_what_cannot_be_used_is_refused(world, change):
    given = {"name": "k", **change}
    if "expires_at" in given:
        given["expires_at"] = clock.now() + given["expires_at"]
    with pytest.raises(Invalid):
        api_keys.create_api_key(actor=world.ana, role=Role.AGENT, **given)


def test_a_revoked_key_stays_in_the_books(world):
    key, _ = api_keys.create_api_key(actor=world.ana, name="k", role=Role.AGENT)
    api_keys.revoke(actor=world.adam, key_id=key.pk)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert AuditEntry.objects.order_by("-id").first().deed == "api_key.revoked"
    with pytest.raises(NoSuchApiKey):
        api_keys.revoke(actor=world.adam, key_id=key.pk)


def test_an_admin_does_not_revoke_the_key_of_an_owner(world):
    key, _ = api_keys.create_api_key(actor=world.ana, name="k", role=Role.OWNER)
    with pytest.raises(RoleTooHigh):
        api_keys.revoke(actor=world.adam, key_id=key.pk)


def test_zoe_cannot_revoke_a_key_of_acme(world):
    key = ApiKey.objects.get(workspace=world.acme)
    with pytest.raises(NoSuchApiKey):
        api_keys.revoke(actor=world.zoe, key_id=key.pk)
    key.refresh_from_db()
    assert key.revoked_at is None
