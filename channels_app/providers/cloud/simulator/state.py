"""What exists at the simulated Meta: numbers with their messages and files, accounts with their templates."""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels_app.providers.cloud.simulator.samples import TEMPLATES
from channels_app.providers.simulating.exchange import File
from channels_app.providers.simulating.keeping import Kept
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.shelves import Shelves

STATES = ("CONNECTED", "FLAGGED", "RESTRICTED", "PENDING", "DISCONNECTED", "BANNED", "DELETED")
KEPT = (
    "token",
    "phone_number_id",
    "waba_id",
    "number",
    "name",
    "state",
    "app_secret",
    "webhook_url",
    "subscribed",
    "enforces_window",
    "names",
)


@dataclass
class Number:
    """One phone number. `token` opens it; `app_secret` signs its webhooks; `webhook_url` overrides the app's own."""

    token: str
    phone_number_id: str
    waba_id: str
    number: str
    name: str
    state: str = "CONNECTED"
    app_secret: str = "simulated-app-secret"  # noqa: S105  of nothing
    webhook_url: str = ""
    subscribed: bool = True
    token_expired: bool = False
    enforces_window: bool = False
    per_second: int | None = None  # throughput: more messages in a second are refused with 130429
    per_pair: int | None = None  # more messages to one person in six seconds are refused with 131056
    messages: "OrderedDict[str, dict[str, Any]]" = field(default_factory=OrderedDict)
    files: "OrderedDict[str, File]" = field(default_factory=OrderedDict)
    names: dict[str, str] = field(default_factory=dict)
    wrote_at: dict[str, float] = field(default_factory=dict)  # when each person last wrote
    sent_at: list[tuple[float, str]] = field(default_factory=list)

    @property
    def channel_id(self) -> str:
        return self.phone_number_id

    def described(self) -> dict[str, Any]:
        return {
            "id": self.phone_number_id,
            "display_phone_number": f"+{self.number}",
            "verified_name": self.name,
            "status": self.state,
            "quality_rating": "RED" if self.state in ("FLAGGED", "RESTRICTED") else "GREEN",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "messaging_limit_tier": "TIER_1K",
            "webhook_configuration": {"phone_number": self.webhook_url} if self.webhook_url else {},
        }


class State:
    """All numbers, behind one lock. Old messages and files are forgotten when there are too many."""

    def __init__(self, options: Options, path: Path | None = None):
        self.options = options
        self.lock = threading.RLock()
        self.numbers: OrderedDict[str, Number] = OrderedDict()
        self.templates: dict[str, list[dict[str, Any]]] = {}
        self._shelves = Shelves(options)
        self._kept = Kept(path, KEPT)
        for values in self._kept.read():
            self.numbers[values["phone_number_id"]] = Number(**values)

    def add(self, token: str, **values: Any) -> Number:
        """The number with this id, else the first of the token, made when there is none; `values` are set on it."""
        with self.lock:
            number = self.numbers.get(values.get("phone_number_id", "")) or self._of_token(token, values)
            if number is None:
                number = self._new(token, values.get("phone_number_id", ""))
                self.numbers[number.phone_number_id] = number
            for name, value in {"token": token, **values}.items():
                setattr(number, name, value)
            return number

    def find(self, name: str | None) -> Number | None:
        """By phone number id or token; without a name the first number."""
        with self.lock:
            if not name:
                return next(iter(self.numbers.values()), None)
            return self.numbers.get(name) or next((n for n in self.numbers.values() if n.token == name), None)

    def known_token(self, token: str) -> bool:
        with self.lock:
            return any(number.token == token for number in self.numbers.values())

    def of_account(self, waba_id: str) -> list[Number]:
        with self.lock:
            return [number for number in self.numbers.values() if number.waba_id == waba_id]

    def templates_of(self, waba_id: str) -> list[dict[str, Any]]:
        with self.lock:
            if waba_id not in self.templates:
                self.templates[waba_id] = [
                    {"parameter_format": "POSITIONAL", **one, "id": str(700_000_000_000_000 + n)}
                    for n, one in enumerate(TEMPLATES, 1)
                ]
            return self.templates[waba_id]

    def keep_message(self, number: Number, message: dict[str, Any]) -> None:
        with self.lock:
            self._shelves.keep_message(number.messages, message["id"], message)

    def keep_file(self, number: Number, mime_type: str, content: bytes, name: str = "") -> File:
        file = File(str(300_000_000_000_000 + secrets.randbelow(10**14)), mime_type, content, name)
        with self.lock:
            return self._shelves.keep_file(number.files, file)

    def file(self, file_id: str) -> tuple[Number, File] | None:
        with self.lock:
            return next(((n, n.files[file_id]) for n in self.numbers.values() if file_id in n.files), None)

    def save(self) -> None:
        """Numbers and their settings outlive a restart when there is a state file. Messages and files do not."""
        with self.lock:
            self._kept.write(self.numbers.values())

    def _of_token(self, token: str, values: dict[str, Any]) -> Number | None:
        return (
            None if "phone_number_id" in values else next((n for n in self.numbers.values() if n.token == token), None)
        )

    def _new(self, token: str, phone_number_id: str) -> Number:
        mark = int(hashlib.sha256((phone_number_id or token).encode()).hexdigest()[:10], 16) % 10**12
        place = len(self.numbers)
        return Number(
            token=token,
            phone_number_id=phone_number_id or f"100{mark:012d}",
            waba_id="200000000000001",
            number=f"155501002{place % 100:02d}",
            name=f"Demo number {place + 1}",
        )


def new_message_id(person: str) -> str:
    """Opaque, and as long as real ones."""
    return f"wamid.{secrets.token_urlsafe(36)}{secrets.token_hex(3).upper()}=="


def user_id_of(person: str) -> str:
    """The business-scoped id, which comes with every webhook since April 2026. Somebody may have only that."""
    return person if "." in person else f"US.{person}"


def seconds_now() -> str:
    return str(int(time.time()))
