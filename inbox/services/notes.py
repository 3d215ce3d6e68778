"""What the team writes to itself in a chat. Nothing here knows the outbox: a note never leaves."""

import re
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F

from inbox.access import chats_visible_to
from inbox.errors import EmptyMessage, MessageTooLong, NotPossibleNow
from inbox.events import Mentioned, NotesChanged
from inbox.models import Chat, Mention, Note
from inbox.policy import text_limit
from inbox.services.drafts import clear_draft
from inbox.services.sending import check_client_id
from kernel.clock import now
from kernel.errors import Forbidden
from kernel.events import publish
from workspaces.access import Actor, author_of, name_of, require
from workspaces.models import Member
from workspaces.roles import Permission
from workspaces.selectors.people import members_of


def write_note(*, actor: Actor, chat: Chat, client_id: str, text: str) -> Note:
    """The note; who is named in it as @Name is told. The same `client_id` again: the same note.

    Raises Forbidden, EmptyMessage, MessageTooLong, Invalid.
    """
    require(actor, Permission.WRITE_MESSAGES)
    check_client_id(client_id)
    _check(text)
    known = Note.objects.filter(workspace_id=chat.workspace_id, client_id=client_id)
    try:
        with transaction.atomic():
            note = Note.objects.create(
                workspace_id=chat.workspace_id,
                chat=chat,
                author=author_of(actor),
                author_name=name_of(actor)[:200],
                client_id=client_id,
                text=text,
            )
            _mention(actor, chat, note)
            clear_draft(actor=actor, chat=chat, text=text)
            _tell(chat, note)
    except IntegrityError:
        note = known.filter(chat=chat).first()
        if note is None:
            raise
    return note


def edit_note(*, actor: Actor, note: Note, text: str) -> Note:
    """Raises Forbidden for a note of somebody else, NotPossibleNow, EmptyMessage, MessageTooLong."""
    _check_own(actor, note)
    _check(text)
    with transaction.atomic():
        Note.objects.filter(pk=note.pk).update(text=text, edited_at=now(), version=F("version") + 1)
        note.refresh_from_db()
        _mention(actor, note.chat, note)
        _tell(note.chat, note)
    return note


def delete_note(*, actor: Actor, note: Note) -> Note:
    """Its text is gone for everybody; that there was one stays. Raises Forbidden, NotPossibleNow."""
    _check_own(actor, note)
    with transaction.atomic():
        Note.objects.filter(pk=note.pk).update(text="", deleted_at=now(), version=F("version") + 1)
        Mention.objects.filter(note=note).delete()
        note.refresh_from_db()
        _tell(note.chat, note)
    return note


def read_mentions(*, member: Member, chat: Chat) -> bool:
    """The member has seen where they were named in the chat. Returns whether anything was unread."""
    unread = Mention.objects.filter(member=member, read_at__isnull=True, note__chat=chat)
    return bool(unread.update(read_at=now()))


def mentioned_in(text: str, members: Sequence[Member]) -> list[Member]:
    """Who is named as @Name. The longest name wins, so that @Ana Example does not also mean an Ana."""
    named = []
    for member in sorted(members, key=lambda one: -len(one.user.name)):
        pattern = re.compile(rf"@{re.escape(member.user.name)}(?!\w)", re.IGNORECASE)
        if member.user.name and pattern.search(text):
            named.append(member)
    for member in named:
        text = re.sub(rf"@{re.escape(member.user.name)}(?!\w)", " ", text, flags=re.IGNORECASE)
    first_names: dict[str, list[Member]] = {}
    for member in members:
        first_names.setdefault(member.user.name.split(" ")[0].lower(), []).append(member)
    for word in re.findall(r"@(\w+)", text):
        alike = first_names.get(word.lower(), [])
        if len(alike) == 1 and alike[0] not in named:
            named.append(alike[0])
    return named


def _check(text: str) -> None:
    if not text.strip():
        raise EmptyMessage(fields={"text": ["needed"]})
    if len(text) > text_limit():
        raise MessageTooLong(fields={"text": [f"at most {text_limit():,} characters"]})


def _check_own(actor: Actor, note: Note) -> None:
    require(actor, Permission.WRITE_MESSAGES)
    author = author_of(actor)
    if author is None or note.author_id != author.pk:
        raise Forbidden("A note is changed by who wrote it.")
    if note.deleted_at is not None:
        raise NotPossibleNow("The note was deleted.")


def _mention(actor: Actor, chat: Chat, note: Note) -> None:
    """Rows for those who are named now. Who cannot see the chat is not told of it."""
    author = author_of(actor)
    if "@" not in note.text:
        Mention.objects.filter(note=note).delete()
        return
    named = mentioned_in(note.text, list(members_of(chat.workspace)))
    allowed = [one for one in named if chats_visible_to(one).filter(pk=chat.pk).exists()]
    Mention.objects.filter(note=note).exclude(member__in=allowed).delete()
    before = set(Mention.objects.filter(note=note).values_list("member_id", flat=True))
    new = [member for member in allowed if member.pk not in before]
    Mention.objects.bulk_create(
        Mention(
            workspace_id=chat.workspace_id,
            note=note,
            member=member,
            # Who may only look has no cursor that could read it later.
            read_at=None if member != author and member.may(Permission.WRITE_MESSAGES) else now(),
        )
        for member in new
    )
    told = tuple(member.pk for member in new if member != author)
    if told:
        publish(Mentioned(workspace_id=chat.workspace_id, chat_id=chat.pk, note_id=note.pk, member_ids=told))


def _tell(chat: Chat, note: Note) -> None:
    publish(
        NotesChanged(workspace_id=chat.workspace_id, channel_id=chat.channel_id, chat_id=chat.pk, note_ids=(note.pk,))
    )
