"""What passes between a client and a simulated provider: requests, answers, refusals, files."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from json import loads
from typing import Any


class Refusal(Exception):
    """An error answer. A vendor with another form of errors gives its own `body`."""

    def __init__(self, status: int, message: str, details: str = "", *, body: Any = None):
        self.status = status
        self.body = body
        if body is None:
            self.body = {"error": {"code": status, "message": message, **({"details": details} if details else {})}}
        super().__init__(message)


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes = field(repr=False)

    @property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def json(self) -> Any:
        """Raises ValueError."""
        return loads(self.body or b"{}")


@dataclass
class File:
    id: str
    mime_type: str
    content: bytes = field(repr=False)
    name: str = ""

    @property
    def sha256(self) -> str:
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


@dataclass
class Done:
    """An answer (JSON, HTML text or a File), and what is to happen once it has been given."""

    body: Any
    afterwards: list[Callable[[], None]] = field(default_factory=list)
