"""Messages of every type, and the two ways a send ends."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from channels_app.providers.base import Outgoing, OutgoingMedia
from channels_app.providers.errors import ProviderError

DANA = "15550100201@s.whatsapp.net"
PNG = b"\x89PNG\r\n\x1a\n" + b"a small picture" * 20
DEADLINE = 10


def stored(content: bytes, mime_type: str, name: str) -> OutgoingMedia:
    path = default_storage.save(f"conformance/{name}", ContentFile(content))
    return OutgoingMedia(path=path, mime_type=mime_type, file_name=name, size=len(content), seconds=3)


def media_messages() -> list[Outgoing]:
    return [
        Outgoing(to=DANA, type="image", text="Look", media=stored(PNG, "image/png", "a.png")),
        Outgoing(to=DANA, type="video", text="Watch", media=stored(b"film", "video/mp4", "a.mp4")),
        Outgoing(to=DANA, type="audio", media=stored(b"song", "audio/mpeg", "a.mp3")),
        Outgoing(to=DANA, type="voice", media=stored(b"voice", "audio/ogg", "a.ogg")),
        Outgoing(to=DANA, type="document", text="Read", media=stored(b"words", "application/zip", "a.zip")),
        Outgoing(to=DANA, type="sticker", media=stored(b"sticker", "image/webp", "a.webp")),
    ]


def plain_messages() -> list[Outgoing]:
    people = [{"name": "Lena; Demo", "phones": ["+1 555 010 0250"]}, {"name": "Otto", "phones": ["+15550100251"]}]
    place = {"latitude": 51.5, "longitude": -0.12, "name": "Square", "address": "1 Street"}
    return [
        Outgoing(to=DANA, type="text", text="Hello"),
        Outgoing(to=DANA, type="location", location=place),
        Outgoing(to=DANA, type="contacts", contacts=people[:1]),
        Outgoing(to=DANA, type="contacts", contacts=people),
        Outgoing(to=DANA, type="poll", poll={"question": "When?", "options": ["Now", "Later"], "multiple": False}),
    ]


def send(vendor, message=None, deadline=DEADLINE):
    message = message or Outgoing(to=DANA, type="text", text="Hello")
    return vendor.adapter.send(vendor.credentials, message, deadline=deadline)


def refused(vendor, message=None, deadline=DEADLINE) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        send(vendor, message, deadline)
    return caught.value


def said_by(error: ProviderError) -> set[str]:
    """Which of the exclusive descriptions an error carries; none means: certainly not sent, try again."""
    names = {name for name in ("permanent", "outcome_unknown", "unauthorized") if getattr(error, name)}
    return names if error.retry_after is None else names | {"retry_after"}
