"""What sockets are sent: fragments of the pages' own templates, rendered once for all who watch and read one language.

A frame is (group, event). An event is what a consumer forwards; `unread` is looked up for the socket's member, and what
`in` holds for the language that they read takes the place of `html`.
"""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from channels_app.models import ChannelTeam
from inbox.models import Chat
from inbox.realtime.groups import Watchers, channel_group, chat_group, member_group, workspace_group
from inbox.realtime.pokes import Poke
from inbox.selectors.chat_list import chat_rows
from inbox.selectors.messages import bubbles, messages_by_ids
from inbox.selectors.standings import standings_of
from inbox.selectors.threads import notes_by_ids
from inbox.selectors.unread import unread_by_member
from workspaces.models import Member, Workspace
from workspaces.templatetags.faces import hue, initials

Frame = tuple[str, dict[str, Any]]


def frames_for(pokes: Iterable[Poke], watchers: Watchers | None) -> list[Frame]:
    """The frames that tell of `pokes`. With `watchers`, only for groups that somebody in this process watches."""
    pokes = list(pokes)
    slugs = dict(Workspace.objects.filter(id__in={poke.workspace_id for poke in pokes}).values_list("id", "slug"))
    kept = _kept(slugs)
    frames: list[Frame] = []
    for poke in pokes:
        if poke.workspace_id not in slugs:
            continue
        if poke.kind in {"presence", "company", "channel", "member", "mention", "access"}:
            frames += _told_at_once(poke, kept)
        elif poke.kind == "notes":
            frames += _notes(poke, slugs[poke.workspace_id], watchers)
        else:
            frames += _messages(poke, slugs[poke.workspace_id], watchers)
    changed: dict[uuid.UUID, list[uuid.UUID]] = {}
    for poke in pokes:
        if poke.kind in {"messages", "chat"}:
            changed.setdefault(poke.workspace_id, []).append(poke.subject_id)
    for workspace_id, chat_ids in changed.items():
        if workspace_id in slugs:
            frames += _rows(workspace_id, slugs[workspace_id], set(chat_ids), watchers, kept)
    return frames


def _kept(workspace_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The channels that are kept for teams: what is told of them goes to a group of their own."""
    return set(ChannelTeam.objects.filter(workspace_id__in=workspace_ids).values_list("channel_id", flat=True))


def _group_of(workspace_id: uuid.UUID, channel_id: uuid.UUID | None, kept: Collection[uuid.UUID]) -> str:
    return channel_group(channel_id) if channel_id in kept else workspace_group(workspace_id)


def _told_at_once(poke: Poke, kept: Collection[uuid.UUID]) -> list[Frame]:
    subject = str(poke.subject_id)
    match poke.kind:
        case "presence":
            event = {"type": "presence", "chat": subject, "status": poke.detail}
            chats = Chat.objects.filter(pk=poke.subject_id) if kept else Chat.objects.none()
            channel_id = chats.values_list("channel_id", flat=True).first()
            return [(_group_of(poke.workspace_id, channel_id, kept), event)]
        case "access":
            return [(workspace_group(poke.workspace_id), {"type": "access"})]
        case "company":
            return _company(poke)
        case "mention":
            chat, _, note = poke.detail.partition(" ")
            return [(member_group(poke.subject_id), {"type": "mention", "chat": chat, "note": note})]
        case "channel":
            group = _group_of(poke.workspace_id, poke.subject_id, kept)
            return [(group, {"type": "channel", "channel": subject})]
    return [(member_group(poke.subject_id), {"type": "member", "detail": poke.detail})]


def _company(poke: Poke) -> list[Frame]:
    """Somebody of the team came into a chat, is there, types, or left; with the face that the page shows."""
    member_id, _, state = poke.detail.partition(" ")
    found = Member.objects.filter(pk=member_id, workspace_id=poke.workspace_id)
    name = found.values_list("user__name", flat=True).first()
    if name is None:
        return []
    event = {
        "type": "company",
        "chat": str(poke.subject_id),
        "member": member_id,
        "state": state,
        "name": name,
        "initials": initials(name),
        "hue": hue(uuid.UUID(member_id)),
    }
    return [(chat_group(poke.subject_id), event)]


def _messages(poke: Poke, slug: str, watchers: Watchers | None) -> list[Frame]:
    group = chat_group(poke.subject_id)
    if poke.kind != "messages" or (watchers is not None and not watchers.members_of(group)):
        return []
    chat = str(poke.subject_id)
    if poke.many:
        return [(group, {"type": "resync", "chat": chat})]
    frames: list[Frame] = []
    if poke.removed:
        frames.append((group, {"type": "removed", "chat": chat, "ids": [str(key) for key in poke.removed]}))
    for bubble in bubbles(messages_by_ids(poke.subject_id, poke.message_ids)):
        message = bubble.message
        event = {
            "type": "message",
            "chat": chat,
            "id": str(message.id),
            "version": message.version,
            **_drawn("inbox/_message.html", {"bubble": bubble, "slug": slug}, group, watchers),
        }
        frames.append((group, event))
    return frames


def _notes(poke: Poke, slug: str, watchers: Watchers | None) -> list[Frame]:
    """A note travels as a message does, and only to those who have its chat open."""
    group = chat_group(poke.subject_id)
    if watchers is not None and not watchers.members_of(group):
        return []
    chat = str(poke.subject_id)
    if poke.many:
        return [(group, {"type": "resync", "chat": chat})]
    return [
        (
            group,
            {
                "type": "message",
                "chat": chat,
                "id": str(bubble.note.id),
                "version": bubble.note.version,
                **_drawn("inbox/_note.html", {"bubble": bubble, "slug": slug}, group, watchers),
            },
        )
        for bubble in notes_by_ids(poke.subject_id, poke.message_ids)
    ]


def _rows(
    workspace_id: uuid.UUID,
    slug: str,
    chat_ids: Collection[uuid.UUID],
    watchers: Watchers | None,
    kept: Collection[uuid.UUID],
) -> list[Frame]:
    members = living_members(workspace_id) if watchers is None else watchers.members_of(workspace_group(workspace_id))
    if not members:
        return []
    chats = Chat.objects.filter(workspace_id=workspace_id, pk__in=chat_ids)
    around = {"standings": standings_of(workspace_id), "slug": slug}
    unread = unread_by_member(chat_ids, members)
    everybody = workspace_group(workspace_id)
    return [
        (
            _group_of(workspace_id, row.chat.channel_id, kept),
            {
                "type": "chat",
                "chat": str(row.chat.id),
                "at": row.chat.last_message_at.isoformat(),
                **_drawn("inbox/_chat_row.html", {"row": row, **around}, everybody, watchers),
                "unread": {str(member): count for member, count in unread[row.chat.id].items()},
            },
        )
        for row in chat_rows(None, chats.select_related("channel", "contact", "assigned_to__user"))
    ]


def _drawn(template: str, context: dict[str, Any], group: str, watchers: Watchers | None) -> dict[str, Any]:
    """The fragment in English, and in each other language that somebody of the group reads."""
    languages = dict(settings.LANGUAGES) if watchers is None else watchers.languages_of(group)
    drawn = {}
    for language in {settings.LANGUAGE_CODE, *languages}:
        with translation.override(language):
            drawn[language] = render_to_string(template, context)
    html = drawn.pop(settings.LANGUAGE_CODE)
    return {"html": html, "in": drawn} if drawn else {"html": html}


def living_members(workspace_id: uuid.UUID) -> set[uuid.UUID]:
    found = Member.objects.filter(workspace_id=workspace_id, removed_at__isnull=True)
    return set(found.values_list("id", flat=True))
