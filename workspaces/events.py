"""Facts about people in workspaces."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class MemberRemoved:
    """The person may see nothing of the workspace any more: open sockets are to be closed."""

    member_id: uuid.UUID
    workspace_id: uuid.UUID
    user_id: uuid.UUID


@dataclass(frozen=True)
class RoleChanged:
    member_id: uuid.UUID
    workspace_id: uuid.UUID
    user_id: uuid.UUID
    old: str
    new: str


@dataclass(frozen=True)
class TeamChanged:
    """Somebody sees other channels than before: open sockets are to look again."""

    workspace_id: uuid.UUID
    team_id: uuid.UUID


@dataclass(frozen=True)
class AvailabilityChanged:
    """A member takes new chats again, or no more."""

    workspace_id: uuid.UUID
    member_id: uuid.UUID
    available: bool
