"""Files: taken in before their message, and given out to those who may see it."""

import uuid

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_POST, require_safe

from inbox.access import attachment_for
from inbox.errors import NoSuchAttachment
from inbox.policy import INLINE_TYPES, bare_mime_type
from inbox.services.attachments import store_upload
from inbox.states import AttachmentState
from inbox.views.refusals import in_words
from kernel.errors import Invalid
from workspaces.views.guard import member_view


@member_view
@require_POST
@in_words
def attachment_upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("Choose a file first.", fields={"file": ["needed"]})
    attachment = store_upload(
        actor=request.member, file=file, file_name=file.name, mime_type=file.content_type or "", kind=""
    )
    return JsonResponse({"id": str(attachment.id), "kind": attachment.kind}, status=201)


@member_view
@require_safe
def attachment_file(request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """The file; shown in place only when its type cannot carry script, otherwise downloaded."""
    attachment = attachment_for(request.member, attachment_id)
    if attachment.state != AttachmentState.READY or not default_storage.exists(attachment.path):
        raise NoSuchAttachment
    mime_type = bare_mime_type(attachment.mime_type)
    inline = mime_type in INLINE_TYPES
    response = FileResponse(
        default_storage.open(attachment.path),
        as_attachment=not inline,
        filename=get_valid_filename(attachment.file_name or f"file-{attachment.id}"),
        content_type=mime_type if inline else "application/octet-stream",
    )
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response
