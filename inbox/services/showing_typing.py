"""Customers see that somebody writes to them: it counts at this moment only, so it is neither stored nor repeated."""

import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

from django.db import connection as database
from django.db.models.functions import Now

from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from inbox.models import Chat, Message
from inbox.states import Direction
from outbox.models import Lane
from workspaces.access import Actor
from workspaces.roles import Permission

log = logging.getLogger("waybill.inbox")

SHOWN_SECONDS = 10.0
"""WhatsApp takes it back by itself, 10 to 25 seconds later."""

DEADLINE_SECONDS = 5.0
AT_ONCE = 4
_CHATS_LIMIT = 10_000

_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="typing")
_free = BoundedSemaphore(AT_ONCE)
_shown_at: dict[uuid.UUID, float] = {}


def show_typing(*, actor: Actor, chat_id: uuid.UUID) -> None:
    """Have the provider show it, where the actor may write and the number can send; returns without waiting for that.

    Not again within SHOWN_SECONDS, and not while providers are slow to answer about other chats. On threads beside the
    outbox: what is over in a moment should not take a place in a queue, nor count when a number's health is judged.
    """
    if not actor.may(Permission.WRITE_MESSAGES) or not _is_due(chat_id):
        return
    chat = Chat.objects.visible_to(actor).filter(pk=chat_id, read_only=False).first()
    if chat is None or not _goes_on(chat.channel_id):
        return
    heard = Message.objects.filter(chat=chat, direction=Direction.INBOUND).order_by("-sort_at", "-id")
    newest = heard.values_list("wa_message_id", flat=True).first() or ""
    if _free.acquire(blocking=False):
        _pool.submit(_ask, chat.channel_id, chat.wa_chat_id, newest)


def _is_due(chat_id: uuid.UUID) -> bool:
    now = time.monotonic()
    if _shown_at.get(chat_id, 0.0) > now - SHOWN_SECONDS:
        return False
    if len(_shown_at) >= _CHATS_LIMIT:
        _shown_at.clear()
    _shown_at[chat_id] = now
    return True


def _goes_on(channel_id: uuid.UUID) -> bool:
    """Whether the lane is open: a number that was told to slow down, or stands still, shows nothing either."""
    return Lane.objects.filter(pk=channel_id, closed=False, paused=False).exclude(not_before__gt=Now()).exists()


def _ask(channel_id: uuid.UUID, wa_chat_id: str, newest: str) -> None:
    try:
        gateway.show_typing(channel_id, wa_chat_id, newest, deadline=DEADLINE_SECONDS)
    except ProviderError as error:
        log.info("typing.not_shown channel=%s code=%s", channel_id, error.code)
    finally:
        database.close()
        _free.release()
