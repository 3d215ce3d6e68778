"""A webhook request: one event, its payload and what stands around it."""

from collections.abc import Callable, Iterable
from typing import Any

from channels_app.providers.base import Ignored, Inbound, Parsed
from channels_app.providers.errors import Unreadable
from channels_app.providers.reading import Malformed, load
from channels_app.providers.waha.parsing import changes, connection, groups, reports
from channels_app.providers.waha.parsing.messages import message_values
from channels_app.providers.waha.parsing.told import Told, told

Payload = dict[str, Any]

READERS: dict[str, Callable[[Payload, Told], Iterable[Inbound]]] = {
    "message": message_values,
    "message.any": message_values,
    "message.ack": reports.status_values,
    "message.ack.group": reports.status_values,
    "message.reaction": changes.reaction_values,
    "message.edited": changes.edit_values,
    "message.revoked": changes.revoke_values,
    "poll.vote": changes.vote_values,
    "group.v2.join": groups.joined_values,
    "group.v2.leave": groups.left_values,
    "group.v2.update": groups.update_values,
    "group.v2.participants": groups.participant_values,
    "presence.update": reports.presence_values,
    "call.received": reports.call_values,
    "session.status": connection.connection_values,
}

WITHOUT_USE = {
    "message.waiting": "WhatsApp has not delivered the content of this message yet.",
    "poll.vote.failed": "WAHA could not decrypt a vote.",
    "group.join": "The same is told by group.v2.participants.",
    "group.leave": "The same is told by group.v2.participants.",
    "state.change": "The same is told by session.status.",
}


def parse(*, method: str, suffix: str, body: bytes) -> Parsed:
    """The values of one event. Unreadable is raised for a payload that cannot be understood, so that the body is kept
    and can be replayed; an event that Waybill has no use for is Ignored."""
    try:
        data = load(body)
        around = told(data)
        values = _values(data.get("payload"), around)
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    except Malformed as trouble:
        raise Unreadable(str(trouble)) from None
    return Parsed(kind=around.event or "unknown", values=tuple(values))


def _values(payload: Any, around: Told) -> list[Inbound]:
    reader = READERS.get(around.event)
    if reader is None:
        reason = WITHOUT_USE.get(around.event, f"Waybill has no use for {around.event or 'unnamed'} events.")
        return [Ignored(reason)]
    if not isinstance(payload, dict):
        raise Malformed(f"The payload of {around.event} is not an object.")
    return list(reader(payload, around)) or [Ignored("The event is empty.")]
