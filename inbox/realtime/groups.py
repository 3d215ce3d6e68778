"""Names of the channel layer's groups, and who of this process is in them, reading which language."""

import threading
import uuid
from collections import Counter, defaultdict

from django.conf import settings


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
        self._languages: dict[str, Counter[str]] = defaultdict(Counter)

    def join(self, group: str, member_id: uuid.UUID, language: str = settings.LANGUAGE_CODE) -> None:
        with self._lock:
            self._members[group][member_id] += 1
            self._languages[group][language] += 1

    def leave(self, group: str, member_id: uuid.UUID, language: str = settings.LANGUAGE_CODE) -> None:
        with self._lock:
            for counted, one in ((self._members, member_id), (self._languages, language)):
                counted[group][one] -= 1
                if counted[group][one] <= 0:
                    del counted[group][one]
                if not counted[group]:
                    del counted[group]

    def members_of(self, group: str) -> set[uuid.UUID]:
        with self._lock:
            return set(self._members.get(group, ()))

    def languages_of(self, group: str) -> set[str]:
        with self._lock:
            return set(self._languages.get(group, ()))

    def groups(self) -> list[str]:
        with self._lock:
            return list(self._members)


watchers = Watchers()
