"""What stands around the payload of every event: when, about which session, whose number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_app.providers import reading
from channels_app.providers.reading import mapping, moment, text


@dataclass(frozen=True)
class Told:
    event: str
    at: datetime | None = None
    session: str = ""
    own_wa_id: str = ""
    own_name: str = ""


UNTOLD = Told("")
"""Around a message of the history, which comes without an event."""


def told(data: dict[str, Any]) -> Told:
    me = mapping(data, "me")
    return Told(
        event=text(data, "event", 60),
        at=moment(data),
        session=text(data, "session", 60),
        own_wa_id=reading.wa_id(me.get("id")),
        own_name=reading.name(me, "pushName"),
    )
