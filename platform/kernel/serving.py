"""Giving out stored files: ranges for players, and headers under which a browser runs nothing of them."""

import re
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date

CHUNK_BYTES = 256 * 1024
UNKNOWN_TYPE = "application/octet-stream"


def file_response(
    request: HttpRequest, path: str, *, etag: str, file_name: str, mime_type: str, inline: bool
) -> HttpResponse:
    """The file `path` of the default storage, or the range of it that is asked for, for the reader's own cache only.

    `inline` is for types that carry no script; everything else goes out as a download of unknown type. The file of one
    `etag` never changes. A browser that has it already is told so (304).
    """
    size = default_storage.size(path)
    changed_at = http_date(default_storage.get_modified_time(path).timestamp())
    same = request.headers.get("If-Range", f'"{etag}"') in (f'"{etag}"', changed_at)
    asked = byte_range(request.headers.get("Range", ""), size) if same else None
    first, last = asked or (0, size - 1)
    if f'"{etag}"' in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    elif asked is not None and first > last:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = _streamed(request, path, first, last - first + 1)
        response["Content-Length"] = str(last - first + 1)
        if asked is not None:
            response.status_code = 206
            response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Type"] = mime_type if inline else UNKNOWN_TYPE
    response["Content-Disposition"] = content_disposition_header(not inline, file_name)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{etag}"'
    response["Last-Modified"] = changed_at
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return response


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range asked for; first > last when it lies outside the file; None for no range.

    Several ranges, and what is no range of bytes, count as none, as RFC 9110 §14.2 allows.
    """
    found = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.replace(" ", ""))
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
