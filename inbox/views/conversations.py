"""One chat: the conversation, what stands above it, its details, and who takes care of it."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from inbox.access import chat_for, message_for
from inbox.errors import NoSuchChat
from inbox.models import Chat
from inbox.policy import phone_number_of
from inbox.selectors.chat_list import read_up_to, title_of
from inbox.selectors.messages import bubbles, cursor_of, messages_page
from inbox.selectors.people import participants_of
from inbox.selectors.standings import standing_in
from inbox.services.assigning import assign_chat
from inbox.services.reading import mark_read
from inbox.views.chat_list import fragment_context, page_context
from inbox.views.refusals import in_words
from kernel.clock import now
from kernel.errors import NotFound
from kernel.ids import new_id
from workspaces.models import Member
from workspaces.selectors.people import members_of
from workspaces.views.guard import member_view

MESSAGES = 50
PARTICIPANTS = 300


@member_view
@require_safe
def chat_detail(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """The whole page; or, for the script that changes chats in place, the conversation alone."""
    chat = chat_for(request.member, chat_id)
    conversation = conversation_context(request, chat)
    if request.htmx:
        return render(request, "inbox/_conversation.html", conversation)
    return render(request, "inbox/inbox.html", {**page_context(request), **conversation, "selected": chat.id})


@member_view
@require_safe
def chat_standing(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Whether the channel of the chat can send now."""
    chat = chat_for(request.member, chat_id)
    context = {**fragment_context(request.member), "chat": chat, "standing": standing_in(chat)}
    return render(request, "inbox/_standing.html", context)


@member_view
@require_safe
def chat_info(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    return _details(request, chat_for(request.member, chat_id))


@member_view
@require_POST
@in_words
def chat_assign(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Give the chat to the member named, or to nobody."""
    chat = chat_for(request.member, chat_id)
    member = None
    if asked := request.POST.get("member"):
        member = members_of(request.member.workspace).filter(pk=_key(asked)).first()
        if member is None:
            raise NotFound("That person is not a member any more.")
    assign_chat(actor=request.member, chat=chat, member=member)
    return _details(request, chat_for(request.member, chat_id))


@member_view
@require_POST
@in_words
def chat_read(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    mark_read(actor=request.member, chat=chat_for(request.member, chat_id))
    return HttpResponse(status=204)


def conversation_context(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """The newest messages; or, with `?at=`, those round one message."""
    member: Member = request.member
    read_at = now()  # what is committed later than this is told by frames
    around = None
    if asked := request.GET.get("at"):
        around = message_for(member, _key(asked))
        if around.chat_id != chat.id:
            raise NoSuchChat
    page = messages_page(chat, limit=MESSAGES, around=around)
    return {
        **fragment_context(member),
        "chat": chat,
        "title": title_of(chat),
        "bubbles": bubbles(reversed(page.rows)),
        "older": page.next,
        "newer": cursor_of(page.rows[0]) if around is not None else "",
        "read_at": read_at,
        "read_up_to": read_up_to(member, chat),
        "standing": standing_in(chat),
        "fresh_client_id": new_id(),
    }


def _details(request: HttpRequest, chat: Chat) -> HttpResponse:
    people = participants_of(chat, limit=PARTICIPANTS + 1) if chat.kind == "group" else []
    context = {
        **fragment_context(request.member),
        "chat": chat,
        "title": title_of(chat),
        "members": [member for member in members_of(request.member.workspace) if member.role != "viewer"],
        "addresses": [chat.wa_chat_id] if not phone_number_of(chat.wa_chat_id) else [],
        "participants": people[:PARTICIPANTS],
        "more_participants": len(people) > PARTICIPANTS,
    }
    return render(request, "inbox/_details.html", context)


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound from None
