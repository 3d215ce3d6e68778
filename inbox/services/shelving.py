"""Whether a chat waits for the team: done, put off until a time, or open; and the clock that ends a snooze."""

import uuid
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.models import Chat
from inbox.services.sending import publish_chat
from inbox.states import ChatState
from kernel.clock import now
from kernel.errors import Invalid
from workspaces.access import Actor, author_of, require
from workspaces.models import Member
from workspaces.roles import Permission

WAKE_BATCH = 500


def finish_chat(*, actor: Actor, chat: Chat) -> None:
    """Nothing is left to do, until the customer writes again. Raises Forbidden."""
    _move(actor, chat, ChatState.DONE, done_at=now(), snoozed_until=None)


def reopen_chat(*, actor: Actor, chat: Chat) -> None:
    """Back among the open ones; it does not stay with somebody else who is away. Raises Forbidden."""
    _move(actor, chat, ChatState.OPEN, done_at=None, snoozed_until=None)


def snooze_chat(*, actor: Actor, chat: Chat, until: datetime) -> None:
    """Out of the way until then, or until the customer writes. Raises Forbidden, Invalid."""
    if until <= now():
        raise Invalid(_("Choose a time that is still to come."), fields={"snoozed_until": ["in the past"]})
    _move(actor, chat, ChatState.SNOOZED, done_at=None, snoozed_until=until)


def wake_snoozed() -> int:
    """Open the chats whose time has come, and mark them as unread for who takes care of them; how many.

    Any number of processes may do it at once.
    """
    woken = 0
    while True:
        with transaction.atomic():
            due = Chat.objects.filter(state=ChatState.SNOOZED, snoozed_until__lte=now()).order_by("snoozed_until")
            chats = list(due.select_for_update(skip_locked=True, no_key=True, of=("self",))[:WAKE_BATCH])
            keys = [chat.pk for chat in chats]
            Chat.objects.filter(pk__in=keys).update(state=ChatState.OPEN, snoozed_until=None)
            _take_from_who_is_away(keys)
            _mark_unread(keys)
            for chat in chats:
                publish_chat(chat)
        woken += len(chats)
        if len(chats) < WAKE_BATCH:
            return woken


def _move(actor: Actor, chat: Chat, state: ChatState, **times: datetime | None) -> None:
    """Only from another state, except that a snooze may be given another end."""
    require(actor, Permission.WRITE_MESSAGES)
    with transaction.atomic():
        movable = Chat.objects.filter(pk=chat.pk)
        if state != ChatState.SNOOZED:
            movable = movable.exclude(state=state)
        if movable.update(state=state, **times):
            if state == ChatState.OPEN and _take_from_who_is_away([chat.pk], but=author_of(actor)):
                chat.assigned_to = None
            publish_chat(chat)
    chat.state = state
    for name, value in times.items():
        setattr(chat, name, value)


def _take_from_who_is_away(chat_ids: list[uuid.UUID], *, but: Member | None = None) -> int:
    """What is open again and lies with somebody who is away would be seen by nobody. Returns how many there were."""
    away = Member.objects.filter(Q(available=False) | Q(removed_at__isnull=False))
    if but is not None:
        away = away.exclude(pk=but.pk)
    return Chat.objects.filter(pk__in=chat_ids, assigned_to__in=away).update(assigned_to=None)


def _mark_unread(chat_ids: list) -> None:
    """For the assignee, or, where there is none, for everybody who had read the chat."""
    if not chat_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inbox_readcursor rc SET marked_unread = true
            FROM inbox_chat c
            WHERE c.id = ANY(%s) AND rc.chat_id = c.id AND (c.assigned_to_id IS NULL OR c.assigned_to_id = rc.member_id)
            """,
            [chat_ids],
        )
