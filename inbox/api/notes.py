"""Private notes of a chat: the team's own, never sent."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.access import chat_for, note_for
from inbox.api.asking import CURSOR, LIMIT, body_of, page_of, paged
from inbox.api.shapes import NoteShape, note_shape
from inbox.forms import NoteEditForm, NoteForm
from inbox.models import Note
from inbox.selectors.threads import notes_by_ids, notes_page
from inbox.services.notes import delete_note, edit_note, write_note
from kernel.paging import page_limit


class ChatNotes(APIView):
    @extend_schema(operation_id="chat_notes_list", parameters=[LIMIT, CURSOR], responses={200: page_of(NoteShape)})
    def get(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Notes of the chat, newest first."""
        query = request.query_params
        chat = chat_for(request.auth, chat_id)
        page = notes_page(chat, cursor=query.get("cursor"), limit=page_limit(query.get("limit")))
        return paged(page, note_shape)

    @extend_schema(operation_id="chat_notes_create", request=NoteForm, responses={201: NoteShape})
    def post(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Write a note. The same client_id again: the same note."""
        chat = chat_for(request.auth, chat_id)
        form = NoteForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        return _shown(write_note(actor=request.auth, chat=chat, **form.validated_data), status.HTTP_201_CREATED)


class NoteDetail(APIView):
    @extend_schema(operation_id="notes_partial_update", request=NoteEditForm, responses={200: NoteShape})
    def patch(self, request: Request, note_id: uuid.UUID) -> Response:
        """Change a note of one's own."""
        note = note_for(request.auth, note_id)
        form = NoteEditForm(data=body_of(request))
        form.is_valid(raise_exception=True)
        return _shown(edit_note(actor=request.auth, note=note, text=form.validated_data["text"]))

    @extend_schema(operation_id="notes_destroy", responses={200: NoteShape})
    def delete(self, request: Request, note_id: uuid.UUID) -> Response:
        """Delete a note of one's own. Its text is gone; that there was one stays."""
        return _shown(delete_note(actor=request.auth, note=note_for(request.auth, note_id)))


def _shown(note: Note, code: int = status.HTTP_200_OK) -> Response:
    return Response(note_shape(notes_by_ids(note.chat_id, [note.pk])[0]), status=code)
