"""Private notes of a chat: written, changed and deleted by their authors, seen by the team."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from inbox.access import chat_for, note_for
from inbox.models import Note
from inbox.selectors.threads import notes_by_ids
from inbox.services.notes import delete_note, edit_note, write_note
from inbox.views.asked import text_in
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from workspaces.views.guard import member_view


@member_view
@require_POST
@in_words
def note_create(request: HttpRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = chat_for(request.member, chat_id)
    client_id = request.POST.get("client_id", "")
    note = write_note(actor=request.member, chat=chat, client_id=client_id, text=text_in(request))
    return _one(request, note, status=201)


@member_view
@require_POST
@in_words
def note_edit(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    note = note_for(request.member, note_id)
    return _one(request, edit_note(actor=request.member, note=note, text=text_in(request)))


@member_view
@require_POST
@in_words
def note_delete(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    return _one(request, delete_note(actor=request.member, note=note_for(request.member, note_id)))


def _one(request: HttpRequest, note: Note, *, status: int = 200) -> HttpResponse:
    bubble = notes_by_ids(note.chat_id, [note.pk])[0]
    return render(request, "inbox/_note.html", {**fragment_context(request.member), "bubble": bubble}, status=status)
