"""What exists at the simulated provider: channels with their messages, groups, files and settings."""

import copy
import hashlib
import secrets
import string
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels_app.providers.simulating.exchange import File
from channels_app.providers.simulating.keeping import Kept
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.shelves import Shelves

_LETTERS = string.ascii_letters + string.digits
DEFAULT_SETTINGS = {
    "callback_persist": False,
    "media": {"auto_download": [], "init_avatars": False},
    "webhooks": [],
    "proxy": "",
    "offline_mode": False,
    "full_history": False,
}
KEPT = ("token", "channel_id", "number", "name", "state", "settings", "groups", "names")
STATE_CODES = {"NOT_INIT": 0, "INIT": 1, "LAUNCH": 2, "QR": 3, "AUTH": 4, "ERROR": 5, "SYNC_ERROR": 6, "STOP": 7}


@dataclass
class Channel:
    """One linked number, known by its bearer token."""

    token: str
    channel_id: str
    number: str
    name: str
    state: str = "AUTH"
    settings: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(DEFAULT_SETTINGS))
    messages: "OrderedDict[str, dict[str, Any]]" = field(default_factory=OrderedDict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: "OrderedDict[str, File]" = field(default_factory=OrderedDict)
    names: dict[str, str] = field(default_factory=dict)  # push names by digits
    qr_shown: bool = False
    started_at: float = field(default_factory=time.time)

    def webhooks(self, fallback_url: str) -> list[dict[str, Any]]:
        return self.settings["webhooks"] or ([{"url": fallback_url}] if fallback_url else [])

    def health(self) -> dict[str, Any]:
        return {
            "channel_id": self.channel_id,
            "start_at": int(self.started_at),
            "uptime": int(time.time() - self.started_at),
            "version": "1.8.7",
            "status": {"code": STATE_CODES[self.state], "text": self.state},
            **({"user": self.user()} if self.state == "AUTH" else {}),
        }

    def user(self) -> dict[str, Any]:
        return {"id": self.number, "name": self.name, "pushname": self.name, "is_business": True}


class State:
    """All channels, behind one lock. Old messages and files are forgotten when there are too many."""

    def __init__(self, options: Options, path: Path | None = None):
        self.options = options
        self.lock = threading.RLock()
        self.channels: OrderedDict[str, Channel] = OrderedDict()
        self._shelves = Shelves(options)
        self._kept = Kept(path, KEPT)
        for values in self._kept.read():
            self.channels[values["token"]] = Channel(**values)

    def known(self, token: str) -> Channel | None:
        """The channel of a token. A token that starts with `sim_` is a channel from its first use; `sim_new…` waits
        for its QR code to be scanned."""
        with self.lock:
            if token not in self.channels and token.startswith("sim_"):
                self.add(token, state="QR" if token.startswith("sim_new") else "AUTH")
            return self.channels.get(token)

    def add(self, token: str, **values: Any) -> Channel:
        """The token's channel, made when new; `values` are set on it."""
        with self.lock:
            channel = self.channels.get(token)
            if channel is None:
                mark = hashlib.sha256(token.encode()).hexdigest().upper()
                number = f"155501001{len(self.channels) % 100:02d}"
                channel = Channel(token, f"SIMULA-{mark[:5]}", number, f"Demo number {len(self.channels) + 1}")
                self.channels[token] = channel
            for name, value in values.items():
                setattr(channel, name, value)
            return channel

    def find(self, name: str | None) -> Channel | None:
        """By token or channel id; without a name the first channel."""
        with self.lock:
            if not name:
                return next(iter(self.channels.values()), None)
            return self.known(name) or next((c for c in self.channels.values() if c.channel_id == name), None)

    def keep_message(self, channel: Channel, message: dict[str, Any]) -> None:
        with self.lock:
            self._shelves.keep_message(channel.messages, message["id"], message)

    def keep_file(self, channel: Channel, mime_type: str, content: bytes, name: str = "") -> File:
        kind = mime_type.split(";")[0].split("/")[-1].split("+")[0]
        letters = "".join(c for c in kind if c.isalnum()) or "file"
        file = File(f"{letters}-{secrets.token_hex(10)}-{secrets.token_hex(5)}", mime_type, content, name)
        with self.lock:
            return self._shelves.keep_file(channel.files, file)

    def file(self, file_id: str) -> File | None:
        with self.lock:
            return next((c.files[file_id] for c in self.channels.values() if file_id in c.files), None)

    def save(self) -> None:
        """Channels and their settings outlive a restart when there is a state file. Messages and files do not."""
        with self.lock:
            self._kept.write(self.channels.values())


def new_message_id(chat_id: str) -> str:
    """Two segments in a chat with one person, three in a group."""
    first = "".join(secrets.choice(_LETTERS) for _ in range(18))
    second = "".join(secrets.choice(_LETTERS) for _ in range(10))
    third = "".join(secrets.choice(_LETTERS) for _ in range(7))
    return f"{first}-{second}-{third}" if chat_id.endswith("@g.us") else f"{first}-{second}"
