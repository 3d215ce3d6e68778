"""Files: taken in before their message, and given out to those who may see it."""

import uuid

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from inbox.access import attachment_for
from inbox.errors import NoSuchAttachment
from inbox.policy import bare_mime_type
from inbox.services.attachments import may_show_inline, shown_file_name, store_upload
from inbox.states import AttachmentState
from inbox.views.refusals import in_words
from kernel.errors import Invalid
from kernel.serving import file_response
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
    return file_response(
        request,
        attachment.path,
        etag=str(attachment.pk),
        file_name=shown_file_name(attachment),
        mime_type=bare_mime_type(attachment.mime_type),
        inline=may_show_inline(attachment),
    )
