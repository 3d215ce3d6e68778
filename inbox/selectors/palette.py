"""Chats by their names and numbers, for whoever knows where they want to go."""

from inbox.models import Chat
from inbox.selectors.chat_list import ChatRow, chat_rows
from inbox.selectors.search import chat_ids_matching
from workspaces.access import Actor


def chats_named(actor: Actor, q: str, *, limit: int) -> list[ChatRow]:
    """Newest activity first; with no words, the chats that moved last."""
    chats = Chat.objects.visible_to(actor).select_related("channel", "contact", "assigned_to__user")
    if q.strip():
        chats = chats.filter(pk__in=chat_ids_matching(actor, q, texts=False))
    return chat_rows(actor, chats.order_by("-last_message_at", "-id")[:limit])
