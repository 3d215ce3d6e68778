"""Files: uploading one for a message, and fetching one that a message carries."""

import uuid
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.access import attachment_for
from inbox.api.shapes import AttachmentShape, attachment_shape
from inbox.errors import NoSuchAttachment
from inbox.forms import UploadForm
from inbox.policy import bare_mime_type
from inbox.services.attachments import may_show_inline, shown_file_name, store_upload, too_large
from inbox.states import AttachmentState
from kernel.serving import file_response
from workspaces.access import require
from workspaces.roles import Permission

ENVELOPE_BYTES = 64 * 1024
"""What a multipart body holds beside the file."""


class SizeGuard(FileUploadHandler):
    """Stops reading an upload at the limit, whatever length it announced, so that no disk fills up."""

    def __init__(self, request: HttpRequest | None = None):
        super().__init__(request)
        self.received = 0
        self.exceeded = False

    def handle_raw_input(
        self, input_data: Any, META: dict, content_length: int, boundary: bytes, encoding: str | None = None
    ) -> None:
        if content_length > settings.MEDIA_LIMIT_BYTES + ENVELOPE_BYTES:
            raise too_large()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.MEDIA_LIMIT_BYTES:
            self.exceeded = True
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class Attachments(APIView):
    parser_classes = [MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Before anything reads the body, which the session's CSRF check may do.
        self.guard = SizeGuard(request)
        request.upload_handlers.insert(0, self.guard)
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="attachments_create",
        request={"multipart/form-data": UploadForm},
        responses={201: AttachmentShape},
    )
    def post(self, request: Request) -> Response:
        """Upload a file for a message to come; one upload is for one message."""
        require(request.auth, Permission.WRITE_MESSAGES)
        data = request.data
        if self.guard.exceeded:
            raise too_large()
        form = UploadForm(data=data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        attachment = store_upload(
            actor=request.auth,
            file=file,
            file_name=file.name,
            mime_type=file.content_type or "",
            kind=form.validated_data["kind"],
        )
        return Response(attachment_shape(attachment), status=status.HTTP_201_CREATED)


class AttachmentDetail(APIView):
    @extend_schema(
        operation_id="attachments_retrieve",
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes."),
            OpenApiParameter("download", bool, description="1: to be saved, never shown in place."),
        ],
        responses={(code, "application/octet-stream"): OpenApiTypes.BINARY for code in (200, 206)},
    )
    def get(self, request: Request, attachment_id: uuid.UUID) -> HttpResponse:
        """The file itself. Pictures, video and sound may be shown in place; everything else is a download."""
        attachment = attachment_for(request.auth, attachment_id)
        if attachment.state != AttachmentState.READY or not default_storage.exists(attachment.path):
            raise NoSuchAttachment("The file is not here (any more).")
        return file_response(
            request._request,
            attachment.path,
            etag=str(attachment.pk),
            file_name=shown_file_name(attachment),
            mime_type=bare_mime_type(attachment.mime_type),
            inline=may_show_inline(attachment) and "download" not in request.query_params,
        )
