"""The provider's JSON for messages, statuses and files; pure."""

import re
import struct
import time
import zlib
from typing import Any

from channels_app.providers.whapi.simulator.state import Channel, File, State, new_message_id

STATUS_CODES = {"failed": 0, "pending": 1, "sent": 2, "delivered": 3, "read": 4, "played": 5, "deleted": 6}
MEDIA_TYPES = ("image", "video", "gif", "short", "audio", "voice", "document", "sticker")
_LINK = re.compile(r"https?://\S+")


def full_id(to: str) -> str:
    """Bare digits become a person, digits with a dash an old group."""
    if "@" in to:
        return to
    return f"{to}@g.us" if "-" in to else f"{to}@s.whatsapp.net"


def digits(wa_id: str) -> str:
    return wa_id.split("@")[0]


def sent_message(channel: Channel, chat_id: str, type: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A message of ours as the send response shows it."""
    return {
        "id": new_message_id(chat_id),
        "from_me": True,
        "type": type,
        "chat_id": chat_id,
        "timestamp": int(time.time()),
        "source": "api",
        "device_id": 19,
        "status": "pending",
        type: content,
        **more,
        "from": channel.number,
    }


def received_message(
    channel: Channel, chat_id: str, sender: str, name: str, type: str, content: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """A message of a customer, as a webhook shows it. In groups the subject comes along."""
    message = {
        "id": new_message_id(chat_id),
        "from_me": False,
        "type": type,
        "chat_id": chat_id,
        "timestamp": int(time.time()),
        "source": "mobile",
        type: content,
        "from": sender,
        **more,
    }
    if name:
        message["from_name"] = name
    if chat_id in channel.groups:
        message["chat_name"] = channel.groups[chat_id]["name"]
    return message


def text_content(text: str) -> tuple[str, dict[str, Any]]:
    """A text with a link is a message of another type."""
    link = _LINK.search(text)
    if link is None:
        return "text", {"body": text}
    return "link_preview", {"body": text, "url": link[0], "title": "A page", "description": "A simulated preview"}


def status(message_id: str, name: str, chat_id: str, *, viewer: str = "", error: str = "", at: float = 0) -> dict:
    """A delivery report; its time is a string."""
    report = {
        "id": message_id,
        "code": STATUS_CODES[name],
        "status": name,
        "recipient_id": chat_id,
        "timestamp": str(int(at or time.time())),
    }
    if viewer:
        report["viewer_id"] = viewer
    if error:
        report["errors"] = [{"code": 500, "message": error}]
    return report


def file_content(state: State, channel: Channel, kind: str, file: File, base_url: str, **more: Any) -> dict[str, Any]:
    """The content of a media message. A link only where the channel downloads that kind by itself."""
    content = {
        "id": file.id,
        "mime_type": file.mime_type,
        "file_size": len(file.content),
        "sha256": file.sha256,
        **{name: value for name, value in more.items() if value not in (None, "")},
    }
    if kind == "document":
        content["file_name"] = content["filename"] = file.name or "file"
    if kind in channel.settings["media"].get("auto_download", []):
        content["link"] = f"{base_url}/files/{file.id}"
    return content


def sample_file(kind: str) -> tuple[str, bytes, str]:
    """(MIME type, bytes, name) of a small real file of the kind, drawn here."""
    if kind in ("audio", "voice"):
        return "audio/wav", _tone(), "tone.wav"
    if kind == "document":
        return "application/pdf", _page(), "Offer.pdf"
    if kind in ("video", "gif", "short"):
        return "video/mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "clip.mp4"
    return "image/png", _picture(), "picture.png"


def _picture(width: int = 320, height: int = 200) -> bytes:
    rows = b"".join(
        b"\x00" + bytes(v for x in range(width) for v in (60 + x // 2, 120 + y // 2, 150 - x // 8))
        for y in range(height)
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _tone(seconds: int = 2, rate: int = 8000) -> bytes:
    samples = bytes(128 + (40 if (n * 440 // rate) % 2 else -40) for n in range(seconds * rate))
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            36 + len(samples),
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            rate,
            rate,
            1,
            8,
            b"data",
            len(samples),
        )
        + samples
    )


def _page() -> bytes:
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length 44>>stream\nBT /F1 18 Tf 40 100 Td (A demo document) Tj ET \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    page, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(page))
        page += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return page + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(page),
    )
