"""Whapi bodies as the tests write them."""

from typing import Any

CUSTOMER = "15550100101"
CHAT = f"{CUSTOMER}@s.whatsapp.net"
GROUP = "120363000000000001@g.us"
NOON = 1_760_000_000


def body(kind: str, event: str, key: str, *items: Any) -> dict[str, Any]:
    return {key: list(items), "event": {"type": kind, "event": event}, "channel_id": "DEMO-CH4NL"}


def text(message_id: str, words: str = "Hello", *, at: int = NOON, **more: Any) -> dict[str, Any]:
    return {
        "id": message_id,
        "from_me": False,
        "type": "text",
        "chat_id": CHAT,
        "timestamp": at,
        "source": "mobile",
        "text": {"body": words},
        "from": CUSTOMER,
        "from_name": "Carla Customer",
        **more,
    }


def messages(*items: dict[str, Any]) -> dict[str, Any]:
    return body("messages", "post", "messages", *items)


def statuses(*items: dict[str, Any]) -> dict[str, Any]:
    return body("statuses", "post", "statuses", *items)


def status(message_id: str, word: str, *, at: int = NOON + 1) -> dict[str, Any]:
    return {"id": message_id, "code": 1, "status": word, "recipient_id": CHAT, "timestamp": str(at)}
