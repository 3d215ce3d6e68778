"""One person, one chat: ids that belong together are brought together, and can be taken apart again."""

import logging
import uuid
from collections.abc import Iterable, Sequence

from django.db import DatabaseError, connection, transaction
from django.db.models import Q

from channels_app.models import Channel
from inbox.errors import NotAmongTheirIds
from inbox.events import ChatChanged, MessagesChanged
from inbox.models import Chat, ChatLabel, Contact, ContactAddress, Message, Note, TextDraft
from inbox.policy import other_form_of, phone_number_of
from inbox.states import ChatState, is_group
from kernel.events import publish
from kernel.ids import new_id
from kernel.repeating import again_after_deadlock
from kernel.statements import prepared_cursor
from workspaces.access import Actor, require
from workspaces.roles import Permission
from workspaces.services.auditing import record

log = logging.getLogger("waybill.inbox")

Pair = tuple[uuid.UUID, str, str]  # workspace id, an id, the number of the same person

SHOWN_ANEW = 100
"""So many of the moved messages are told to open pages; what is further up is read when somebody scrolls there."""

# Only pairs of which something is not as it should be: nearly always none.
_NOT_ONE = """
SELECT w.workspace_id, w.wa_id, w.number
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS w (workspace_id, wa_id, number)
LEFT JOIN inbox_contactaddress a ON a.workspace_id = w.workspace_id AND a.wa_id = w.wa_id
LEFT JOIN inbox_contactaddress n ON n.workspace_id = w.workspace_id AND n.wa_id = w.number
WHERE (a.id IS NOT NULL OR n.id IS NOT NULL) AND a.contact_id IS DISTINCT FROM n.contact_id
  AND NOT coalesce(a.kept_apart, false)
"""

# The newest message decides where a chat stands; a chat that has none keeps its place.
_STAND_ANEW = """
UPDATE inbox_chat c SET last_message_id = m.id, last_message_at = m.sort_at
FROM unnest(%s::uuid[]) AS wanted (chat_id)
JOIN LATERAL (
    SELECT id, sort_at FROM inbox_message
    WHERE chat_id = wanted.chat_id AND type <> 'system' ORDER BY sort_at DESC, id DESC LIMIT 1
) m ON true
WHERE c.id = wanted.chat_id
"""

# A cursor says "all up to here is read". What is unread in the chat that comes in must not hide below it.
_SHOW_UNREAD = """
UPDATE inbox_readcursor k SET read_up_to = coalesce(below.id, %(nil)s)
FROM workspaces_member w
CROSS JOIN LATERAL (
    SELECT m.id FROM inbox_message m
    LEFT JOIN inbox_readcursor o ON o.member_id = w.id AND o.chat_id = %(merged)s
    WHERE m.chat_id = %(merged)s AND m.direction = 'inbound' AND m.source <> 'history'
      AND (o.id IS NULL AND m.created_at > w.joined_at OR m.id > o.read_up_to)
    ORDER BY m.id LIMIT 1
) first_unread
LEFT JOIN LATERAL (
    SELECT m.id FROM inbox_message m
    WHERE m.chat_id IN (%(kept)s, %(merged)s) AND m.direction = 'inbound' AND m.source <> 'history'
      AND m.id < first_unread.id
    ORDER BY m.id DESC LIMIT 1
) below ON true
WHERE w.id = k.member_id AND k.chat_id = %(kept)s AND first_unread.id < k.read_up_to
"""

_TAKE_CURSORS = """
INSERT INTO inbox_readcursor (id, workspace_id, member_id, chat_id, read_up_to, marked_unread, read_at)
SELECT gen_random_uuid(), o.workspace_id, o.member_id, %s, o.read_up_to, o.marked_unread, o.read_at
FROM inbox_readcursor o
WHERE o.chat_id = %s AND NOT EXISTS (
    SELECT FROM inbox_message WHERE chat_id = %s AND direction = 'inbound' AND source <> 'history'
)
ON CONFLICT (member_id, chat_id) DO NOTHING
"""

NIL = uuid.UUID(int=0)


def unite(pairs: Iterable[Pair]) -> None:
    """Make one person of both ids of each pair, and one chat of their chats on each channel. Inside a transaction.

    What a person took apart stays apart. Cheap where nothing is to be done.
    """
    wanted = sorted({pair for pair in pairs if pair[1] != pair[2]}, key=str)
    if not wanted:
        return
    with prepared_cursor() as cursor:
        cursor.execute(_NOT_ONE, [list(column) for column in zip(*wanted, strict=True)])
        found = cursor.fetchall()
    for workspace_id, wa_id, number in found:
        _unite(workspace_id, wa_id, number)


def note_normalised(*, workspace_id: uuid.UUID, asked: str, answered: str) -> None:
    """The provider sent to `answered` what was addressed to `asked`: they are one person's. Never fails the send."""
    if not answered or answered == asked or is_group(asked) or is_group(answered):
        return
    number = answered if phone_number_of(answered) else asked
    try:
        with transaction.atomic():
            unite([(workspace_id, asked if number == answered else answered, number)])
    except DatabaseError as error:
        log.warning("identity.not_noted error=%s", type(error).__name__)


def chat_with(channel: Channel, wa_chat_id: str) -> Chat | None:
    """The chat with whoever goes by this id on the channel, also when the chat goes by another id of theirs."""
    chat = Chat.objects.select_related("merged_into").filter(channel=channel, wa_chat_id=wa_chat_id).first()
    if chat is not None:
        return chat.merged_into or chat
    ids = [wa_chat_id, other_form_of(wa_chat_id)]
    person = ContactAddress.objects.filter(workspace_id=channel.workspace_id, wa_id__in=ids).values("contact")
    return Chat.objects.filter(channel=channel, kind="direct", contact__in=person, merged_into=None).first()


@again_after_deadlock
def separate(*, actor: Actor, contact: Contact, wa_id: str) -> Contact:
    """Somebody else goes by this id: give it its former contact, or a new one, and its own chats with what came there.

    Raises Forbidden, NotAmongTheirIds.
    """
    require(actor, Permission.WRITE_MESSAGES)
    with transaction.atomic():
        addresses = ContactAddress.objects.select_for_update().filter(contact=contact).order_by("id")
        address = next((one for one in addresses if one.wa_id == wa_id), None)
        if address is None or len(addresses) < 2:
            raise NotAmongTheirIds
        former = Contact.objects.filter(pk=address.former_contact_id, workspace_id=contact.workspace_id).first()
        other = former or Contact.objects.create(workspace_id=contact.workspace_id)
        address.contact, address.former_contact_id, address.kept_apart = other, None, True
        address.save(update_fields=["contact", "former_contact_id", "kept_apart"])
        Chat.objects.filter(workspace_id=contact.workspace_id, contact=contact, wa_chat_id=wa_id).update(contact=other)
        for chat in Chat.objects.filter(workspace_id=contact.workspace_id, contact=contact, kind="direct"):
            _take_out(chat, other, wa_id)
        details = {"wa_id": wa_id, "from": str(contact.pk)}
        record(actor=actor, deed="contact.separated", target=other, details=details)
    return other


def _unite(workspace_id: uuid.UUID, wa_id: str, number: str) -> None:
    addresses = ContactAddress.objects.select_for_update().filter(workspace_id=workspace_id, wa_id__in=[wa_id, number])
    by_id = {address.wa_id: address for address in addresses.select_related("contact").order_by("id")}
    other, main = by_id.get(wa_id), by_id.get(number)
    if other is not None and main is not None:
        _move_address(other, main.contact)
    elif other is not None or main is not None:
        known = other or main
        missing = number if known is other else wa_id
        ContactAddress.objects.get_or_create(
            workspace_id=workspace_id, wa_id=missing, defaults={"contact": known.contact}
        )
    chats = Chat.objects.filter(workspace_id=workspace_id, wa_chat_id__in=[wa_id, number], merged_into=None)
    by_channel: dict[uuid.UUID, dict[str, Chat]] = {}
    for chat in chats.select_for_update(no_key=True).order_by("id"):
        by_channel.setdefault(chat.channel_id, {})[chat.wa_chat_id] = chat
    for pair in by_channel.values():
        if len(pair) == 2:
            _merge(pair[wa_id], into=pair[number])


def _move_address(address: ContactAddress, contact: Contact) -> None:
    old = address.contact
    if not contact.name and old.name:
        contact.name = old.name
    if old.push_name and (
        contact.push_name_at is None or (old.push_name_at and old.push_name_at > contact.push_name_at)
    ):
        contact.push_name, contact.push_name_at = old.push_name, old.push_name_at
    if old.notes and old.notes not in contact.notes:
        contact.notes = "\n".join(filter(None, (contact.notes, old.notes)))
    contact.save(update_fields=["name", "push_name", "push_name_at", "notes"])
    ContactAddress.objects.filter(pk=address.pk).update(contact=contact, former_contact_id=old.pk)
    Chat.objects.filter(workspace_id=address.workspace_id, contact=old, wa_chat_id=address.wa_id).update(
        contact=contact
    )


def _merge(chat: Chat, *, into: Chat) -> None:
    """Move everything of `chat` into the other; its row stays, as the other name of that chat. Both are locked."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_CURSORS, [into.pk, chat.pk, into.pk])
        cursor.execute(_SHOW_UNREAD, {"kept": into.pk, "merged": chat.pk, "nil": NIL})
    moved = Message.objects.filter(chat=chat)
    moved.filter(came_as="").update(came_as=chat.wa_chat_id)
    newest = list(moved.order_by("-sort_at", "-id").values_list("pk", flat=True)[:SHOWN_ANEW])
    moved.update(chat=into)
    Note.objects.filter(chat=chat).update(chat=into)
    taken = ChatLabel.objects.filter(chat=into).values("label")
    ChatLabel.objects.filter(chat=chat).exclude(label__in=taken).update(chat=into)
    TextDraft.objects.filter(chat=chat).exclude(member__in=TextDraft.objects.filter(chat=into).values("member")).update(
        chat=into
    )
    values = {"assigned_to_id": into.assigned_to_id or chat.assigned_to_id}
    if chat.state == ChatState.OPEN:
        values |= {"state": ChatState.OPEN, "done_at": None, "snoozed_until": None}
    Chat.objects.filter(pk=into.pk).update(**values)
    Chat.objects.filter(Q(pk=chat.pk) | Q(merged_into=chat)).update(merged_into=into)
    _stand_anew([into.pk])
    _publish([chat, into], into, newest)


def _take_out(chat: Chat, other: Contact, wa_id: str) -> None:
    """What came into `chat` under the id `wa_id` becomes a chat of its own again."""
    came = Message.objects.filter(chat=chat, came_as=wa_id)
    own = Chat.objects.filter(channel_id=chat.channel_id, wa_chat_id=wa_id, merged_into=chat).first()
    if own is None:
        if not came.exists():
            return
        own = Chat(
            id=new_id(),
            workspace_id=chat.workspace_id,
            channel_id=chat.channel_id,
            wa_chat_id=wa_id,
            kind="direct",
        )
    own.merged_into, own.contact, own.state = None, other, ChatState.OPEN
    own.done_at = own.snoozed_until = None
    own.save()
    newest = list(came.order_by("-sort_at", "-id").values_list("pk", flat=True)[: SHOWN_ANEW + 1])
    came.update(chat=own, came_as="")
    _stand_anew([chat.pk, own.pk])
    _publish([chat, own], own, newest[:SHOWN_ANEW])
    publish(MessagesChanged(chat.workspace_id, chat.channel_id, chat.pk, (), removed=tuple(newest)))


def _stand_anew(chat_ids: Sequence[uuid.UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STAND_ANEW, [list(chat_ids)])


def _publish(changed: Sequence[Chat], holder: Chat, moved: Sequence[uuid.UUID]) -> None:
    publish(
        *(ChatChanged(workspace_id=c.workspace_id, channel_id=c.channel_id, chat_id=c.pk) for c in changed),
        MessagesChanged(holder.workspace_id, holder.channel_id, holder.pk, tuple(moved)),
    )
