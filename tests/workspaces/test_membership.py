"""Roles of members, and their leaving."""

import threading

import pytest
from django.db import connection

from kernel import events
from kernel.errors import Forbidden
from kernel.events import Moment, subscribe
from tests.support.world import make_member, make_world
from workspaces.access import member_for
from workspaces.errors import LastOwner, NoSuchMember, RoleTooHigh
from workspaces.events import MemberRemoved, RoleChanged
from workspaces.models import AuditEntry, Invitation, Member
from workspaces.roles import Role
from workspaces.services import inviting, membership


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(events, "_subscribers", type(events._subscribers)(list))
    facts = []
    subscribe(MemberRemoved, facts.append, Moment.SAME_TRANSACTION)
    subscribe(RoleChanged, facts.append, Moment.SAME_TRANSACTION)
    return facts


@pytest.mark.parametrize(
    ("who", "whom", "role", "refusal"),
    [
        ("ana", "ben", Role.OWNER, None),
        ("ana", "adam", Role.VIEWER, None),
        ("adam", "ben", Role.ADMIN, None),
        ("adam", "vic", Role.AGENT, None),
        ("adam", "ben", Role.OWNER, RoleTooHigh),
        ("adam", "ana", Role.VIEWER, RoleTooHigh),
        ("ben", "vic", Role.AGENT, Forbidden),
        ("ben", "ben", Role.ADMIN, Forbidden),
        ("vic", "ben", Role.VIEWER, Forbidden),
        ("ana", "ana", Role.ADMIN, LastOwner),
        ("ana", "zoe", Role.VIEWER, NoSuchMember),
        ("zoe", "ben", Role.ADMIN, NoSuchMember),
    ],
)
def test_who_may_give_which_role_to_whom(world, who, whom, role, refusal):
    member = getattr(world, whom)
    before = member.role
    if refusal is None:
        membership.change_role(actor=getattr(world, who), member_id=member.pk, role=role)
    else:
        with pytest.raises(refusal):
            membership.change_role(actor=getattr(world, who), member_id=member.pk, role=role)
    member.refresh_from_db()
    assert member.role == (role if refusal is None else before)


@pytest.mark.parametrize(
    ("who", "whom", "refusal"),
    [
        ("ana", "adam", None),
        ("adam", "ben", None),
        ("ben", "ben", None),
        ("vic", "vic", None),
        ("adam", "ana", RoleTooHigh),
        ("ben", "vic", Forbidden),
        ("vic", "ana", Forbidden),
        ("ana", "ana", LastOwner),
        ("zoe", "ben", NoSuchMember),
    ],
)
def test_who_may_take_out_whom(world, who, whom, refusal):
    member = getattr(world, whom)
    if refusal is None:
        membership.remove(actor=getattr(world, who), member_id=member.pk)
    else:
        with pytest.raises(refusal):
            membership.remove(actor=getattr(world, who), member_id=member.pk)
    member.refresh_from_db()
    assert (member.removed_at is None) is (refusal is not None)


def test_the_upstairs_and_the_audit_log_hear_of_a_new_role(world, heard):
    membership.change_role(actor=world.ana, member_id=world.ben.pk, role=Role.VIEWER)
    assert heard == [
        RoleChanged(
            member_id=world.ben.pk, workspace_id=world.acme.pk, user_id=world.ben.user_id, old="agent", new="viewer"
        )
    ]
    entry = AuditEntry.objects.get(deed="member.role_changed")
    assert (entry.user, entry.target_id) == (world.ana.user, world.ben.pk)
    assert entry.details == {"name": "Ben Demo", "old": "agent", "new": "viewer"}


def test_the_same_role_again_is_no_news(world, heard):
    membership.change_role(actor=world.ana, member_id=world.ben.pk, role=Role.AGENT)
    assert heard == []
    assert not AuditEntry.objects.exists()


def test_who_is_taken_out_stays_named_but_cannot_enter(world, heard):
    membership.remove(actor=world.ana, member_id=world.ben.pk)
    assert heard == [MemberRemoved(member_id=world.ben.pk, workspace_id=world.acme.pk, user_id=world.ben.user_id)]
    assert AuditEntry.objects.get().deed == "member.removed"
    assert Member.objects.filter(pk=world.ben.pk).exists()
    with pytest.raises(Exception, match="not yours to see"):
        member_for(world.ben.user, "acme")


def test_open_invitations_of_who_is_taken_out_end(world):
    inviting.invite(actor=world.adam, email="friend@example.com", role=Role.ADMIN)
    membership.remove(actor=world.ana, member_id=world.adam.pk)
    assert Invitation.objects.get().revoked_at is not None


def test_an_owner_may_go_when_another_one_stays(world):
    membership.change_role(actor=world.ana, member_id=world.adam.pk, role=Role.OWNER)
    membership.remove(actor=world.ana, member_id=world.ana.pk)
    world.adam.refresh_from_db()
    with pytest.raises(LastOwner):
        membership.remove(actor=world.adam, member_id=world.adam.pk)


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_take_out_each_other_at_the_same_time():
    world = make_world()
    otto = make_member(world.acme, "Otto Owner", Role.OWNER)
    gate, ends = threading.Barrier(2), []

    def remove(actor: Member, other: Member) -> None:
        gate.wait(timeout=10)
        try:
            membership.remove(actor=actor, member_id=other.pk)
            ends.append("removed")
        except LastOwner:
            ends.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in [(world.ana, otto), (otto, world.ana)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(ends) == ["refused", "removed"]
    assert Member.objects.filter(workspace=world.acme, role=Role.OWNER, removed_at__isnull=True).count() == 1
