"""What helps while writing: the draft on the server, quick replies, who can be mentioned, emoji."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from inbox.access import chat_for
from inbox.emoji import EMOJI
from inbox.selectors.quick_replies import quick_replies_for
from inbox.services.drafts import save_draft
from inbox.views.asked import key_given, text_in
from inbox.views.refusals import in_words
from workspaces.selectors.people import members_of
from workspaces.views.guard import member_view


@member_view
@require_POST
@in_words
def draft_save(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Keep what was typed; an empty text forgets it."""
    save_draft(
        actor=request.member,
        chat=chat_for(request.member, chat_id),
        text=text_in(request),
        as_note=request.POST.get("as_note") == "1",
        quoted_id=key_given(request.POST, "quoted"),
    )
    return HttpResponse(status=204)


@member_view
@require_safe
@in_words
def quick_reply_picker(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Every quick reply, as it would be sent in this chat."""
    replies = quick_replies_for(request.member, chat_for(request.member, chat_id))
    return render(request, "inbox/_quick_replies.html", {"replies": replies, "slug": request.workspace.slug})


@member_view
@require_safe
def mention_picker(request: HttpRequest) -> HttpResponse:
    """Everybody who can be named in a note."""
    return render(request, "inbox/_mentions.html", {"members": members_of(request.workspace)})


@member_view
@require_safe
@cache_control(private=True, max_age=86_400)
def emoji_picker(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/_emoji.html", {"groups": EMOJI})
