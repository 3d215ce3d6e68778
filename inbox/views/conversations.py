"""One chat: the conversation, and what stands above it."""

import uuid
from typing import Any

from csp.constants import SELF
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from channels_app.services.templates import needs_template
from inbox.access import chat_for, chat_opened_by
from inbox.errors import NoSuchChat
from inbox.models import Chat
from inbox.policy import smallest_id_at
from inbox.selectors.chat_list import title_of
from inbox.selectors.standings import standing_in
from inbox.selectors.threads import cursor_at_row, drawn, row_in, thread_page
from inbox.services.reading import mark_read
from inbox.views.asked import key_of
from inbox.views.chat_list import fragment_context, page_context
from inbox.views.refusals import in_words
from kernel.clock import now
from kernel.ids import new_id
from workspaces.models import Member
from workspaces.views.guard import member_view

MESSAGES = 50


@member_view
@require_safe
def chat_detail(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """The whole page; or, for the script that changes chats in place, the conversation alone."""
    chat = chat_opened_by(request.member, chat_id)
    conversation = conversation_context(request, chat)
    if request.htmx:
        return render(request, "inbox/_conversation.html", conversation)
    pane = request.GET.get("pane") == "1"
    context = {**page_context(request), **conversation, "selected": chat.id, "pane": pane}
    response = render(request, "inbox/inbox.html", context)
    return framed(response) if pane else response


@member_view
@require_safe
def chat_standing(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Whether the channel of the chat can send now."""
    chat = chat_for(request.member, chat_id)
    context = {**fragment_context(request.member), "chat": chat, "standing": standing_in(chat)}
    return render(request, "inbox/_standing.html", context)


@member_view
@require_POST
@in_words
def chat_read(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    mark_read(actor=request.member, chat=chat_for(request.member, chat_id))
    return HttpResponse(status=204)


def framed(response: HttpResponse) -> HttpResponse:
    """May stand in a frame of our own pages: the second conversation of a wide screen."""
    response["X-Frame-Options"] = "SAMEORIGIN"
    response._csp_replace = {"frame-ancestors": [SELF]}
    return response


def conversation_context(request: HttpRequest, chat: Chat) -> dict[str, Any]:
    """The newest messages and notes; or, with `?at=`, those round one of them. The chat came from chat_opened_by."""
    member: Member = request.member
    read_at = now()  # what is committed later than this is told by frames
    around = None
    if asked := request.GET.get("at"):
        around = row_in(chat, key_of(asked))
        if around is None:
            raise NoSuchChat
    page = thread_page(chat, limit=MESSAGES, around=around)
    return {
        **fragment_context(member),
        "chat": chat,
        "title": title_of(chat),
        "bubbles": drawn(reversed(page.rows)),
        "older": page.next,
        "newer": cursor_at_row(page.rows[0]) if around is not None else "",
        "read_at": read_at,
        "read_up_to": chat.my_read_up_to or smallest_id_at(member.joined_at),
        "draft": chat.my_draft or {},
        "window_closed": chat.kind == "direct" and needs_template(chat.channel, chat.window_expires_at, read_at),
        "standing": standing_in(chat),
        "fresh_client_id": new_id(),
    }
