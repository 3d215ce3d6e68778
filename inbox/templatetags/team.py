"""What the head of a conversation shows of its chat, in one word that changes with it."""

from django import template

from channels_app.services.templates import needs_template
from inbox.models import Chat
from kernel.clock import now

register = template.Library()


@register.simple_tag
def head_of(chat: Chat, title: str) -> str:
    """Equal as long as the bar above the conversation and its composer would be drawn the same."""
    until = chat.snoozed_until.isoformat() if chat.snoozed_until else ""
    read_only = "read-only" if chat.read_only else ""
    closed = chat.kind == "direct" and needs_template(chat.channel, chat.window_expires_at, now())
    writing = "closed" if closed else ""
    return "|".join([title, str(chat.assigned_to_id or ""), read_only, chat.state, until, writing])
