"""What the head of a conversation shows of its chat, in one word that changes with it."""

from django import template

from inbox.models import Chat

register = template.Library()


@register.simple_tag
def head_of(chat: Chat, title: str) -> str:
    """Equal as long as the bar above the conversation and its composer would be drawn the same."""
    until = chat.snoozed_until.isoformat() if chat.snoozed_until else ""
    read_only = "read-only" if chat.read_only else ""
    return "|".join([title, str(chat.assigned_to_id or ""), read_only, chat.state, until])
