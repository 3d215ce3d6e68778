"""What becomes of the chats when another number takes their channel over."""

import uuid

from inbox.events import ChatChanged
from inbox.models import Chat
from inbox.services.ingesting.chats import ARCHIVED
from kernel.events import publish


def archive_chats_of(*, channel_id: uuid.UUID, workspace_id: uuid.UUID) -> int:
    """Nobody writes there any more, until the customer writes to the present number. Returns how many chats.

    Inside the transaction of the decision.
    """
    chats = Chat.objects.filter(channel_id=channel_id, workspace_id=workspace_id).exclude(read_only_reason=ARCHIVED)
    chat_ids = list(chats.order_by("id").values_list("pk", flat=True))
    Chat.objects.filter(pk__in=chat_ids).update(read_only=True, read_only_reason=ARCHIVED)
    publish(*(ChatChanged(workspace_id, channel_id, chat_id) for chat_id in chat_ids))
    return len(chat_ids)
