"""Labels of a workspace, and those on chats."""

import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet

from inbox.models import ChatLabel, Label
from workspaces.access import Actor
from workspaces.roles import Permission


def labels_of(actor: Actor) -> QuerySet[Label]:
    """By name."""
    if not actor.may(Permission.SEE_CHATS):
        return Label.objects.none()
    return Label.objects.filter(workspace_id=actor.workspace_id).order_by("name", "id")


def labels_on(chat_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Label]]:
    """{chat id: its labels by name}. One query."""
    found: dict[uuid.UUID, list[Label]] = defaultdict(list)
    if chat_ids:
        tied = ChatLabel.objects.filter(chat__in=chat_ids).select_related("label").order_by("label__name", "id")
        for one in tied:
            found[one.chat_id].append(one.label)
    return found
