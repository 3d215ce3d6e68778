"""The inbound log as people search it."""

import re
import uuid

from django.db.models import Q, QuerySet

from inbox.models import Message
from kernel.errors import Invalid
from kernel.paging import Page, decode_cursor, encode_cursor
from webhooks.models import InboundEvent
from workspaces.access import Actor

NUMBER = re.compile(r"\+?[\d\s().-]{6,20}")
MESSAGES_PER_NUMBER = 500  # the newest of them; a longer talk is searched by message id


def events_visible_to(actor: Actor) -> QuerySet[InboundEvent]:
    return InboundEvent.objects.filter(workspace_id=actor.workspace_id)


def log_page(
    actor: Actor,
    *,
    search: str = "",
    wa_message_id: str = "",
    channel_id: uuid.UUID | None = None,
    result: str = "",
    cursor: str | None = None,
    limit: int,
) -> Page:
    """Events without their bodies, newest first. `search` is a message's WhatsApp id, or a customer's phone number.

    Raises Invalid for a cursor that it did not give out.
    """
    events = events_visible_to(actor).defer("body")
    if channel_id is not None:
        events = events.filter(channel_id=channel_id)
    if result:
        events = events.filter(result=result)
    if wa_message_id:
        events = events.filter(wa_message_ids__contains=[wa_message_id])
    if search:
        events = events.filter(_about(actor, search))
    if cursor:
        events = events.filter(id__lt=_uuid(decode_cursor(cursor, 1)[0]))
    rows = list(events.order_by("-id")[: limit + 1])
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if len(rows) > limit else None)


def event_for(actor: Actor, event_id: uuid.UUID) -> InboundEvent | None:
    return events_visible_to(actor).filter(pk=event_id).first()


def _about(actor: Actor, search: str) -> Q:
    by_id = Q(wa_message_ids__contains=[search])
    if not NUMBER.fullmatch(search):
        return by_id
    digits = re.sub(r"\D", "", search)
    written = (
        Message.objects.filter(
            workspace_id=actor.workspace_id,
            chat__wa_chat_id=f"{digits}@s.whatsapp.net",
            wa_message_id__isnull=False,
        )
        .order_by("-id")
        .values_list("wa_message_id", flat=True)[:MESSAGES_PER_NUMBER]
    )
    return by_id | Q(wa_message_ids__overlap=list(written))


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid("The cursor is not one that this list gave out. Start again without it.") from None
