"""What customers are told outside the hours: at most once in a chat and half a day, and through the outbox."""

import re
import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from channels_app.models import Channel
from inbox.jobs import Draft
from inbox.models import AwayMessage, Chat, Message
from inbox.policy import is_open_at, text_limit, zone_named
from inbox.services.sending import send_message
from inbox.states import Direction
from kernel.clock import now
from kernel.errors import DomainError, Invalid
from kernel.kept import Kept
from workspaces.access import Actor, Automaton, require
from workspaces.roles import Permission
from workspaces.services.auditing import record

REPEATED_AFTER = timedelta(hours=12)
FRESH = timedelta(minutes=10)
"""Only what was just written is answered: not the history that a newly linked number brings along."""

KEPT_SECONDS = 2.0
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def set_away_message(
    *, actor: Actor, channel: Channel, enabled: bool, text: str, zone: str, hours: dict[str, list[str]]
) -> AwayMessage:
    """What the channel answers outside `hours`: {weekday "0" to "6": [from, to]}. Raises Forbidden, Invalid."""
    require(actor, Permission.MANAGE_TEAM_WORK)
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if enabled and not text:
        raise Invalid(_("Write what customers are to be told."), fields={"text": ["needed"]})
    if len(text) > text_limit():
        raise Invalid(_("The text is too long."), fields={"text": ["too long"]})
    if zone_named(zone) != zone:
        raise Invalid(_("That is not the name of a time zone, such as Europe/Madrid."), fields={"zone": ["not known"]})
    for day, (start, end) in hours.items():
        if day not in "0123456" or not _CLOCK.fullmatch(start) or not _CLOCK.fullmatch(end) or start >= end:
            raise Invalid(_("Hours begin before they end, such as 09:00 to 17:00."), fields={"hours": ["not hours"]})
    with transaction.atomic():
        saved, _made = AwayMessage.objects.update_or_create(
            channel=channel,
            defaults={
                "workspace_id": channel.workspace_id,
                "enabled": enabled,
                "text": text,
                "zone": zone,
                "hours": hours,
                "updated_at": now(),
            },
        )
        record(
            actor=actor,
            deed="away_message.changed",
            target=channel,
            details={"channel": channel.name, "enabled": enabled},
        )
    _speaking_channels.forget()
    return saved


def answer_outside_hours(chat_ids: Collection[uuid.UUID] | None = None) -> int:
    """Tell those customers who have just written and find nobody there; how many. None: everywhere, by the clock.

    The chat's time of the last telling is moved by one guarded statement: of two processes one may send.
    """
    moment = now()
    chats = Chat.objects.filter(kind="direct", read_only=False, channel__in=_speaking()).filter(
        Q(away_told_at__isnull=True) | Q(away_told_at__lt=moment - REPEATED_AFTER), last_message_at__gte=moment - FRESH
    )
    if chat_ids is not None:
        chats = chats.filter(pk__in=chat_ids)
    told = 0
    for chat in chats.select_related("channel__workspace")[:500]:
        away = AwayMessage.objects.get(channel=chat.channel_id)
        written = Message.objects.filter(pk=chat.last_message_id, direction=Direction.INBOUND).only("pk").first()
        if written is not None and not is_open_at(moment, away.zone, away.hours):
            told += _tell(chat, away, written)
    return told


def answers_by_itself(channel_id: uuid.UUID) -> bool:
    """Whether the channel has a text for closed hours, as of some seconds ago."""
    return channel_id in _speaking_channels.get()


def _speaking():
    return AwayMessage.objects.filter(enabled=True).values("channel")


_speaking_channels = Kept(lambda: frozenset(_speaking().values_list("channel", flat=True)), seconds=KEPT_SECONDS)


def _tell(chat: Chat, away: AwayMessage, written: Message) -> int:
    moment = now()
    try:
        with transaction.atomic():
            untold = Q(away_told_at__isnull=True) | Q(away_told_at__lt=moment - REPEATED_AFTER)
            if not Chat.objects.filter(untold, pk=chat.pk).update(away_told_at=moment):
                return 0
            send_message(
                actor=Automaton(chat.channel.workspace, _("Auto-reply")),
                chat=chat,
                client_id=f"away-{written.pk}",
                draft=Draft(text=away.text),
            )
    except DomainError:  # read-only meanwhile: there is nothing to tell then
        return 0
    return 1
