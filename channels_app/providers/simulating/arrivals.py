"""The log of requests: the judge of what reached the provider."""

import threading
import time
from collections import deque
from json import loads
from typing import Any

from channels_app.providers.simulating.exchange import Request

BODY_LIMIT = 4096
SECRET_HEADERS = ("authorization", "x-api-key")


class Arrivals:
    """Every request that reached the provider, in order. Bodies are cut; tokens are not kept."""

    def __init__(self, limit: int):
        self._entries: deque[dict[str, Any]] = deque(maxlen=limit)
        self._count = 0
        self._lock = threading.Lock()

    def note(self, request: Request, channel_id: str) -> dict[str, Any]:
        """The entry; its `accepted`, `status` and `answered_at` are filled in later."""
        entry = {
            "n": 0,
            "at": time.time(),
            "channel_id": channel_id,
            "method": request.method,
            "path": request.path,
            "query": {k: v for k, v in request.query.items() if k not in ("token", "access_token")},
            "headers": {k: v for k, v in request.headers.items() if k not in SECRET_HEADERS},
            "body": _shown(request.body),
            "accepted": False,
            "status": None,
            "answered_at": None,
        }
        with self._lock:
            self._count += 1
            entry["n"] = self._count
            self._entries.append(entry)
        return entry

    def list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Filtered by path, method, channel_id and `since` (a number n)."""
        with self._lock:
            entries = list(self._entries)
        return [
            e
            for e in entries
            if e["n"] > int(query.get("since", 0))
            and query.get("path", e["path"]) == e["path"]
            and query.get("method", e["method"]) == e["method"]
            and query.get("channel_id", e["channel_id"]) == e["channel_id"]
        ]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def _shown(body: bytes) -> Any:
    if len(body) > BODY_LIMIT:
        return f"{len(body)} bytes"
    try:
        return loads(body) if body else None
    except ValueError:
        return f"{len(body)} bytes"
