"""Messages of a chat: pages of them, writing one, and what a person can do about it."""

import uuid
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox.access import attachment_for, chat_for, message_for
from inbox.errors import ChatMovedOn, NoSuchTime
from inbox.jobs import Draft
from inbox.models import Chat, Message
from inbox.selectors.messages import bubbles, sender_name_of
from inbox.selectors.threads import cursor_at_row, drawn, thread_from, thread_page
from inbox.services.editing import edit_message, react, revoke_message
from inbox.services.resolving import cancel_message, mark_sent, retry_message
from inbox.services.scheduling import reschedule_message
from inbox.services.sending import send_message
from inbox.views.asked import key_given, text_in
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.clock import now
from workspaces.access import require
from workspaces.roles import Permission
from workspaces.views.guard import member_view

MESSAGES = 50

DEEDS = {"retry": retry_message, "cancel": cancel_message, "mark-sent": mark_sent}


@member_view
@require_http_methods(["GET", "HEAD", "POST"])
@in_words
def message_list(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = chat_for(request.member, chat_id)
    return _send(request, chat) if request.method == "POST" else _page(request, chat)


@member_view
@require_POST
@in_words
def message_resolve(request: HttpRequest, message_id: uuid.UUID, deed: str) -> HttpResponse:
    """Retry, cancel or mark as sent; answers with the message as it then stands."""
    DEEDS[deed](actor=request.member, message=message_for(request.member, message_id))
    return _one(request, message_for(request.member, message_id))


@member_view
@require_POST
@in_words
def message_react(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    message = message_for(request.member, message_id)
    react(actor=request.member, message=message, emoji=request.POST.get("emoji", ""))
    return _one(request, message_for(request.member, message_id))


@member_view
@require_POST
@in_words
def message_edit(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Another text for a message of ours; answers with the message, which says that it is being changed."""
    edit_message(actor=request.member, message=message_for(request.member, message_id), text=text_in(request))
    return _one(request, message_for(request.member, message_id))


@member_view
@require_POST
@in_words
def message_revoke(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Delete it for everybody; answers with the message, which says that it is being deleted."""
    revoke_message(actor=request.member, message=message_for(request.member, message_id))
    return _one(request, message_for(request.member, message_id))


@member_view
@require_POST
@in_words
def message_reschedule(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Another time for a scheduled message; without `due_at` it is sent now."""
    message = message_for(request.member, message_id)
    reschedule_message(actor=request.member, message=message, due_at=_due_at(request))
    return _one(request, message_for(request.member, message_id))


@member_view
@require_safe
@in_words
def message_deleted(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """What a deleted message said, for those who may still know."""
    require(request.member, Permission.SEE_DELETED)
    message = message_for(request.member, message_id)
    return render(request, "inbox/_deleted.html", {"message": message})


def _send(request: HttpRequest, chat: Chat) -> HttpResponse:
    due_at = _due_at(request)
    try:
        message = send_message(
            actor=request.member,
            chat=chat,
            client_id=request.POST.get("client_id", ""),
            draft=_draft(request),
            due_at=due_at,
            hold_seconds=request.user.undo_seconds if due_at is None else 0,
            seen=key_given(request.POST, "seen"),
        )
    except ChatMovedOn as moved:
        context = {"message": moved.newest, "who": sender_name_of(moved.newest)}
        return render(request, "inbox/_guard.html", context, status=moved.status)
    if not request.htmx:
        return redirect("inbox:chat-detail", slug=request.member.workspace.slug, chat_id=chat.id)
    return _one(request, message_for(request.member, message.id), status=202)


def _draft(request: HttpRequest) -> Draft:
    quoted_id = key_given(request.POST, "quoted")
    attachment_id = key_given(request.POST, "attachment")
    kind = attachment_for(request.member, attachment_id).kind if attachment_id else "text"
    return Draft(type=kind, text=text_in(request), quoted_id=quoted_id, attachment_id=attachment_id)


def _due_at(request: HttpRequest) -> datetime | None:
    """When it is to be sent, if the form says so. Raises NoSuchTime."""
    asked = request.POST.get("due_at")
    if not asked:
        return None
    try:
        due_at = datetime.fromisoformat(asked)
    except ValueError:
        raise NoSuchTime from None
    if due_at.tzinfo is None:
        raise NoSuchTime
    return due_at


def _page(request: HttpRequest, chat: Chat) -> HttpResponse:
    """Oldest first. `from`: everything from that message on; `newer`: what follows a cursor; else what precedes it.

    The headers tell where to go on: X-Older, X-Newer (absent when there is nothing) and X-Read-At.
    """
    read_at = now()
    headers = {}
    if first := key_given(request.GET, "from"):
        rows = thread_from(chat, first)
        if rows and rows[0].id != first:
            headers["X-Older"] = cursor_at_row(rows[0])
    elif cursor := request.GET.get("newer"):
        page = thread_page(chat, cursor=cursor, limit=MESSAGES, direction="newer")
        rows = page.rows
        if page.next:
            headers["X-Newer"] = page.next
    else:
        page = thread_page(chat, cursor=request.GET.get("older"), limit=MESSAGES)
        rows = page.rows[::-1]
        if page.next:
            headers["X-Older"] = page.next
    headers["X-Read-At"] = read_at.isoformat()
    context = {**fragment_context(request.member), "bubbles": drawn(rows)}
    response = render(request, "inbox/_messages.html", context)
    for name, value in headers.items():
        response[name] = value
    return response


def _one(request: HttpRequest, message: Message, *, status: int = 200) -> HttpResponse:
    context = {**fragment_context(request.member), "bubble": bubbles([message])[0]}
    return render(request, "inbox/_message.html", context, status=status)
