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
    own_lid: str = ""
    own_name: str = ""

    def ours(self, wa_id: str) -> str:
        """Our own number in place of its hidden id, under which groups may list it."""
        return self.own_wa_id if self.own_lid and wa_id == self.own_lid else wa_id


UNTOLD = Told("")
"""Around a message of the history, which comes without an event."""


def told(data: dict[str, Any]) -> Told:
    """Of an event, or of a session as the API shows it."""
    me = mapping(data, "me")
    return Told(
        event=text(data, "event", 60),
        at=moment(data),
        session=text(data, "session", 60),
        own_wa_id=reading.wa_id(me.get("id")),
        own_lid=reading.wa_id(me.get("lid")),
        own_name=reading.name(me, "pushName"),
    )
