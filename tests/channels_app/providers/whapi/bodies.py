"""Whapi's webhook bodies as tests write them, and what is read from them."""

import json
from datetime import UTC, datetime

from channels_app.providers.whapi.parsing import parse

DANA = "15550100201@s.whatsapp.net"
SHOP = "15550100100@s.whatsapp.net"
GROUP = "120363000000000077@g.us"
AT = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())


def body(kind: str = "", **content) -> bytes:
    type_, _, event = kind.partition(".")
    told = {"event": {"type": type_, "event": event}} if kind else {}
    return json.dumps({**content, **told, "channel_id": "SIMULA-00000"}).encode()


def read(data: bytes, method: str = "POST", suffix: str = ""):
    return parse(method=method, suffix=suffix, body=data)


def one(data: bytes, **how):
    (value,) = read(data, **how).values
    return value


def message(type_: str = "text", content=None, **more) -> dict:
    return {
        "id": "AbCdEf123-XyZ987",
        "from_me": False,
        "type": type_,
        "chat_id": DANA,
        "timestamp": SECONDS,
        "source": "mobile",
        type_: {"body": "Hello"} if content is None else content,
        "from": "15550100201",
        "from_name": "Dana Demo",
        **more,
    }


def told(type_: str = "text", content=None, **more):
    return one(body("messages.post", messages=[message(type_, content, **more)]))
