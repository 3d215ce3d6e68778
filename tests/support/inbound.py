"""What a provider says of Carla, of Otto and of their group, as ingestion gets it."""

from datetime import UTC, datetime, timedelta

from channels_app.providers import base

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CARLA, OTTO = "15550100111@s.whatsapp.net", "15550100112@s.whatsapp.net"
OWN = "15550100100@s.whatsapp.net"
GROUP = "120363000000000001@g.us"


def said(wa_id, text="Hello", *, at=NOON, chat=CARLA, **more) -> base.InboundMessage:
    values = {"from_me": False, "sender_wa_id": CARLA, "type": "text", "sender_name": "Carla", **more}
    return base.InboundMessage(wa_message_id=wa_id, wa_chat_id=chat, at=at, text=text, **values)


def echo(wa_id, text="Our offer", *, at=NOON, chat=CARLA, **more) -> base.InboundMessage:
    values = {"from_me": True, "sender_wa_id": OWN, "type": "text", "source": "api", "status": "pending", **more}
    return base.InboundMessage(wa_message_id=wa_id, wa_chat_id=chat, at=at, text=text, **values)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def reported(wa_id, word, at=NOON, **more) -> base.InboundStatus:
    return base.InboundStatus(wa_id, word, at, CARLA, **more)
