"""Nobody writes past somebody else without knowing it."""

import uuid
from datetime import timedelta

from django.db.models import F

from inbox.errors import ChatMovedOn
from inbox.models import Chat, Message
from inbox.policy import made_at
from inbox.states import MessageStatus, MessageType
from kernel.errors import Invalid
from workspaces.access import Actor, author_of

SEEN_SLACK = timedelta(days=1)
"""A message may be made here so much later than the time at which it stands in its chat."""


def check_seen(actor: Actor, chat: Chat, seen: uuid.UUID) -> None:
    """Raises ChatMovedOn when anybody else wrote after `seen`: the customer, a colleague, the phone, a robot.

    Ask it with the chat locked, so that nothing comes in between. Raises Invalid for an id that we never made.
    """
    try:
        since = made_at(seen) - SEEN_SLACK
    except (ValueError, OverflowError):
        raise Invalid("seen is not the id of a message.", fields={"seen": ["not a message"]}) from None
    later = Message.objects.filter(chat=chat, sort_at__gte=since, pk__gt=seen)
    others = later.exclude(type=MessageType.SYSTEM).exclude(status=MessageStatus.CANCELLED)
    others = others.exclude(due_at=F("sort_at"))  # scheduled: nobody has answered yet
    if (member := author_of(actor)) is not None:
        others = others.exclude(sender_member=member)
    newest = others.with_people().defer("search").order_by("-sort_at", "-id").first()
    if newest is not None:
        raise ChatMovedOn(newest)
