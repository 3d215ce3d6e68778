"""Invitations by link."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from kernel import clock, signing
from kernel.errors import Forbidden, Invalid
from tests.support.world import PASSWORD, make_world
from workspaces.errors import (
    AlreadyMember,
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    InvitedSomebodyElse,
    NoSuchInvitation,
    RoleTooHigh,
    SignInFirst,
)
from workspaces.models import AuditEntry, Invitation, Member, User
from workspaces.roles import Role
from workspaces.services import inviting, membership

NEW = {"name": "Nora New", "password": PASSWORD}


def move_clock(monkeypatch, **by) -> None:
    at = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: at)


@pytest.fixture
def token(world) -> str:
    return inviting.invite(actor=world.ana, email="Nora@Example.com ", role=Role.AGENT)[1]


def test_nora_opens_her_link_and_becomes_an_agent(world, token):
    member = inviting.accept(token=token, **NEW)
    assert (member.workspace, member.role, member.user.email) == (world.acme, Role.AGENT, "nora@example.com")
    assert member.user.check_password(PASSWORD)
    deeds = AuditEntry.objects.filter(workspace=world.acme).order_by("id").values_list("deed", flat=True)
    assert list(deeds) == ["member.invited", "member.joined"]


def test_the_token_is_kept_as_a_digest_only(world, token):
    invitation = Invitation.objects.get()
    assert invitation.token_digest == signing.digest(token)
    assert token not in str(vars(invitation))
    assert token not in str(list(AuditEntry.objects.values()))


def test_zoe_joins_with_the_account_that_she_has(world):
    _, token = inviting.invite(actor=world.ana, email="zoe@example.com", role=Role.VIEWER)
    member = inviting.accept(token=token, user=world.zoe.user)
    assert (member.workspace, member.user) == (world.acme, world.zoe.user)
    world.zoe.user.refresh_from_db()
    assert world.zoe.user.check_password(PASSWORD)


def test_a_link_does_not_open_an_account_that_exists(world):
    _, token = inviting.invite(actor=world.ana, email="zoe@example.com", role=Role.VIEWER)
    with pytest.raises(SignInFirst):
        inviting.accept(token=token, name="Mallory", password="another-long-password")
    world.zoe.user.refresh_from_db()
    assert world.zoe.user.check_password(PASSWORD)


def test_a_link_for_nora_does_not_let_zoe_in(world, token):
    with pytest.raises(InvitedSomebodyElse):
        inviting.accept(token=token, user=world.zoe.user)
    assert not Member.objects.filter(workspace=world.acme, user=world.zoe.user).exists()


def test_a_link_works_once(token):
    inviting.accept(token=token, **NEW)
    with pytest.raises(InvitationUsed):
        inviting.accept(token=token, **NEW)
    with pytest.raises(InvitationUsed):
        inviting.invitation_for(token)


def test_a_link_works_for_seven_days(monkeypatch, token):
    move_clock(monkeypatch, days=7, seconds=-10)
    assert inviting.invitation_for(token).email == "nora@example.com"
    move_clock(monkeypatch, seconds=20)
    with pytest.raises(InvitationExpired):
        inviting.invitation_for(token)
    with pytest.raises(InvitationExpired):
        inviting.accept(token=token, **NEW)
    assert not User.objects.filter(email="nora@example.com").exists()


def test_a_revoked_link_says_so(world, token):
    inviting.revoke(actor=world.adam, invitation_id=Invitation.objects.get().pk)
    with pytest.raises(InvitationRevoked):
        inviting.accept(token=token, **NEW)
    assert AuditEntry.objects.order_by("-id").first().deed == "member.invitation_revoked"


def test_inviting_again_ends_the_older_link(world, token):
    _, newer = inviting.invite(actor=world.ana, email="nora@example.com", role=Role.VIEWER)
    with pytest.raises(InvitationRevoked):
        inviting.invitation_for(token)
    assert inviting.accept(token=newer, **NEW).role == Role.VIEWER


@pytest.mark.parametrize("token", ["", "guess", "x" * 5000, "é"])
def test_a_link_that_nobody_made_is_unknown(world, token):
    with pytest.raises(NoSuchInvitation):
        inviting.accept(token=token, **NEW)


@pytest.mark.parametrize("password", ["", "short", "password123", "nora@example.com"])
def test_a_weak_password_is_refused_and_the_link_still_works(token, password):
    with pytest.raises(Invalid) as refusal:
        inviting.accept(token=token, name="Nora", password=password)
    assert "password" in refusal.value.fields
    assert inviting.invitation_for(token)


def test_a_member_is_not_invited_again(world):
    with pytest.raises(AlreadyMember):
        inviting.invite(actor=world.ana, email="BEN@example.com", role=Role.VIEWER)


def test_who_left_comes_back_under_the_same_name(world):
    membership.remove(actor=world.ana, member_id=world.ben.pk)
    _, token = inviting.invite(actor=world.ana, email="ben@example.com", role=Role.VIEWER)
    member = inviting.accept(token=token, user=world.ben.user)
    assert (member.pk, member.role, member.removed_at) == (world.ben.pk, Role.VIEWER, None)


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
def test_who_may_invite_as_what(world, who, role, refusal):
    if refusal is None:
        inviting.invite(actor=getattr(world, who), email="nora@example.com", role=role)
    else:
        with pytest.raises(refusal):
            inviting.invite(actor=getattr(world, who), email="nora@example.com", role=role)
    assert Invitation.objects.exists() is (refusal is None)


def test_an_admin_does_not_end_the_invitation_of_an_owner(world):
    invitation, token = inviting.invite(actor=world.ana, email="nora@example.com", role=Role.OWNER)
    with pytest.raises(RoleTooHigh):
        inviting.revoke(actor=world.adam, invitation_id=invitation.pk)
    with pytest.raises(RoleTooHigh):
        inviting.invite(actor=world.adam, email="nora@example.com", role=Role.VIEWER)
    assert inviting.accept(token=token, **NEW).role == Role.OWNER


@pytest.mark.parametrize("email", ["", "nora", "no ra@example.com", "no\0ra@example.com", "n" * 300 + "@example.com"])
def test_an_address_that_is_none_is_refused(world, email):
    with pytest.raises(Invalid):
        inviting.invite(actor=world.ana, email=email, role=Role.AGENT)


def test_zoe_cannot_revoke_an_invitation_of_acme(world, token):
    with pytest.raises(NoSuchInvitation):
        inviting.revoke(actor=world.zoe, invitation_id=Invitation.objects.get().pk)
    assert inviting.invitation_for(token)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_accepting_the_same_link_make_one_member():
    world = make_world()
    _, token = inviting.invite(actor=world.ana, email="nora@example.com", role=Role.AGENT)
    gate, ends = threading.Barrier(2), []

    def accept() -> None:
        gate.wait(timeout=10)
        try:
            inviting.accept(token=token, **NEW)
            ends.append("joined")
        except InvitationUsed:
            ends.append("used")
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(ends) == ["joined", "used"]
    assert User.objects.filter(email="nora@example.com").count() == 1
