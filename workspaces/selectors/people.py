"""Who is in which workspace."""

from django.db.models import QuerySet

from kernel import clock
from workspaces.models import Invitation, Member, User, Workspace
from workspaces.roles import Role


def memberships_of(user: User) -> QuerySet[Member]:
    """The living memberships of a person, by name of the workspace."""
    return (
        Member.objects.select_related("workspace")
        .filter(user=user, removed_at__isnull=True)
        .order_by("workspace__name", "id")
    )


def members_of(workspace: Workspace) -> QuerySet[Member]:
    """The living members, by name."""
    return (
        Member.objects.select_related("user", "workspace")
        .filter(workspace=workspace, removed_at__isnull=True)
        .order_by("user__name", "id")
    )


def any_teammate(member: Member) -> bool:
    """Whether anybody else is in the workspace."""
    return members_of(member.workspace).exclude(pk=member.pk).exists()


def helpers_of(workspace: Workspace) -> list[str]:
    """The names of those who can change what a role does not allow: the owners, then the admins; three at most."""
    leaders = members_of(workspace).filter(role__in=[Role.OWNER, Role.ADMIN]).order_by("-role", "joined_at")
    return [member.user.name for member in leaders[:3]]


def open_invitations_of(workspace: Workspace) -> QuerySet[Invitation]:
    """Invitations that can still be accepted, newest first."""
    return Invitation.objects.filter(
        workspace=workspace, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=clock.now()
    ).order_by("-id")


def any_workspace() -> bool:
    """False on a fresh installation."""
    return Workspace.objects.exists()


def has_account(email: str) -> bool:
    return User.objects.filter(email=email).exists()
