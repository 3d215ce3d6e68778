"""Echoes of our own sends find their message, so that no second bubble appears and an uncertain one becomes sent."""

import logging
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_app.providers.base import InboundMessage, InboundStatus
from inbox.jobs import SEND
from inbox.models import Chat, Message
from inbox.services.folding import FactKey
from inbox.services.ingesting.chats import Chats
from inbox.services.ingesting.heard import Heard
from inbox.states import Direction, MessageStatus, looks_of
from kernel.arrays import columns
from kernel.clock import now
from kernel.errors import DomainError
from kernel.statements import prepared_cursor
from outbox.models import Attempt
from outbox.services.operating import confirm_item, lock_items

log = logging.getLogger("waybill.inbox")

CLOCK_SLACK = timedelta(minutes=2)
"""How far an echo's time may lie before the attempt that it belongs to: provider's and database's clocks differ."""

LONGEST_WAIT = timedelta(minutes=15)
"""An echo that is this much younger than an attempt is not its echo: attempts end within minutes."""

ENDED_WITHIN = timedelta(days=30)
"""How far back we look for uncertain or failed messages that an echo may belong to."""

_KNOWN = """
SELECT m.channel_id, m.wa_message_id
FROM unnest(%s::uuid[], %s::text[]) AS wanted (channel_id, wa_message_id)
JOIN inbox_message m ON m.channel_id = wanted.channel_id AND m.wa_message_id = wanted.wa_message_id
"""

_NAME = """
UPDATE inbox_message m
SET wa_message_id = n.wa_message_id, sent_at = coalesce(m.sent_at, n.at), version = m.version + 1,
    status = CASE WHEN m.status IN ('pending', 'uncertain', 'failed', 'cancelled') THEN 'sent' ELSE m.status END,
    error_code = '', error_detail = ''
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS n (id, wa_message_id, at)
WHERE m.id = n.id AND m.wa_message_id IS NULL
"""

Matches = dict[FactKey, tuple["_Echo", "_Send"]]


@dataclass(frozen=True)
class _Echo:
    key: FactKey
    at: datetime | None
    chat_id: uuid.UUID | None
    looks: tuple
    reference: str
    how: str


@dataclass(frozen=True)
class _Send:
    """A send of ours that no provider id is known for, by its newest attempt."""

    message_id: uuid.UUID
    item_id: uuid.UUID
    channel_id: uuid.UUID
    chat_id: uuid.UUID
    looks: tuple
    started_at: datetime


def match_our_sends(batch: Iterable[Heard], chats: Chats) -> Matches:
    """Which echoes belong to sends of ours that have no provider id yet; their outbox items are locked.

    A vendor that carries our reference names the message itself. Otherwise it is the send of that chat whose content is
    the same and whose attempt began nearest to the echo's time.
    """
    echoes = _unknown(_echoes(batch, chats))
    sends = _sends(echoes) if echoes else []
    matched: Matches = {}
    for echo in sorted(echoes, key=lambda one: (one.at is None, one.at, one.key[1])):
        if (send := _own(echo, sends)) is not None:
            sends.remove(send)
            matched[echo.key] = (echo, send)
    if matched:
        lock_items([send.item_id for _, send in matched.values()])
    return matched


def name_our_sends(matched: Matches) -> dict[FactKey, uuid.UUID]:
    """Give our messages the ids that their echoes name, and tell the outbox. Returns message ids by provider id.

    A message that got another id meanwhile, from our own request's answer, is not among them: its echo is another's.
    """
    if not matched:
        return {}
    for echo, send in sorted(matched.values(), key=lambda pair: pair[1].item_id):
        _confirm(send, echo.key[1], echo.at, echo.how)
    rows = sorted((send.message_id, echo.key[1], echo.at) for echo, send in matched.values())
    with prepared_cursor() as cursor:
        cursor.execute(_NAME, columns(rows, 3))
    known = _known(matched)
    return {key: send.message_id for key, (_, send) in matched.items() if key in known}


def confirm_uncertain(messages: Iterable[tuple[uuid.UUID, str, datetime | None]]) -> None:
    """Reports about messages that the outbox is uncertain of settle the matter there too."""
    named = {message_id: (wa_message_id, at) for message_id, wa_message_id, at in messages}
    if not named:
        return
    for send in _newest_attempts(named):
        _confirm(send, *named[send.message_id], "status")


def _echoes(batch: Iterable[Heard], chats: Chats) -> dict[FactKey, _Echo]:
    echoes: dict[FactKey, _Echo] = {}
    for heard in batch:
        source, value = heard.source, heard.value
        match value:
            case InboundMessage(from_me=True) if value.source == "api" or value.client_reference:
                key = (source.channel_id, value.wa_message_id)
                chat_id = chats.id_of[source.channel_id, value.wa_chat_id] if value.source == "api" else None
                looks = looks_of(value.type, value.text, value.poll)
                echoes[key] = _Echo(key, value.at, chat_id, looks, value.client_reference, "echo")
            case InboundStatus() if value.client_reference:
                key = (source.channel_id, value.wa_message_id)
                echoes.setdefault(key, _Echo(key, value.at, None, (), value.client_reference, "status"))
    return echoes


def _unknown(echoes: dict[FactKey, _Echo]) -> list[_Echo]:
    known = _known(echoes)
    return [echo for key, echo in echoes.items() if key not in known]


def _known(keys: Collection[FactKey]) -> set[FactKey]:
    if not keys:
        return set()
    with prepared_cursor() as cursor:
        cursor.execute(_KNOWN, columns(keys, 2))
        return set(cursor.fetchall())


def _sends(echoes: list[_Echo]) -> list[_Send]:
    """Our messages without a provider id: those being sent or ended in the chats of the echoes, and those they name.

    What only waits cannot have an echo; a chat may hold any number of it.
    """
    chat_ids = {echo.chat_id for echo in echoes if echo.chat_id}
    named = [message_id for echo in echoes if (message_id := _uuid_or_none(echo.reference))]
    unnamed = Message.objects.filter(direction=Direction.OUTBOUND, wa_message_id=None)
    ended = unnamed.filter(chat_id__in=chat_ids, sort_at__gte=now() - ENDED_WITHIN).exclude(
        status=MessageStatus.PENDING
    )
    # What was under way when two chats became one keeps the queue of the chat that it was written in.
    queues = {*chat_ids, *Chat.objects.filter(merged_into__in=chat_ids).values_list("pk", flat=True)}
    open_attempts = Attempt.objects.filter(order_key__in=queues, finished_at=None, item__kind=SEND)
    message_ids = {
        *ended.values_list("pk", flat=True),
        *unnamed.filter(pk__in=named).values_list("pk", flat=True),
        *open_attempts.values_list("item__subject_id", flat=True),
    }
    return _newest_attempts(message_ids)


def _newest_attempts(message_ids: Iterable[uuid.UUID]) -> list[_Send]:
    tries = (
        Attempt.objects.filter(item__subject_id__in=list(message_ids), item__kind=SEND)
        .order_by("item__subject_id", "-id")
        .distinct("item__subject_id")
        .values_list("item__subject_id", "item_id", "started_at")
    )
    newest = {message_id: (item_id, started_at) for message_id, item_id, started_at in tries}
    messages = Message.objects.filter(pk__in=newest, direction=Direction.OUTBOUND).values_list(
        "pk", "channel_id", "chat_id", "type", "text", "poll"
    )
    return [
        _Send(message_id, newest[message_id][0], channel_id, chat_id, looks_of(kind, text, poll), newest[message_id][1])
        for message_id, channel_id, chat_id, kind, text, poll in messages
    ]


def _own(echo: _Echo, sends: list[_Send]) -> _Send | None:
    if echo.reference:
        ours = (send for send in sends if send.channel_id == echo.key[0])
        return next((send for send in ours if str(send.message_id) == echo.reference), None)
    alike = [
        send
        for send in sends
        if send.chat_id == echo.chat_id
        and send.looks == echo.looks
        and -CLOCK_SLACK <= echo.at - send.started_at <= LONGEST_WAIT
    ]
    return min(alike, key=lambda send: (abs(echo.at - send.started_at), send.item_id), default=None)


def _confirm(send: _Send, wa_message_id: str, at: datetime | None, how: str) -> None:
    try:
        confirm_item(item_id=send.item_id, provider_id=wa_message_id, at=at or send.started_at, how=how)
    except DomainError as error:
        # The item failed for good although the provider took it: the message says so, the item keeps its history.
        log.info("echo.item_not_confirmed item=%s reason=%s", send.item_id, error.code)


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
