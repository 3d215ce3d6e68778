"""How sends ended, written to the messages: their ids, statuses and errors; echoes that came first are merged in."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from channels_app.services.connection import note_acknowledged
from inbox.events import MessagesChanged
from inbox.models import Chat, Message, MessageDeed
from inbox.services.folding import fold
from inbox.services.scheduling import end_waiting
from inbox.states import MessageStatus
from kernel.events import publish
from kernel.ids import new_id
from outbox.registry import Settled
from outbox.states import ItemState

LOOKS = 3

HEARD = ("echo", "status")
"""Evidence that ingestion brings. It folds these messages itself, last of all: with a bucket of facts locked here
already it would ask for the others out of order, and two appliers would wait for each other."""

WA_ID_MAX = Message._meta.get_field("wa_message_id").max_length

STATUS_OF_ITEM = {
    ItemState.SCHEDULED: MessageStatus.PENDING,
    ItemState.SENT: MessageStatus.SENT,
    ItemState.FAILED: MessageStatus.FAILED,
    ItemState.UNCERTAIN: MessageStatus.UNCERTAIN,
    ItemState.CANCELLED: MessageStatus.CANCELLED,
    ItemState.QUEUED: MessageStatus.PENDING,
}


def settle_sends(settled: Sequence[Settled]) -> None:
    """Write how the items stand to their messages, in a few statements, inside the transaction that records the items.

    An accepted message takes the id that the provider gave. Whoever else holds that id makes room: a bubble made from
    the echo is deleted (its facts are keyed by the id and stay), a message of ours that was taken for it by mistake
    becomes uncertain again. Then the facts that came before the id count.
    """
    latest = {one.subject_id: one for one in settled if one.subject_id is not None}
    sent = [one for one in latest.values() if one.state == ItemState.SENT]
    heard = {one.subject_id for one in sent if one.data.get("how") in HEARD}
    claims = {(one.lane_id, one.provider_id): one.subject_id for one in sent if 0 < len(one.provider_id) <= WA_ID_MAX}
    removed, left, changed = _take_ids(claims, latest.values())
    changed.update(
        end_waiting(
            [key for key, one in latest.items() if one.state == ItemState.QUEUED],
            [key for key, one in latest.items() if one.state == ItemState.CANCELLED],
        )
    )
    wanted = {key for key, message_id in claims.items() if message_id not in heard}
    changed.update(fold(wanted | {(one.channel_id, one.wa_message_id) for one in left}))
    _tell(changed, removed, left)
    if sent:
        note_acknowledged({one.lane_id for one in sent}, max(one.at for one in sent))


def _take_ids(
    claims: dict[tuple, uuid.UUID], settled: Collection[Settled]
) -> tuple[list[Message], list[Message], set[uuid.UUID]]:
    """Make room and write. An echo whose bubble was committed between the two is made room for at the next look.

    Returns the deleted echoes, the bubbles of ids that were given up, and the messages that look different now.
    """
    look = 1
    while True:
        try:
            with transaction.atomic():
                holders = _holders(claims)
                removed, changed = _make_room(claims, holders)
                left = _give_up(claims, holders)
                return removed, left, {*changed, *(one.pk for one in left), *_write(settled)}
        except IntegrityError:
            if look == LOOKS:
                raise
            look += 1


def _holders(claims: dict[tuple, uuid.UUID]) -> list[tuple]:
    """Who has a claimed id, and what ids the claimants have: (message, (channel, id), chat)."""
    if not claims:
        return []
    concerned = _holding(claims) | Q(pk__in=claims.values(), wa_message_id__isnull=False)
    rows = Message.objects.filter(concerned).values_list("pk", "channel_id", "wa_message_id", "chat_id")
    return [(key, (channel_id, wa_message_id), chat_id) for key, channel_id, wa_message_id, chat_id in rows]


def _make_room(claims: dict[tuple, uuid.UUID], holders: Sequence[tuple]) -> tuple[list[Message], list[uuid.UUID]]:
    """Take the claimed ids away from everybody else. Returns the deleted echoes, and whose looks that changed."""
    chat_ids = {chat_id for key, held, chat_id in holders if claims.get(held, key) != key}
    if not chat_ids:
        return [], []
    # Chats before messages, each in the order of their ids: the order in which everybody else locks them.
    list(Chat.objects.select_for_update(no_key=True).filter(pk__in=chat_ids).order_by("pk").values_list("pk"))
    locked = Message.objects.select_for_update().filter(_holding(claims)).order_by("pk").defer("search")
    wrong = [one for one in locked if claims[one.channel_id, one.wa_message_id] != one.pk]
    echoes = [one for one in wrong if one.client_id is None]
    ours = [one.pk for one in wrong if one.client_id is not None]
    replies: list[uuid.UUID] = []
    for echo in echoes:
        mine = claims[echo.channel_id, echo.wa_message_id]
        replies += Message.objects.filter(quoted=echo).values_list("pk", flat=True)
        Message.objects.filter(quoted=echo).update(quoted=mine, version=F("version") + 1)
        Chat.objects.filter(pk=echo.chat_id, last_message_id=echo.pk).update(last_message_id=mine)
        Message.objects.filter(pk=mine, sent_at__isnull=True).update(sent_at=echo.sent_at or echo.sort_at)
    Message.objects.filter(pk__in=[echo.pk for echo in echoes]).delete()
    _doubt(ours)
    return echoes, [*ours, *replies]


def _give_up(claims: dict[tuple, uuid.UUID], holders: Sequence[tuple]) -> list[Message]:
    """Bubbles of their own for ids that the claimants had until now.

    Such an id came from an echo, and it exists at the provider: of an earlier attempt that somebody repeated, or of
    another message with the same text. Its facts are keyed by it and follow it.
    """
    changing = [key for key, held, _ in holders if held not in claims]
    if not changing:
        return []
    former = Message.objects.select_for_update().filter(pk__in=changing, wa_message_id__isnull=False)
    left = []
    for one in former.order_by("pk").defer("search"):
        Message.objects.filter(pk=one.pk).update(
            wa_message_id=None,
            status=MessageStatus.SENT,
            text=one.original_text,
            **dict.fromkeys(("sent_at", "delivered_at", "read_at", "played_at", "edited_at", "deleted_at")),
        )
        left.append(_bubble_of_former_id(one))
    return left


def _bubble_of_former_id(one: Message) -> Message:
    at = one.sent_at or one.sort_at
    bubble = Message.objects.create(
        workspace_id=one.workspace_id,
        channel_id=one.channel_id,
        chat_id=one.chat_id,
        direction=one.direction,
        type=one.type,
        text=one.original_text,
        original_text=one.original_text,
        wa_message_id=one.wa_message_id,
        sender_wa_id=one.sender_wa_id,
        source="api",
        status=MessageStatus.SENT,
        quoted_id=one.quoted_id,
        quoted_wa_id=one.quoted_wa_id,
        location=one.location,
        contacts=one.contacts,
        poll=one.poll,
        sort_at=at,
        sent_at=at,
    )
    for file in one.attachments.all():
        file.pk, file.message, file._state.adding = new_id(), bubble, True
        file.save(force_insert=True)
    return bubble


def _doubt(message_ids: list[uuid.UUID]) -> None:
    """The echo that was taken for these belongs to others, so nothing says any more that they arrived."""
    detail = "What was taken for its echo belongs to another message."
    Message.objects.filter(pk__in=message_ids).update(
        wa_message_id=None,
        status=MessageStatus.UNCERTAIN,
        error_code="echo_of_another",
        error_detail=detail,
        sent_at=None,
        delivered_at=None,
        read_at=None,
        played_at=None,
        version=F("version") + 1,
    )
    MessageDeed.objects.bulk_create(
        MessageDeed(message_id=key, event="uncertain", detail=detail) for key in message_ids
    )


def _holding(claims: Iterable[tuple]) -> Q:
    """Messages that hold any of the claimed ids."""
    wanted = Q(pk__in=[])
    for channel_id, wa_message_ids in _by_channel(claims).items():
        wanted |= Q(channel_id=channel_id, wa_message_id__in=wa_message_ids)
    return wanted


def _write(settled: Iterable[Settled]) -> list[uuid.UUID]:
    """A message that reports have carried further than "sent" keeps its status; what changes nothing is not written."""
    rows = sorted(settled, key=lambda one: one.subject_id)
    columns = [
        [one.subject_id for one in rows],
        [STATUS_OF_ITEM[one.state].value for one in rows],
        [one.provider_id if len(one.provider_id) <= WA_ID_MAX else "" for one in rows],
        ["" if one.state in (ItemState.SENT, ItemState.CANCELLED) else one.error_code[:60] for one in rows],
        ["" if one.state in (ItemState.SENT, ItemState.CANCELLED) else one.error[:500] for one in rows],
        [(one.data.get("at") or one.at) if one.state == ItemState.SENT else None for one in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inbox_message m SET
                status = s.status,
                wa_message_id = coalesce(nullif(s.wa_message_id, ''), m.wa_message_id),
                error_code = s.error_code,
                error_detail = s.error_detail,
                sent_at = coalesce(m.sent_at, s.sent_at),
                version = m.version + 1
            FROM (
                SELECT n.id, n.wa_message_id, n.error_code, n.error_detail, n.sent_at,
                       CASE WHEN o.status IN ('pending', 'failed', 'uncertain', 'cancelled')
                            THEN n.status ELSE o.status END AS status
                FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
                     AS n(id, status, wa_message_id, error_code, error_detail, sent_at)
                JOIN inbox_message o ON o.id = n.id
                WHERE n.status = 'sent' OR o.status IN ('pending', 'failed', 'uncertain', 'cancelled')
                ORDER BY o.id FOR UPDATE OF o
            ) s
            WHERE m.id = s.id
              AND (m.status, m.error_code, m.error_detail, m.wa_message_id, m.sent_at) IS DISTINCT FROM
                  (s.status, s.error_code, s.error_detail, coalesce(nullif(s.wa_message_id, ''), m.wa_message_id),
                   coalesce(m.sent_at, s.sent_at))
            RETURNING m.id
            """,
            columns,
        )
        return [key for (key,) in cursor.fetchall()]


def _tell(message_ids: Collection[uuid.UUID], removed: Sequence[Message], added: Sequence[Message]) -> None:
    by_chat = defaultdict(list)
    gone, new = defaultdict(list), defaultdict(list)
    rows = Message.objects.filter(pk__in=message_ids).values_list("workspace_id", "channel_id", "chat_id", "pk")
    for *place, key in rows:
        by_chat[tuple(place)].append(key)
    for echo in removed:
        gone[echo.workspace_id, echo.channel_id, echo.chat_id].append(echo.pk)
    for bubble in added:
        new[bubble.workspace_id, bubble.channel_id, bubble.chat_id].append(bubble.pk)
    for place in sorted({*by_chat, *gone}):
        publish(
            MessagesChanged(
                *place,
                message_ids=tuple(by_chat[place]),
                created=tuple(new[place]),
                removed=tuple(gone[place]),
            )
        )


def _by_channel(claims: Iterable[tuple]) -> dict[uuid.UUID, list[str]]:
    grouped = defaultdict(list)
    for channel_id, wa_message_id in claims:
        grouped[channel_id].append(wa_message_id)
    return grouped
