"""Lines in a conversation that nobody wrote: in a group, who came, went, and became an admin."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from channels_app.providers.base import InboundParticipants
from inbox.models import ContactAddress, Message, Participant
from inbox.services.ingesting.chats import Chats
from inbox.services.ingesting.heard import Heard
from inbox.services.ingesting.messages import Arrived
from inbox.states import Direction, MessageStatus, MessageType
from kernel.clock import now

LINES = {
    "add": "{who} joined",
    "remove": "{who} left",
    "promote": "{who} became an admin",
    "demote": "{who} is no longer an admin",
}
OURSELVES = "Our number"
NAMED_AT_MOST = 5

Place = tuple[uuid.UUID, str]  # chat id, wa_id


def announce_participants(batch: Iterable[Heard], chats: Chats, arrived: Arrived) -> None:
    """Insert a line for every event that changes who is in a group; call before the change is written.

    What is so already gets no line, so an event that is told twice is one line. The lines count as ours and not as
    unread, and do not move the chat in the list.
    """
    events = [h for h in batch if isinstance(h.value, InboundParticipants) and h.value.action in LINES and not h.again]
    if not events:
        return
    places = [(chats.id_of[h.source.channel_id, h.value.wa_chat_id], h) for h in events]
    known = Participant.objects.filter(chat_id__in={chat_id for chat_id, _ in places})
    standing = {(p.chat_id, p.wa_id): (p.left, p.rank) for p in known}
    news = [(chat_id, h, people) for chat_id, h in places if (people := _changed(standing, chat_id, h.value))]
    names = _names({(h.source.workspace_id, who) for _, h, people in news for who in people})
    lines = [_line(chat_id, h, people, names) for chat_id, h, people in news]
    Message.objects.bulk_create(lines)
    for line in lines:
        arrived.created.setdefault(line.chat_id, []).append(line.pk)


def nobodys_line(
    workspace_id: uuid.UUID, channel_id: uuid.UUID, chat_id: uuid.UUID, *, text: str, at: datetime
) -> Message:
    """A line, not saved yet. It counts as ours: nobody has to read it."""
    return Message(
        workspace_id=workspace_id,
        channel_id=channel_id,
        chat_id=chat_id,
        direction=Direction.OUTBOUND,
        type=MessageType.SYSTEM,
        text=text,
        original_text=text,
        source="system",
        status=MessageStatus.SENT,
        sort_at=at,
    )


def _changed(standing: dict[Place, tuple[bool, str]], chat_id: uuid.UUID, value: InboundParticipants) -> list[str]:
    """For whom the event is news; `standing` is moved on."""
    news = []
    for wa_id in value.wa_ids:
        before = standing.get((chat_id, wa_id))
        rank = before[1] if before else "member"
        after = {
            "add": (False, rank),
            "remove": (True, "member"),
            "promote": (False, "admin"),
            "demote": (False, "member"),
        }[value.action]
        standing[chat_id, wa_id] = after
        if after != before and (before is not None or value.action != "demote"):
            news.append(wa_id)
    return news


def _names(people: set[tuple[uuid.UUID, str]]) -> dict[tuple[uuid.UUID, str], str]:
    addresses = ContactAddress.objects.filter(
        workspace_id__in={workspace for workspace, _ in people}, wa_id__in={who for _, who in people}
    ).select_related("contact")
    return {(address.workspace_id, address.wa_id): address.contact.display_name for address in addresses}


def _line(chat_id: uuid.UUID, heard: Heard, people: list[str], names: dict[tuple[uuid.UUID, str], str]) -> Message:
    source = heard.source
    shown = [
        OURSELVES if who == source.own_wa_id else names.get((source.workspace_id, who)) or _number(who)
        for who in people[:NAMED_AT_MOST]
    ]
    if more := len(people) - len(shown):
        shown.append(f"{more} more")
    text = LINES[heard.value.action].format(who=", ".join(shown))
    return nobodys_line(source.workspace_id, source.channel_id, chat_id, text=text, at=now())


def _number(wa_id: str) -> str:
    digits, _, server = wa_id.partition("@")
    return f"+{digits}" if server == "s.whatsapp.net" else digits
