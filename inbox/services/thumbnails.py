"""Small pictures of pictures: made when first asked for, kept beside the file, and bounded in what they cost."""

import io
import logging
import threading
import warnings
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from inbox.models import Attachment
from inbox.policy import bare_mime_type

log = logging.getLogger("waybill.inbox")

EDGE_PIXELS = 672
"""Twice the width that a photo has in a bubble, for dense screens."""

PIXELS_MAX = 24_000_000
"""More would need over 100 MB to open. JPEG is opened at a fraction of its size, so its own limit is higher."""

JPEG_PIXELS_MAX = 120_000_000
SOURCE_BYTES_MAX = 32 * 1024 * 1024
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""GIF is left alone, so that it moves."""

_at_work = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Thumbnail:
    path: str
    mime_type: str


def thumbnail_of(attachment: Attachment) -> Thumbnail | None:
    """The small picture, made now if need be. None where the picture itself is to be shown, or is broken."""
    form = FORMATS.get(bare_mime_type(attachment.mime_type))
    if form is None or attachment.kind != "image" or (attachment.size or 0) > SOURCE_BYTES_MAX:
        return None
    path = f"{attachment.path}.small"
    if not default_storage.exists(path):
        with _at_work:
            small = _drawn(attachment, form)
        if small is None:
            return None
        default_storage.save(path, ContentFile(small))
    return Thumbnail(path, "image/webp")


def _drawn(attachment: Attachment, form: str) -> bytes | None:
    try:
        with warnings.catch_warnings(), default_storage.open(attachment.path, "rb") as file:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the sizes are looked at here
            with Image.open(file, formats=(form,)) as picture:
                if picture.width * picture.height > (JPEG_PIXELS_MAX if form == "JPEG" else PIXELS_MAX):
                    return None
                if getattr(picture, "is_animated", False):
                    return None
                picture.draft("RGB", (EDGE_PIXELS, EDGE_PIXELS))
                picture.thumbnail((EDGE_PIXELS, EDGE_PIXELS), reducing_gap=2.0)
                return _encoded(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.info("thumbnail.refused attachment=%s reason=%s", attachment.pk, type(error).__name__)
        return None


def _encoded(picture: Image.Image) -> bytes:
    """Without what a camera wrote into it: the place where it was taken stays out."""
    if picture.mode not in ("RGB", "RGBA"):
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    sink = io.BytesIO()
    picture.save(sink, "WEBP", quality=78, method=2)
    return sink.getvalue()
