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
