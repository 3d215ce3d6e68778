"""The chat list: newest activity first, with what each row shows; the same few queries for any number of rows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inbox.models import Chat, ChatLabel, Label, Message, ReadCursor
from inbox.models.message import COUNTS_AS_UNREAD
from inbox.policy import COUNT_CAP, phone_number_of, smallest_id_at
from inbox.selectors.keyset import cursor_at, newest_page, older_than, position
from inbox.selectors.labels import labels_on
from inbox.selectors.personal import NOTHING, Personal, personal_to
from inbox.selectors.search import chat_ids_matching
from inbox.states import ChatState, MessageType
from kernel.clock import now
from kernel.errors import Invalid
from kernel.paging import Page
from kernel.sayings import said
from workspaces.access import Actor, author_of
from workspaces.models import Member

SCAN_MAX = 1000
"""Chats looked at for one page of unread ones. It may come short, with a cursor that goes on after the last one."""

NIL = uuid.UUID(int=0)

WORDS_FOR_TYPES = {
    MessageType.IMAGE: _("Photo"),
    MessageType.VIDEO: _("Video"),
    MessageType.AUDIO: _("Audio"),
    MessageType.VOICE: _("Voice message"),
    MessageType.DOCUMENT: _("Document"),
    MessageType.STICKER: _("Sticker"),
    MessageType.LOCATION: _("Location"),
    MessageType.CONTACTS: _("Contact"),
    MessageType.POLL: _("Poll"),
    MessageType.CALL: _("Call"),
    MessageType.INTERACTIVE: _("Interactive message"),
    MessageType.TEMPLATE: _("Template"),
    MessageType.UNSUPPORTED: _("A message that cannot be shown here"),
}


@dataclass(frozen=True)
class ChatRow:
    """A chat as the list shows it. `unread_count` stops at 100."""

    chat: Chat
    last_message: Message | None
    unread_count: int
    assignee: Member | None
    labels: tuple[Label, ...]
    muted: bool
    personal: Personal

    @property
    def title(self) -> str:
        """In the reader's language, as the preview: a row may be drawn for several."""
        return title_of(self.chat)

    @property
    def preview(self) -> str:
        return preview_of(self.last_message)


@dataclass(frozen=True)
class TabCounts:
    """Open chats per tab; each stops at 100."""

    mine: int
    unassigned: int
    all: int


def chat_page(
    actor: Actor,
    *,
    channel: uuid.UUID | None = None,
    assigned: str | None = None,
    member: uuid.UUID | None = None,
    unread: bool = False,
    state: str | None = None,
    label: uuid.UUID | None = None,
    q: str = "",
    texts: bool = True,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Page of ChatRow, newest activity first. `assigned` is "me", "none" or a member's id; `state` a ChatState.

    With `member`, those of them that lie with that member. Raises Invalid.
    """
    chats = Chat.objects.visible_to(actor)
    if channel is not None:
        chats = chats.filter(channel_id=channel)
    if assigned:
        chats = chats.filter(_assigned(actor, assigned))
    if member is not None:
        chats = chats.filter(assigned_to_id=member)
    if state is not None:
        chats = chats.filter(state=state)
    if label is not None:
        chats = chats.filter(Exists(ChatLabel.objects.filter(chat=OuterRef("pk"), label=label)))
    if q.strip():
        chats = chats.filter(pk__in=chat_ids_matching(actor, q, texts=texts))
    page = _unread_page(actor, chats, cursor, limit) if unread else _page(chats, cursor, limit)
    return Page(rows=chat_rows(actor, page.rows), next=page.next)


def chat_row(actor: Actor, chat_id: uuid.UUID) -> ChatRow | None:
    """One row as `actor` sees it, or None when they do not see the chat (any more)."""
    return next(iter(chat_rows(actor, _with_people(Chat.objects.visible_to(actor).filter(pk=chat_id)))), None)


def chat_rows(actor: Actor, chats: Sequence[Chat] | QuerySet) -> list[ChatRow]:
    """Four queries for any number of chats: last messages, labels, what is unread, what concerns the actor alone."""
    chats = list(chats)
    last_ids = [chat.last_message_id for chat in chats if chat.last_message_id]
    last = {}
    if last_ids:
        last = Message.objects.select_related("sender_member__user", "sender_contact").defer("search").in_bulk(last_ids)
    unread = unread_counts(actor, [chat.pk for chat in chats])
    labels = labels_on([chat.pk for chat in chats])
    personal = personal_to(actor, [chat.pk for chat in chats])
    return [
        ChatRow(
            chat=chat,
            last_message=last.get(chat.last_message_id),
            unread_count=unread.get(chat.pk, 0),
            assignee=chat.assigned_to,
            labels=tuple(labels.get(chat.pk, ())),
            muted=is_muted(chat),
            personal=personal.get(chat.pk, NOTHING),
        )
        for chat in chats
    ]


def tab_counts(actor: Actor) -> TabCounts:
    """How many open chats each tab holds. Counting stops at 100, so it costs the same for any number of chats."""
    chats = Chat.objects.visible_to(actor).filter(state=ChatState.OPEN)
    member = author_of(actor)
    mine = chats.filter(assigned_to=member) if member is not None else chats.none()
    return TabCounts(
        mine=mine[:COUNT_CAP].count(),
        unassigned=chats.filter(assigned_to__isnull=True)[:COUNT_CAP].count(),
        all=chats[:COUNT_CAP].count(),
    )


def unread_counts(actor: Actor, chat_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Inbound messages since the member (for an API key: anybody) read, at most 100 per chat; 1 if marked unread."""
    if not chat_ids:
        return {}
    member = author_of(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            # The lateral stops after 100 entries of the partial index message_unread, however long the backlog is.
            """
            SELECT c.id, greatest(count(m.id), coalesce(bool_or(rc.marked_unread), false)::int)
            FROM inbox_chat c
            LEFT JOIN inbox_readcursor rc ON rc.chat_id = c.id AND rc.member_id = %(member)s
            LEFT JOIN LATERAL (
                SELECT id FROM inbox_message
                WHERE chat_id = c.id AND direction = 'inbound' AND source <> 'history'
                  AND id > CASE WHEN %(member)s::uuid IS NULL THEN coalesce(c.read_up_to, %(floor)s)
                                ELSE coalesce(rc.read_up_to, %(floor)s) END
                ORDER BY id DESC LIMIT %(cap)s
            ) m ON true
            WHERE c.id = ANY(%(chats)s)
            GROUP BY c.id
            """,
            {
                "member": member and member.pk,
                "floor": _unread_floor(member),
                "cap": COUNT_CAP,
                "chats": list(chat_ids),
            },
        )
        return dict(cursor.fetchall())


def is_muted(chat: Chat) -> bool:
    """Whether the team hears nothing of it now."""
    return chat.muted_until is not None and chat.muted_until > now()


def title_of(chat: Chat) -> str:
    """The name that people would call it by: the group's subject, the contact's name, the number."""
    known = chat.name if chat.kind == "group" or chat.contact is None else chat.contact.display_name or chat.name
    return (
        known
        or phone_number_of(chat.wa_chat_id)
        or (gettext("Group without a name") if chat.kind == "group" else gettext("Unknown"))
    )


def preview_of(message: Message | None) -> str:
    """One line of text, or a word for what cannot be read in a line."""
    if message is None:
        return ""
    if message.deleted_at is not None:
        return gettext("Deleted")
    if message.type == MessageType.POLL and message.poll:
        return gettext("Poll: %(question)s") % {"question": message.poll.get("question", "")}
    if message.type == MessageType.SYSTEM:
        return said(message.text)
    return " ".join(message.text[:200].split()) or str(WORDS_FOR_TYPES.get(message.type, ""))


def _with_people(chats: QuerySet) -> QuerySet:
    return chats.select_related("channel", "contact", "assigned_to__user")


def _page(chats: QuerySet, cursor: str | None, limit: int) -> Page:
    return newest_page(_with_people(chats), "last_message_at", cursor=cursor, limit=limit)


def _unread_page(actor: Actor, chats: QuerySet, cursor: str | None, limit: int) -> Page:
    """Unread ones among the next SCAN_MAX chats, so that the work does not grow with the chats that are read."""
    if cursor:
        chats = older_than(chats, "last_message_at", *position(cursor))
    window = chats.order_by("-last_message_at", "-id")[:SCAN_MAX]
    unread = _with_people(Chat.objects.filter(pk__in=window.values("pk"))).filter(_is_unread(actor))
    rows = list(unread.order_by("-last_message_at", "-id")[: limit + 1])
    if len(rows) > limit:
        return Page(rows=rows[:limit], next=cursor_at(rows[limit - 1], "last_message_at"))
    last = window[SCAN_MAX - 1 :].only("last_message_at").first()
    return Page(rows=rows, next=cursor_at(last, "last_message_at") if last is not None else None)


def _is_unread(actor: Actor) -> Any:
    member = author_of(actor)
    inbound = Message.objects.filter(COUNTS_AS_UNREAD, chat=OuterRef("pk"))
    if member is None:
        seen = Coalesce(OuterRef("read_up_to"), Value(NIL, output_field=UUIDField()))
        return Exists(inbound.filter(id__gt=seen))
    own = ReadCursor.objects.filter(member=member, chat=OuterRef("pk"))
    seen = Coalesce(
        Subquery(ReadCursor.objects.filter(member=member, chat=OuterRef(OuterRef("pk"))).values("read_up_to")[:1]),
        Value(_unread_floor(member), output_field=UUIDField()),
    )
    return Exists(inbound.filter(id__gt=seen)) | Exists(own.filter(marked_unread=True))


def _unread_floor(member: Member | None) -> uuid.UUID:
    """What came before somebody joined is not news to them."""
    return NIL if member is None else smallest_id_at(member.joined_at)


def _assigned(actor: Actor, assigned: str) -> Q:
    if assigned == "none":
        return Q(assigned_to__isnull=True)
    if assigned == "me":
        member = author_of(actor)
        return Q(assigned_to=member) if member is not None else Q(pk__in=[])
    try:
        return Q(assigned_to_id=uuid.UUID(assigned))
    except ValueError:
        raise Invalid(
            "assigned must be me, none or the id of a member.", fields={"assigned": ["me, none or an id"]}
        ) from None
