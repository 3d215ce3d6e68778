"""Django admin of people and workspaces."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from kernel import signing
from tests.support.world import PASSWORD, make_member
from workspaces.models import ApiKey, AuditEntry, Invitation, Member, Team, User
from workspaces.roles import Role
from workspaces.services import api_keys, inviting

SHOWN = ["user", "workspace", "member", "invitation", "apikey", "auditentry"]


@pytest.fixture
def olga(world) -> User:
    """The operator of the installation; no member of any workspace."""
    return User.objects.create_superuser("olga@example.com", PASSWORD, name="Olga Operator")


@pytest.fixture
def as_olga(client, olga):
    client.force_login(olga)
    return client


def page(model: str, row=None, name: str = "change") -> str:
    if row is None:
        return reverse(f"admin:workspaces_{model}_changelist")
    return reverse(f"admin:workspaces_{model}_{name}", args=[row.pk])


def act(client, model: str, action: str, row):
    return client.post(page(model), {"action": action, "_selected_action": [str(row.pk)]}, follow=True)


def test_every_list_and_every_row_can_be_opened_and_shows_no_digest(world, as_olga):
    _, token = inviting.invite(actor=world.ana, email="nora@example.com", role=Role.AGENT)
    _, secret = api_keys.create_api_key(actor=world.ana, name="k", role=Role.AGENT)
    hidden = [token, signing.digest(token), secret, signing.digest(secret), world.ana.user.password]
    rows = {
        "user": world.ana.user,
        "workspace": world.acme,
        "member": world.ana,
        "invitation": Invitation.objects.get(),
        "apikey": ApiKey.objects.get(name="k"),
        "auditentry": AuditEntry.objects.first(),
    }
    for model in SHOWN:
        for path in (page(model), page(model, rows[model])):
            response = as_olga.get(path)
            assert response.status_code == 200, path
            assert not [text for text in hidden if text in response.content.decode()], path


@pytest.mark.parametrize("model", ["workspace", "member", "invitation", "apikey", "auditentry"])
def test_nothing_is_added_or_deleted_by_hand(world, as_olga, model):
    assert as_olga.get(reverse(f"admin:workspaces_{model}_add")).status_code == 403
    row = {"workspace": world.acme, "member": world.ana}.get(model) or _any(world, model)
    assert as_olga.post(page(model, row, "delete"), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in as_olga.get(page(model)).content.decode()


@pytest.mark.parametrize("model", ["member", "invitation", "apikey", "auditentry"])
def test_rows_are_read_only(world, as_olga, model):
    row = {"member": world.ben}.get(model) or _any(world, model)
    before = type(row).objects.filter(pk=row.pk).values().get()
    response = as_olga.post(page(model, row), {"role": "owner", "actor_name": "nobody", "name": "x"})
    assert response.status_code == 403
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def _any(world, model: str):
    if model == "invitation":
        return inviting.invite(actor=world.ana, email="nora@example.com", role=Role.AGENT)[0]
    key = api_keys.create_api_key(actor=world.ana, name="k", role=Role.AGENT)[0]
    return key if model == "apikey" else AuditEntry.objects.get()


def test_roles_are_changed_by_actions_through_the_services(world, as_olga):
    act(as_olga, "member", "make_admin", world.ben)
    world.ben.refresh_from_db()
    assert world.ben.role == Role.ADMIN
    entry = AuditEntry.objects.get(deed="member.role_changed")
    assert (entry.workspace, entry.actor_name) == (world.acme, "Olga Operator (admin site)")


@pytest.mark.parametrize("action", ["make_admin", "make_agent", "make_viewer", "remove"])
def test_the_last_owner_is_safe_from_the_admin_site_too(world, as_olga, action):
    response = act(as_olga, "member", action, world.ana)
    assert "A workspace needs an owner" in response.content.decode()
    world.ana.refresh_from_db()
    assert (world.ana.role, world.ana.removed_at) == (Role.OWNER, None)


def test_actions_make_owners_agents_and_viewers_and_remove(world, as_olga):
    for action, role in (("make_owner", Role.OWNER), ("make_agent", Role.AGENT), ("make_viewer", Role.VIEWER)):
        act(as_olga, "member", action, world.ben)
        world.ben.refresh_from_db()
        assert world.ben.role == role
    act(as_olga, "member", "remove", world.ben)
    world.ben.refresh_from_db()
    assert world.ben.removed_at is not None


def test_keys_and_invitations_are_revoked_by_actions(world, as_olga):
    invitation, _ = inviting.invite(actor=world.ana, email="nora@example.com", role=Role.AGENT)
    key, _ = api_keys.create_api_key(actor=world.ana, name="k", role=Role.OWNER)
    act(as_olga, "invitation", "revoke", invitation)
    act(as_olga, "apikey", "revoke", key)
    invitation.refresh_from_db()
    key.refresh_from_db()
    assert invitation.revoked_at
    assert key.revoked_at
    assert set(AuditEntry.objects.values_list("deed", flat=True)) >= {"member.invitation_revoked", "api_key.revoked"}


def test_a_workspace_is_renamed_and_that_is_written_down(world, as_olga):
    as_olga.post(page("workspace", world.acme), {"name": "Acme & Co", "slug": "other", **_inline("members")})
    world.acme.refresh_from_db()
    assert (world.acme.name, world.acme.slug) == ("Acme & Co", "acme")
    assert AuditEntry.objects.get(deed="workspace.renamed").details == {"old": "Acme", "new": "Acme & Co"}
    response = as_olga.post(page("workspace", world.acme), {"name": "a\x01b", **_inline("members")})
    assert "A name has 1 to 80 characters" in response.content.decode()


def _inline(prefix: str) -> dict[str, str]:
    return {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}


def test_an_account_is_made_and_switched_off_but_not_deleted(world, as_olga):
    new = {"email": "Nora@Example.com", "name": "Nora", "usable_password": "true"}
    as_olga.post(reverse("admin:workspaces_user_add"), {**new, "password1": PASSWORD, "password2": PASSWORD})
    nora = User.objects.get(email="nora@example.com")
    assert nora.check_password(PASSWORD)
    as_olga.post(page("user", nora), {"email": nora.email, "name": "Nora"})
    nora.refresh_from_db()
    assert not nora.is_active
    assert as_olga.post(page("user", nora, "delete"), {"post": "yes"}).status_code == 403


def test_a_member_of_staff_without_all_powers_takes_none(world, client):
    clerk = make_member(world.acme, "Cleo Clerk", Role.VIEWER).user
    clerk.is_staff = True
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    boss = User.objects.create_superuser("boss@example.com", PASSWORD, name="Boss")
    client.force_login(clerk)
    client.post(page("user", clerk), {"email": clerk.email, "name": "Cleo", "is_active": "on", "is_superuser": "on"})
    clerk.refresh_from_db()
    assert (clerk.name, clerk.is_superuser) == ("Cleo", False)
    assert client.post(page("user", boss), {"email": "x@example.com", "name": "x"}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403


@pytest.mark.parametrize("who", ["ana", "zoe"])
def test_owners_of_workspaces_do_not_enter_the_admin_site(world, client, who):
    client.force_login(getattr(world, who).user)
    response = client.get(reverse("admin:index"), follow=True)
    assert response.status_code == 403


def test_strangers_sign_in_at_the_one_door_that_counts_wrong_tries(world, client):
    response = client.get(reverse("admin:index"), follow=True)
    path, _ = response.redirect_chain[-1]
    assert path.startswith(reverse("workspaces:sign-in"))
    assert "next=/admin/" in path
    refused = client.post(reverse("admin:login"), {"username": "olga@example.com", "password": PASSWORD})
    assert refused.status_code == 302


def test_every_model_of_the_app_that_people_need_is_registered():
    assert {Member, Team, Invitation, ApiKey, AuditEntry, User} <= set(admin.site._registry)
