"""Files on their way to a vendor and from it."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.core.files.storage import default_storage

from channels_app.providers.base import OutgoingMedia
from channels_app.providers.errors import impossible


@contextlib.contextmanager
def opened(media: OutgoingMedia) -> Iterator[Any]:
    """The file to send, as Django's File. Raises ProviderError(permanent) when it is gone."""
    try:
        file = default_storage.open(media.path, "rb")
    except (OSError, ValueError):
        raise impossible("file_missing", "The file of the message is gone.") from None
    with file:
        yield file


@contextlib.contextmanager
def whole(path: str) -> Iterator[BinaryIO]:
    """The local file `path`, to be written. Whatever goes wrong meanwhile leaves no half file behind."""
    try:
        with open(path, "wb") as sink:
            yield sink
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        raise
