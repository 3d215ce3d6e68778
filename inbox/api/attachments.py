"""Files: uploading one for a message, and fetching one that a message carries."""

import uuid
from typing import Any

from django.conf import settings
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
from inbox.services.attachments import is_here, may_show_inline, shown_file_name, store_upload, too_large
from kernel.serving import file_response
from kernel.uploading import SizeGuard
from workspaces.access import require
from workspaces.roles import Permission


class Attachments(APIView):
    parser_classes = [MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Before anything reads the body, which the session's CSRF check may do.
        self.guard = SizeGuard(request, limit_bytes=settings.MEDIA_LIMIT_BYTES, too_large=too_large)
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
        if not is_here(attachment):
            raise NoSuchAttachment("The file is not here (any more).")
        return file_response(
            request._request,
            attachment.path,
            etag=str(attachment.pk),
            file_name=shown_file_name(attachment),
            mime_type=bare_mime_type(attachment.mime_type),
            inline=may_show_inline(attachment) and "download" not in request.query_params,
        )
