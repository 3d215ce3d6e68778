"""Founding a workspace."""

import io

import pytest
from django.core.management import CommandError, call_command

from kernel.errors import Invalid
from tests.support.world import PASSWORD
from workspaces.errors import SlugTaken
from workspaces.models import AuditEntry, Member, User, Workspace
from workspaces.roles import Role
from workspaces.services.founding import create_workspace

pytestmark = pytest.mark.django_db


def found(**changes):
    given = {
        "name": "Nova",
        "slug": "nova",
        "owner_email": "Nora@Example.com",
        "owner_name": "Nora Founder",
        "password": PASSWORD,
    }
    return create_workspace(**{**given, **changes})


def test_a_new_person_founds_a_workspace_and_owns_it():
    workspace = found()
    owner = Member.objects.get(workspace=workspace)
    assert (owner.role, owner.user.email, owner.user.name) == (Role.OWNER, "nora@example.com", "Nora Founder")
    assert owner.user.check_password(PASSWORD)
    assert not owner.user.is_staff
    assert AuditEntry.objects.get(workspace=workspace).deed == "workspace.created"


def test_ana_founds_a_second_workspace_with_the_account_that_she_has(world):
    workspace = found(owner_email="ANA@example.com", password="")
    assert Member.objects.get(workspace=workspace).user == world.ana.user
    world.ana.user.refresh_from_db()
    assert world.ana.user.check_password(PASSWORD)


def test_a_short_name_that_is_taken_is_refused_and_leaves_nothing(world):
    with pytest.raises(SlugTaken):
        found(slug="acme")
    assert not User.objects.filter(email="nora@example.com").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "No va"}, "slug"),
        ({"slug": "-nova"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": "n" * 61}, "slug"),
        ({"name": " "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"name": "No\0va"}, "name"),
        ({"owner_email": "nora"}, "owner_email"),
        ({"owner_email": "no\0ra@example.com"}, "owner_email"),
        ({"password": "short"}, "password"),
        ({"password": "nora@example.com"}, "password"),
        ({"owner_name": ""}, "name"),
    ],
)
def test_what_cannot_be_used_is_named(change, field):
    with pytest.raises(Invalid) as refusal:
        found(**change)
    assert list(refusal.value.fields) == [field]
    assert not Workspace.objects.exists()
    assert not User.objects.exists()


def test_the_command_founds_a_workspace(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    said = io.StringIO()
    call_command(
        "create_workspace", "Nova", slug="nova", owner_email="nora@example.com", password_stdin=True, stdout=said
    )
    assert "/w/nova/inbox/" in said.getvalue()
    assert PASSWORD not in said.getvalue()
    assert User.objects.get().check_password(PASSWORD)
    assert not User.objects.get().is_superuser


def test_the_command_gives_the_admin_site_to_an_owner_when_asked(world):
    call_command(
        "create_workspace", "Nova", slug="nova", owner_email="ben@example.com", admin_site=True, stdout=io.StringIO()
    )
    world.ben.user.refresh_from_db()
    assert world.ben.user.is_superuser


def test_the_command_explains_a_refusal_in_one_sentence(world):
    with pytest.raises(CommandError, match="Another workspace has this short name"):
        call_command("create_workspace", "Nova", slug="acme", owner_email="ben@example.com", stdout=io.StringIO())
