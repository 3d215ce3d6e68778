"""What exists at the simulated WAHA: sessions with their messages, groups, files and configuration."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels_app.providers.simulating.exchange import File, Refusal
from channels_app.providers.simulating.keeping import Kept
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.shelves import Shelves

STATUSES = (
    "STOPPED",
    "STARTING",
    "SCAN_QR_CODE",
    "PASSKEY_REQUIRED",
    "PASSKEY_CONFIRMATION_REQUIRED",
    "WORKING",
    "FAILED",
)
HISTORY_LENGTH = 5
KEPT = ("name", "number", "push_name", "status", "linked", "config", "groups", "names", "lids")


@dataclass
class Session:
    """One linked number."""

    name: str
    number: str
    push_name: str
    status: str = "WORKING"
    linked: bool = True  # whether the phone knows this session
    config: dict[str, Any] = field(default_factory=dict)
    messages: "OrderedDict[str, dict[str, Any]]" = field(default_factory=OrderedDict)  # by bare id
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)  # as the engine writes them
    files: "OrderedDict[str, File]" = field(default_factory=OrderedDict)
    names: dict[str, str] = field(default_factory=dict)  # push names by digits
    lids: dict[str, str] = field(default_factory=dict)  # hidden ids by digits of the phone number
    statuses: list[dict[str, Any]] = field(default_factory=list)
    restricted_until: int = 0
    qr_shown: bool = False

    @property
    def own_id(self) -> str:
        return f"{self.number}@c.us"

    def me(self) -> dict[str, Any] | None:
        if self.status != "WORKING":
            return None
        lock = {
            "enforcementType": "DEFAULT",
            "isActive": self.restricted_until > time.time(),
            "timeEnforcementEnds": self.restricted_until or None,
        }
        return {
            "id": self.own_id,
            "pushName": self.push_name,
            "lid": f"9{self.number}@lid",
            "jid": f"{self.number}:7@s.whatsapp.net",
            "reachoutTimelock": lock,
        }

    def info(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status,
            "config": self.config,
            "me": self.me(),
            "engine": {"engine": "GOWS"},
        }

    def hooks(self, fallback_url: str) -> list[dict[str, Any]]:
        return self.config.get("webhooks") or ([{"url": fallback_url, "events": ["*"]}] if fallback_url else [])


class State:
    """All sessions, behind one lock. Old messages and files are forgotten when there are too many."""

    def __init__(self, options: Options, path: Path | None = None):
        self.options = options
        self.lock = threading.RLock()
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self._shelves = Shelves(options)
        self._kept = Kept(path, KEPT)
        for values in self._kept.read():
            self.sessions[values["name"]] = Session(**values)

    def add(self, name: str, **values: Any) -> Session:
        """The session of this name, made when new; `values` are set on it."""
        with self.lock:
            session = self.sessions.get(name)
            if session is None:
                number = f"155501001{(50 + len(self.sessions)) % 100:02d}"
                session = Session(name, number, f"Demo number {len(self.sessions) + 1}")
                self.sessions[name] = session
            for key, value in values.items():
                setattr(session, key, value)
            return session

    def find(self, name: str | None) -> Session | None:
        """Without a name the first session."""
        with self.lock:
            return self.sessions.get(name) if name else next(iter(self.sessions.values()), None)

    def session(self, name: str) -> Session:
        """Raises Refusal."""
        found = self.find(name)
        if found is None or not name:
            raise Refusal(404, f"Session {name!r} not found", body=nest_error(404, "Session not found"))
        return found

    def keep_message(self, session: Session, message_id: str, message: dict[str, Any]) -> None:
        with self.lock:
            self._shelves.keep_message(session.messages, message_id, message)

    def keep_file(self, session: Session, message_id: str, mime_type: str, content: bytes, name: str = "") -> File:
        """WAHA names a file after its message."""
        kind = mime_type.split(";")[0].split("/")[-1].split("+")[0] or "bin"
        with self.lock:
            return self._shelves.keep_file(session.files, File(f"{message_id}.{kind}", mime_type, content, name))

    def save(self) -> None:
        """Sessions outlive a restart when there is a state file. Messages and files do not."""
        with self.lock:
            self._kept.write(self.sessions.values())


def new_message_id() -> str:
    return "3EB0" + secrets.token_hex(9).upper()


def nest_error(status: int, message: Any) -> dict[str, Any]:
    """How the framework under WAHA writes a refusal."""
    words = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Entity"}
    return {"statusCode": status, "message": message, "error": words.get(status, "Error")}


def server_error(message: str) -> dict[str, Any]:
    """How WAHA writes what its engine threw; the real one quotes the whole request as well."""
    exception = {"message": f"2 UNKNOWN: {message}", "code": 2, "details": message, "name": "Error"}
    return {"statusCode": 500, "timestamp": "2026-01-01T00:00:00.000Z", "exception": exception}
