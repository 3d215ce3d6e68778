"""Taking files in without trusting what they announce."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

ENVELOPE_BYTES = 64 * 1024
"""What a multipart body holds beside the file."""


class SizeGuard(FileUploadHandler):
    """Stops reading an upload at the limit, whatever length it announced, so that no disk fills up.

    `too_large` makes the error to raise. Put it first among the request's upload handlers before anything reads the
    body, which the check of a form's token does.
    """

    def __init__(self, request: HttpRequest, *, limit_bytes: int, too_large: Callable[[], Exception]):
        super().__init__(request)
        self.limit_bytes = limit_bytes
        self.too_large = too_large
        self.received = 0
        self.exceeded = False

    def handle_raw_input(
        self, input_data: Any, META: dict, content_length: int, boundary: bytes, encoding: str | None = None
    ) -> None:
        if content_length > self.limit_bytes + ENVELOPE_BYTES:
            self.exceeded = True
            raise self.too_large()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > self.limit_bytes:
            self.exceeded = True
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
