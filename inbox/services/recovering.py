"""Messages whose webhook never came, found in the provider's history and told apart from those that came in time."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from channels_app.models import Channel, ConnectionLogEntry
from channels_app.providers.base import InboundMessage
from channels_app.services import gateway
from channels_app.services.asking import ask, is_asked
from channels_app.states import SENDS
from inbox.events import MessagesChanged
from inbox.jobs import RECOVER
from inbox.models import Message, MessageDeed
from inbox.services.ingesting import Heard, Source, apply_values
from inbox.services.ingesting.announcing import nobodys_line
from kernel.clock import now
from kernel.events import publish
from kernel.repeating import again_after_deadlock

OVERLAP = timedelta(minutes=10)
"""How far before the loss of a connection we begin to look: the notice of it may have come late."""

FURTHEST_BACK = timedelta(days=7)

LOOK_BACK = timedelta(minutes=30)
"""What the regular look covers; it comes more often than that."""

BUSY_WITHIN = timedelta(days=1)
"""A channel on which nothing was heard for longer is not looked at regularly."""

SETTLING = timedelta(seconds=30)
"""A younger message is left to its webhook, which may be on its way."""

AFTER_RETURN = SETTLING + timedelta(seconds=15)
"""When to look after a return. A connection that blinks is asked about once, and late webhooks had their time."""

CHUNK = 500
DETAIL = "Its webhook never came; it was found in the provider's history."


def look_after_reconnect(*, channel_id: uuid.UUID, old: str, new: str) -> None:
    """A connection is back: ask for what was said meanwhile. Inside the transaction that moved the channel."""
    if new not in SENDS or old in SENDS:
        return
    channel = Channel.objects.get(pk=channel_id)
    lost_at = (
        ConnectionLogEntry.objects.filter(channel=channel, old__in=SENDS)
        .exclude(new__in=SENDS)
        .order_by("-id")
        .values_list("at", flat=True)
        .first()
    )
    if lost_at is not None:
        _ask(channel, max(lost_at - OVERLAP, now() - FURTHEST_BACK), due_at=now() + AFTER_RETURN)


def look_for_missing() -> int:
    """For a schedule: ask on every busy channel for the last half hour, because single webhooks get lost too."""
    asked = 0
    busy = Channel.objects.living().filter(status__in=SENDS, last_inbound_at__gte=now() - BUSY_WITHIN)
    for channel in busy.iterator():
        with transaction.atomic():
            asked += _ask(channel, now() - LOOK_BACK)
    return asked


def keep_recovered(*, channel_id: uuid.UUID, found: Sequence[InboundMessage]) -> int:
    """Apply what of the provider's history is not here yet, and say so in each chat. Returns how many there were.

    Messages of the last seconds are left out. What was found before, or came by webhook, is not told again.
    """
    channel = Channel.objects.living().filter(pk=channel_id).first()
    if channel is None:
        return 0
    settled = [message for message in found if message.at <= now() - SETTLING]
    return sum(_keep(channel, settled[start : start + CHUNK]) for start in range(0, len(settled), CHUNK))


def _ask(channel: Channel, since: datetime, *, due_at: datetime | None = None) -> bool:
    if not gateway.keeps_history(channel.provider) or is_asked(channel=channel, kind=RECOVER):
        return False
    ask(channel=channel, kind=RECOVER, payload={"since": since.isoformat()}, due_at=due_at)
    return True


@again_after_deadlock
def _keep(channel: Channel, found: Sequence[InboundMessage]) -> int:
    source = Source(channel.pk, channel.workspace_id, channel.provider, channel.own_wa_id)
    ids = {message.wa_message_id for message in found}
    of_these = Message.objects.filter(channel=channel, wa_message_id__in=ids)
    with transaction.atomic():
        missing = ids - set(of_these.values_list("wa_message_id", flat=True))
        if not missing:
            return 0
        # As a replay: to have been asked for says nothing about the connection.
        apply_values([Heard(source, message, again=True) for message in found if message.wa_message_id in missing])
        # One with a client id is a send of ours that has got its name now.
        recovered = list(of_these.filter(wa_message_id__in=missing, client_id=None).order_by("sort_at", "id"))
        moment = now()
        MessageDeed.objects.bulk_create(
            MessageDeed(message=message, at=moment, event="recovered", detail=DETAIL) for message in recovered
        )
        _tell(recovered)
    return len(recovered)


def _tell(recovered: Sequence[Message]) -> None:
    """One line in each chat, before the first message that it is about."""
    by_chat: dict[uuid.UUID, list[Message]] = defaultdict(list)
    for message in recovered:
        by_chat[message.chat_id].append(message)
    lines = [_recovered(messages[0], len(messages)) for messages in by_chat.values()]
    Message.objects.bulk_create(lines)
    publish(*(MessagesChanged(line.workspace_id, line.channel_id, line.chat_id, (line.pk,)) for line in lines))


def _recovered(first: Message, count: int) -> Message:
    text = "1 message recovered" if count == 1 else f"{count} messages recovered"
    return nobodys_line(
        first.workspace_id, first.channel_id, first.chat_id, text=text, at=first.sort_at - timedelta(milliseconds=1)
    )
