"""The provider's JSON for messages, statuses and files; pure."""

import re
import time
from typing import Any

from channels_app.providers.simulating.exchange import File
from channels_app.providers.whapi.simulator.state import Channel, State, new_message_id

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
