"""WAHA's webhook bodies as tests write them, and what is read from them."""

import json
from datetime import UTC, datetime

from channels_app.providers.base import InboundMessage
from channels_app.providers.waha.parsing import parse

DANA = "15550100201@s.whatsapp.net"
LID = "900000000000201@lid"
SHOP = "15550100100@s.whatsapp.net"
GROUP = "120363000000000077@g.us"
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TOLD_AT = datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC)
SECONDS = int(AT.timestamp())
NOT_WORKING = {"error": "Session status is not as expected.", "session": "shop", "expected": ["WORKING"]}


def body(event: str, payload, **more) -> bytes:
    envelope = {
        "id": "evt_01aaaaaaaaaaaaaaaaaaaaaaaa",
        "timestamp": int(TOLD_AT.timestamp() * 1000),
        "event": event,
        "session": "shop",
        "me": {"id": "15550100100@c.us", "pushName": "Demo shop", "lid": "900000000000100@lid"},
        "payload": payload,
        "engine": "GOWS",
    }
    return json.dumps({**envelope, **more}).encode()


def read(data: bytes):
    return parse(method="POST", suffix="", body=data)


def one(event: str, payload, **more):
    """What the event is about; who is who may stand beside it."""
    return read(body(event, payload, **more)).values[0]


def message(**more) -> dict:
    return {
        "id": "false_15550100201@c.us_3EB0AA",
        "timestamp": SECONDS,
        "from": "15550100201@c.us",
        "fromMe": False,
        "source": "app",
        "to": None,
        "body": "Hello",
        "hasMedia": False,
        "ack": 2,
        "_data": {"Info": {"PushName": "Dana Demo"}, "Message": {"conversation": "Hello"}},
        **more,
    }


def gows(name: str, content: dict, **more) -> dict:
    """A message whose content stands in the engine's data alone."""
    return message(body=None, _data={"Info": {"PushName": "Dana Demo"}, "Message": {name: content}}, **more)


def said(**more) -> InboundMessage:
    return one("message.any", message(**more))
