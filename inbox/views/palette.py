"""The palette: where the member may go, by words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.selectors.palette import chats_named
from inbox.views.asked import words_in
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from workspaces.views.guard import member_view

CHATS = 8


@member_view
@require_safe
@in_words
def palette(request: HttpRequest) -> HttpResponse:
    chats = chats_named(request.member, words_in(request.GET), limit=CHATS)
    context = {**fragment_context(request.member), "chats": chats}
    return render(request, "inbox/_palette.html", context)
