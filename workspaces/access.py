"""Who stands at the door: a member, or an API key. The only way from a request to a workspace."""

import re
import uuid
from dataclasses import dataclass
from typing import Protocol

from kernel.errors import Forbidden, NotFound
from workspaces.models import ApiKey, Member, User, Workspace
from workspaces.roles import Permission, Role, allows

_SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)


class Actor(Protocol):
    """A Member, an ApiKey or an Operator: each acts in one workspace and may do what its role allows."""

    workspace: Workspace
    workspace_id: uuid.UUID
    role: str

    def may(self, permission: Permission) -> bool: ...


@dataclass(frozen=True)
class Operator:
    """A person of Django admin, acting in one workspace; Django's own permissions have let them in already."""

    user: User
    workspace: Workspace
    role: str = Role.OWNER

    @property
    def workspace_id(self) -> uuid.UUID:
        return self.workspace.pk

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)


@dataclass(frozen=True)
class Automaton:
    """Waybill itself, doing what a rule of the workspace says; it may what an agent may, and sees every channel."""

    workspace: Workspace
    name: str

    role = "automaton"

    @property
    def workspace_id(self) -> uuid.UUID:
        return self.workspace.pk

    def may(self, permission: Permission) -> bool:
        return permission == Permission.SEE_EVERY_CHANNEL or allows(Role.AGENT, permission)


def member_for(user: User, slug: str) -> Member:
    """The living membership of `user` in the workspace `slug`. Raises NotFound."""
    if not _SLUG.fullmatch(slug):  # what PostgreSQL could not even compare, e.g. with a NUL in it
        raise NotFound
    member = (
        Member.objects.select_related("workspace", "user")
        .filter(user=user, workspace__slug=slug, removed_at__isnull=True, user__is_active=True)
        .first()
    )
    if member is None:
        raise NotFound
    return member


def require(actor: Actor, permission: Permission) -> None:
    """Raises Forbidden unless the actor's role allows it."""
    if not actor.may(permission):
        raise Forbidden(f"Your role ({actor.role}) does not allow this: {permission}. Ask an admin of the workspace.")


def author_of(actor: Actor) -> Member | None:
    """The member who acts, or None for an API key."""
    return actor if isinstance(actor, Member) else None


def name_of(actor: Actor | None) -> str:
    match actor:
        case Member():
            return actor.user.name
        case ApiKey():
            return f"API key {actor.name}"
        case Operator():
            return f"{actor.user.name} (admin site)"
        case Automaton():
            return actor.name
    return "Waybill"
