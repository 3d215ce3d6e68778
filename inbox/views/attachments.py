"""Files: taken in before their message, and given out to those who may see it."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from inbox.access import attachment_for, message_for, upload_for
from inbox.errors import NoSuchAttachment
from inbox.models import Attachment
from inbox.policy import KIND_LIMITS_BYTES, bare_mime_type, media_kind_of
from inbox.selectors.messages import bubbles
from inbox.services.attachments import (
    fetch_again,
    is_here,
    may_show_inline,
    shown_file_name,
    size_words,
    store_upload,
    too_large,
)
from inbox.services.thumbnails import thumbnail_of
from inbox.services.uploading import add_part, begin_upload, received_of
from inbox.states import AttachmentState
from inbox.views.chat_list import fragment_context
from inbox.views.refusals import in_words
from kernel.errors import Invalid
from kernel.serving import file_response
from kernel.uploading import SizeGuard
from workspaces.views.guard import member_view

SECONDS_MAX = 24 * 3600


@csrf_exempt  # checked below, once the guard stands before the body
def attachment_upload(request: HttpRequest, **where: Any) -> HttpResponse:
    """A whole file; or with `total` a part of one, which begins at byte `offset`.

    Answers {id, kind, size, received, ready, note}: `received` is where the next part begins.
    """
    request.upload_handlers.insert(0, SizeGuard(request, limit_bytes=settings.MEDIA_LIMIT_BYTES, too_large=too_large))
    return _upload(request, **where)


@member_view
@in_words
@csrf_protect
@require_POST
def _upload(request: HttpRequest, upload_id: uuid.UUID | None = None) -> HttpResponse:
    upload = upload_for(request.member, upload_id) if upload_id is not None else None
    file = request.FILES.get("file")
    if request.upload_handlers[0].exceeded:
        raise too_large()
    if file is None:
        raise Invalid(gettext("Choose a file first."), fields={"file": ["needed"]})
    offset, total = _number(request, "offset"), _number(request, "total")
    mime_type = request.POST.get("mime_type") or file.content_type or ""
    about = {"file_name": file.name, "mime_type": mime_type, "kind": request.POST.get("kind", "")}
    if upload is not None:
        attachment = add_part(actor=request.member, upload=upload, part=file, offset=offset)
    elif total > file.size:
        attachment = begin_upload(actor=request.member, part=file, total=total, **about)
    else:
        seconds = min(_number(request, "seconds"), SECONDS_MAX) or None
        attachment = store_upload(actor=request.member, file=file, seconds=seconds, **about)
    return JsonResponse(
        {
            "id": str(attachment.pk),
            "kind": attachment.kind,
            "size": attachment.size,
            "received": received_of(attachment),
            "ready": attachment.state == AttachmentState.READY,
            "note": _note(attachment),
        },
        status=201,
    )


@member_view
@require_safe
def attachment_file(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """The file; shown in place only when its type cannot carry script, otherwise downloaded."""
    attachment = _here(request, attachment_id)
    return file_response(
        request,
        attachment.path,
        etag=str(attachment.pk),
        file_name=shown_file_name(attachment),
        mime_type=bare_mime_type(attachment.mime_type),
        inline=may_show_inline(attachment) and "download" not in request.GET,
    )


@member_view
@require_safe
def attachment_thumbnail(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """A small picture of a picture; the picture itself where none can be made."""
    attachment = _here(request, attachment_id)
    thumbnail = thumbnail_of(attachment)
    if thumbnail is None:
        where = reverse("inbox:attachment-file", args=[request.member.workspace.slug, attachment.pk])
        return HttpResponseRedirect(where)
    return file_response(
        request,
        thumbnail.path,
        etag=f"{attachment.pk}-small",
        file_name=shown_file_name(attachment),
        mime_type=thumbnail.mime_type,
        inline=True,
    )


@member_view
@require_POST
@in_words
def attachment_fetch(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """Ask the provider again; answers with the message as it then stands."""
    attachment = attachment_for(request.member, attachment_id)
    fetch_again(actor=request.member, attachment=attachment)
    message = message_for(request.member, attachment.message_id)
    context = {**fragment_context(request.member), "bubble": bubbles([message])[0]}
    return render(request, "inbox/_message.html", context)


def _here(request: HttpRequest, attachment_id: uuid.UUID) -> Attachment:
    attachment = attachment_for(request.member, attachment_id)
    if not is_here(attachment):
        raise NoSuchAttachment
    return attachment


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name) or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Invalid(f"{name} is not a number.", fields={name: ["not a number"]})
    return int(text)


def _note(attachment: Attachment) -> str:
    """What the writer should know about how it will travel; "" when it travels as it looks."""
    kind = media_kind_of(bare_mime_type(attachment.mime_type))
    if attachment.state != AttachmentState.READY or attachment.kind == kind or attachment.kind != "document":
        return ""
    return gettext("{size}, goes as a document: WhatsApp shows up to {limit}").format(
        size=size_words(attachment.size), limit=size_words(KIND_LIMITS_BYTES[kind])
    )
