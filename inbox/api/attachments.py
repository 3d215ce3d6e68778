"""Files: uploading one for a message, and fetching one that a message carries."""

import re
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox.access import attachment_for
from inbox.api.asking import ProblemShape, answers
from inbox.api.shapes import AttachmentShape, attachment_shape
from inbox.errors import NoSuchAttachment
from inbox.forms import UploadForm
from inbox.models import Attachment
from inbox.policy import INLINE_TYPES, bare_mime_type
from inbox.services.attachments import UNKNOWN_TYPE, store_upload, too_large
from inbox.states import AttachmentState
from workspaces.access import require
from workspaces.roles import Permission

ENVELOPE_BYTES = 64 * 1024
"""What a multipart body holds beside the file."""

CHUNK_BYTES = 256 * 1024


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
        responses=answers(201, AttachmentShape, 403, 413),
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
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            401: ProblemShape,
            404: ProblemShape,
            416: None,
        },
    )
    def get(self, request: Request, attachment_id: uuid.UUID) -> HttpResponse:
        """The file itself. Pictures, video and sound may be shown in place; everything else is a download."""
        attachment = attachment_for(request.auth, attachment_id)
        if attachment.state != AttachmentState.READY or not default_storage.exists(attachment.path):
            raise NoSuchAttachment("The file is not here (any more).")
        return file_response(request._request, attachment, download="download" in request.query_params)


def file_response(request: HttpRequest, attachment: Attachment, *, download: bool) -> HttpResponse:
    """The file or the range asked for, with headers under which a browser runs nothing of it."""
    size = default_storage.size(attachment.path)
    etag = f'"{attachment.pk}"'
    same = request.headers.get("If-Range", etag) == etag
    asked = byte_range(request.headers.get("Range", ""), size) if same else None
    first, last = asked or (0, size - 1)
    if first > last:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = _streamed(request, attachment.path, first, last - first + 1)
        response["Content-Length"] = str(last - first + 1)
        if asked is not None:
            response.status_code = 206
            response["Content-Range"] = f"bytes {first}-{last}/{size}"
    mime_type = bare_mime_type(attachment.mime_type)
    safe = mime_type in INLINE_TYPES
    response["Content-Type"] = mime_type if safe else UNKNOWN_TYPE
    response["Content-Disposition"] = content_disposition_header(
        download or not safe, attachment.file_name or f"{attachment.kind}-{attachment.pk}"
    )
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range asked for; first > last when it lies outside the file; None for no range.

    Several ranges, and what is no range of bytes, count as none, as RFC 9110 §14.2 allows.
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size - 1)
    if last and int(last) < int(first):
        return None
    return (int(first), min(int(last or size), size - 1))


def _streamed(request: HttpRequest, path: str, first: int, length: int) -> StreamingHttpResponse:
    """In chunks, the way the server at hand serves: an ASGI server would collect a plain iterator in memory first."""
    chunks = _chunks(path, first, length)
    return StreamingHttpResponse(_in_threads(chunks) if isinstance(request, ASGIRequest) else chunks)


def _chunks(path: str, first: int, length: int) -> Iterator[bytes]:
    """Opens the file with the first chunk, so that an answer nobody reads (HEAD, a lost connection) opens none."""
    with default_storage.open(path, "rb") as file:
        file.seek(first)
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk


async def _in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while chunk := await sync_to_async(next, thread_sensitive=False)(chunks, b""):
        yield chunk
