"""From untrusted bytes to a JSON object, and careful reading of it: a field of the wrong kind reads as empty."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers.errors import Unreadable

TEXT_LIMIT = 65_536
NAME_LIMIT = 200
MESSAGE_ID_LIMIT = 255
LATEST_SECONDS = 4_102_444_800  # the year 2100: later is not a time but another kind of number
MILLISECONDS_FROM = 100_000_000_000

_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff\x00]")
_DIGITS = re.compile(r"\d{5,20}")
_OLD_GROUP = re.compile(r"\d{5,20}-\d{5,20}")


class Malformed(Exception):
    """One item cannot be understood; the message says why in one sentence."""


def load(body: bytes) -> dict[str, Any]:
    """The object of a body, without NUL characters and lone surrogates. Raises Unreadable."""
    try:
        data = _decode(body.decode("utf-8-sig"))
        if _UNSTORABLE.search(body):
            data = storable(data)
    except (ValueError, RecursionError):
        raise Unreadable("The body is not readable JSON.") from None
    if not isinstance(data, dict):
        raise Unreadable("The body is JSON but not an object.")
    return data


def _no_constant(name: str) -> None:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_no_constant).decode  # made once: json.loads would make one for every body


def storable(value: Any) -> Any:
    """The same value as PostgreSQL can keep it in text and jsonb."""
    if isinstance(value, str):
        return _SURROGATE.sub("", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def text(data: dict[str, Any], key: str, limit: int = TEXT_LIMIT) -> str:
    value = data.get(key)
    return value[:limit] if isinstance(value, str) else ""


def name(data: dict[str, Any], key: str) -> str:
    return text(data, key, NAME_LIMIT).strip()


def mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def sequence(data: dict[str, Any], key: str) -> list[Any]:
    """A list; one lone value counts as a list of one."""
    value = data.get(key)
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def integer(data: dict[str, Any], key: str, most: int = 2**31 - 1) -> int | None:
    """A whole number from 0 to `most`."""
    value = data.get(key)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def decimal(data: dict[str, Any], key: str) -> float | None:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= 1000 else None


def moment(data: dict[str, Any], key: str = "timestamp") -> datetime | None:
    """A time in seconds, as a number or as text; milliseconds are recognised by their size."""
    value = data.get(key)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        seconds = value / 1000 if value >= MILLISECONDS_FROM else float(value)
    except OverflowError:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC) if 0 < seconds < LATEST_SECONDS else None


def message_id(data: dict[str, Any], key: str) -> str:
    """An opaque message id, or "" for what cannot be one."""
    value = data.get(key)
    return value if isinstance(value, str) and 0 < len(value) <= MESSAGE_ID_LIMIT else ""


def wa_id(value: Any) -> str:
    """The one form of a WhatsApp id: bare digits are a person, digits-digits an old group. "" when it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**20:
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= WA_ID_LIMIT:
        return ""
    user, at, server = value.strip().lstrip("+").partition("@")
    if not at:
        if _DIGITS.fullmatch(user):
            return f"{user}@s.whatsapp.net"
        return f"{user}@g.us" if _OLD_GROUP.fullmatch(user) else ""
    user = user.split(":")[0]  # a device of the person
    server = server.lower()
    return f"{user}@{'s.whatsapp.net' if server == 'c.us' else server}" if user and server else ""


def is_conversation(chat_id: str) -> bool:
    """Persons and groups. Stories, broadcast lists and newsletters are no chats of a team."""
    return chat_id.endswith(("@s.whatsapp.net", "@g.us", "@lid"))
