"""Roles of members, and their leaving."""

import uuid

from django.db import transaction

from kernel import clock
from kernel.events import publish
from workspaces.access import Actor, require
from workspaces.errors import LastOwner, NoSuchMember, RoleTooHigh
from workspaces.events import MemberRemoved, RoleChanged
from workspaces.models import Invitation, Member, Workspace
from workspaces.roles import Permission, Role, within
from workspaces.services.auditing import record


def change_role(*, actor: Actor, member_id: uuid.UUID, role: str) -> Member:
    """Raises Forbidden (RoleTooHigh above the actor's own role), NoSuchMember, or LastOwner."""
    require(actor, Permission.MANAGE_MEMBERS)
    role = Role(role)
    with transaction.atomic():
        member = _member_to_manage(actor, member_id)
        old = member.role
        if old == role:
            return member
        if not within(role, actor.role):
            raise RoleTooHigh
        _keep_an_owner(member)
        member.role = role
        member.save(update_fields=["role"])
        record(
            actor=actor,
            deed="member.role_changed",
            target=member,
            details={"name": member.user.name, "old": old, "new": role},
        )
        publish(
            RoleChanged(
                member_id=member.pk, workspace_id=member.workspace_id, user_id=member.user_id, old=old, new=role
            )
        )
    return member


def remove(*, actor: Actor, member_id: uuid.UUID) -> None:
    """Take a member out; everybody may take out themself. Invitations that the member made and nobody used end too.

    Raises Forbidden, NoSuchMember, or LastOwner.
    """
    if getattr(actor, "pk", None) != member_id:
        require(actor, Permission.MANAGE_MEMBERS)
    with transaction.atomic():
        member = _member_to_manage(actor, member_id)
        _keep_an_owner(member)
        member.removed_at = clock.now()
        member.save(update_fields=["removed_at"])
        Invitation.objects.filter(invited_by=member, accepted_at__isnull=True, revoked_at__isnull=True).update(
            revoked_at=clock.now()
        )
        record(
            actor=actor,
            deed="member.removed",
            target=member,
            details={"name": member.user.name, "role": member.role},
        )
        publish(MemberRemoved(member_id=member.pk, workspace_id=member.workspace_id, user_id=member.user_id))


def _member_to_manage(actor: Actor, member_id: uuid.UUID) -> Member:
    """The living member. The workspace is locked, so that two owners cannot take out each other at the same time."""
    Workspace.objects.select_for_update(no_key=True).get(pk=actor.workspace_id)
    member = (
        Member.objects.select_related("user")
        .filter(workspace_id=actor.workspace_id, pk=member_id, removed_at__isnull=True)
        .first()
    )
    if member is None:
        raise NoSuchMember
    if not within(member.role, actor.role):
        raise RoleTooHigh
    return member


def _keep_an_owner(member: Member) -> None:
    others = Member.objects.filter(workspace_id=member.workspace_id, role=Role.OWNER, removed_at__isnull=True)
    if member.role == Role.OWNER and not others.exclude(pk=member.pk).exists():
        raise LastOwner
