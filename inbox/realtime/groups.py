"""Names of the channel layer's groups, and who of this process is in them."""

import threading
import uuid
from collections import Counter, defaultdict


def workspace_group(workspace_id: uuid.UUID) -> str:
    """Everybody who has the inbox of this workspace open."""
    return f"workspace.{workspace_id.hex}"


def channel_group(channel_id: uuid.UUID) -> str:
    """Those of them who see a channel that is kept for teams; what all see of a channel goes to the workspace."""
    return f"channel.{channel_id.hex}"


def chat_group(chat_id: uuid.UUID) -> str:
    """Everybody who has this chat open."""
    return f"chat.{chat_id.hex}"


def member_group(member_id: uuid.UUID) -> str:
    """The sockets of one member, to close them."""
    return f"member.{member_id.hex}"


class Watchers:
    """Which groups have a socket in this process, and whose: what nobody watches is not rendered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._members: dict[str, Counter[uuid.UUID]] = defaultdict(Counter)

    def join(self, group: str, member_id: uuid.UUID) -> None:
        with self._lock:
            self._members[group][member_id] += 1

    def leave(self, group: str, member_id: uuid.UUID) -> None:
        with self._lock:
            members = self._members[group]
            members[member_id] -= 1
            if members[member_id] <= 0:
                del members[member_id]
            if not members:
                del self._members[group]

    def members_of(self, group: str) -> set[uuid.UUID]:
        with self._lock:
            return set(self._members.get(group, ()))

    def groups(self) -> list[str]:
        with self._lock:
            return list(self._members)


watchers = Watchers()
