"""Invitations by link. The link holds a token that is shown once; only its digest is stored."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction

from kernel import clock, signing
from workspaces.access import Actor, author_of, require
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
from workspaces.models import Invitation, Member, User
from workspaces.roles import Permission, Role, within
from workspaces.services.auditing import record
from workspaces.services.people import clean_email, new_user

VALID_FOR = timedelta(days=7)


def invite(*, actor: Actor, email: str, role: str) -> tuple[Invitation, str]:
    """An invitation and the token for its link, which cannot be read again. An older one for the address ends.

    Raises Forbidden (RoleTooHigh when either is above the actor's own role), Invalid for the address, or AlreadyMember.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    email, role = clean_email(email), Role(role)
    if not within(role, actor.role):
        raise RoleTooHigh
    token = signing.new_secret()
    with transaction.atomic():
        if Member.objects.filter(workspace_id=actor.workspace_id, user__email=email, removed_at__isnull=True).exists():
            raise AlreadyMember
        older = _open_invitations(actor).select_for_update(no_key=True).filter(email=email)
        if any(not within(invitation.role, actor.role) for invitation in older):
            raise RoleTooHigh
        older.update(revoked_at=clock.now())
        invitation = Invitation.objects.create(
            workspace_id=actor.workspace_id,
            email=email,
            role=role,
            token_digest=signing.digest(token),
            invited_by=author_of(actor),
            expires_at=clock.now() + VALID_FOR,
        )
        record(actor=actor, deed="member.invited", target=invitation, details={"email": email, "role": role})
    return invitation, token


def revoke(*, actor: Actor, invitation_id: uuid.UUID) -> None:
    """Raises Forbidden, or NoSuchInvitation when there is none that could still be used."""
    require(actor, Permission.MANAGE_MEMBERS)
    with transaction.atomic():
        invitation = _open_invitations(actor).select_for_update(no_key=True).filter(pk=invitation_id).first()
        if invitation is None:
            raise NoSuchInvitation
        if not within(invitation.role, actor.role):
            raise RoleTooHigh
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        record(actor=actor, deed="member.invitation_revoked", target=invitation, details={"email": invitation.email})


def invitation_for(token: str) -> Invitation:
    """The invitation that a link is about. Raises NoSuchInvitation, InvitationExpired, -Used or -Revoked."""
    return _usable(Invitation.objects.select_related("workspace", "invited_by__user"), token)


def accept(*, token: str, user: User | None = None, name: str = "", password: str = "") -> Member:
    """Become a member. `user` is who is signed in, or None; then an account is made with `name` and `password`.

    Holding a link proves nothing about an account that exists: its person must be signed in (SignInFirst), and a link
    for one address is not for another (InvitedSomebodyElse). Raises also what `invitation_for` raises, AlreadyMember,
    and Invalid.
    """
    with transaction.atomic():
        invitation = _usable(Invitation.objects.select_for_update(of=("self",)).select_related("workspace"), token)
        if user is None:
            user = _new_person(invitation, name, password)
        elif user.email != invitation.email:
            raise InvitedSomebodyElse
        member = _join(invitation, user)
        invitation.accepted_at = clock.now()
        invitation.save(update_fields=["accepted_at"])
        record(
            actor=member, deed="member.joined", target=member, details={"email": user.email, "role": invitation.role}
        )
    return member


def _usable(invitations, token: str) -> Invitation:
    invitation = invitations.filter(token_digest=signing.digest(token)).first()
    if invitation is None:
        raise NoSuchInvitation
    if invitation.accepted_at is not None:
        raise InvitationUsed
    if invitation.revoked_at is not None:
        raise InvitationRevoked
    if invitation.expires_at <= clock.now():
        raise InvitationExpired
    return invitation


def _open_invitations(actor: Actor):
    return Invitation.objects.filter(workspace_id=actor.workspace_id, accepted_at__isnull=True, revoked_at__isnull=True)


def _new_person(invitation: Invitation, name: str, password: str) -> User:
    if User.objects.filter(email=invitation.email).exists():
        raise SignInFirst
    try:
        with transaction.atomic():
            return new_user(email=invitation.email, name=name, password=password)
    except IntegrityError:  # the same person accepts two invitations at the same time
        raise SignInFirst from None


def _join(invitation: Invitation, user: User) -> Member:
    """A new membership, or an ended one taken up again: what the person wrote before stays theirs."""
    member, new = Member.objects.select_for_update(of=("self",)).get_or_create(
        workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
    )
    if new:
        return member
    if member.removed_at is None:
        raise AlreadyMember
    member.role, member.removed_at, member.joined_at = invitation.role, None, clock.now()
    member.save(update_fields=["role", "removed_at", "joined_at"])
    return member
