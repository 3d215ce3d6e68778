"""Groups and who is in them, from events and from the list."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import Ignored, Inbound, InboundGroup, InboundParticipants, Participant
from channels_app.providers.reading import Malformed, mapping, moment, sequence, text
from channels_app.providers.waha import limits
from channels_app.providers.waha.parsing.people import participant
from channels_app.providers.waha.parsing.told import Told

ACTIONS = {"join": "add", "leave": "remove", "promote": "promote", "demote": "demote"}
RANKS = {"participant": "member", "admin": "admin", "superadmin": "creator"}


def joined_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Our number is in a group now; everybody in it is named. Raises Malformed."""
    return [group_of(mapping(item, "group"), around, raw=mapping(item, "_data"))]


def update_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Only what changed is told. Raises Malformed."""
    found = group_of(mapping(item, "group"), around, raw=mapping(item, "_data"), at=item)
    if not found.name and not found.participants and found.only_admins_write is None:
        return [Ignored("Nothing changed in the group that Waybill shows.")]
    return [found]


def left_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Our number is no longer in a group. Raises Malformed."""
    if not around.own_wa_id:
        raise Malformed("The event does not say which number left the group.")
    return [InboundParticipants(_group_id(mapping(item, "group")), "remove", (around.own_wa_id,))]


def participant_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """Raises Malformed."""
    group_id, action = _group_id(mapping(item, "group")), ACTIONS.get(text(item, "type", 20))
    named = map(participant, sequence(item, "participants")[: limits.PARTICIPANT_LIMIT])
    people = tuple(around.ours(wa_id) for wa_id in named if wa_id)
    if action is None or not people:
        raise Malformed("A change of participants does not say what changed, or for whom.")
    return [InboundParticipants(group_id, action, people)]


def group_of(
    group: dict[str, Any], around: Told, *, raw: dict[str, Any] | None = None, at: dict[str, Any] | None = None
) -> InboundGroup:
    """A group in WAHA's form or in the one of its engine, as the list has it. Raises Malformed.

    `at` is the event of a change: it has the time, and may name only some of those who are in the group.

    `raw` is the engine's data beside WAHA's form: it alone says dependably who may write, because WAHA's
    `membersCanSendMessages` means the opposite in whole groups and in changes.
    """
    group_id = _group_id(group)
    inside = mapping(group, "groupMetadata")
    listed = next(
        (
            found
            for found in (group.get("participants"), group.get("Participants"), inside.get("participants"))
            if found
        ),
        [],
    )
    people = _people(listed if isinstance(listed, list) else [], around)
    name = reading.name(group, "subject") or reading.name(group, "Name") or reading.name(group, "name")
    return InboundGroup(
        wa_chat_id=group_id,
        name=name,
        name_at=moment(at) if at and name else None,
        participants=people,
        complete=bool(people) and at is None,
        only_admins_write=_only_admins(raw or {}, group, inside),
    )


def _people(listed: list[Any], around: Told) -> tuple[Participant, ...]:
    found: dict[str, Participant] = {}
    for entry in listed[: limits.PARTICIPANT_LIMIT]:
        wa_id, rank = around.ours(participant(entry)), _rank(entry)
        if wa_id and rank:
            found[wa_id] = Participant(wa_id, rank)
    return tuple(found.values())


def _rank(entry: Any) -> str:
    """ "" for somebody who has left."""
    if not isinstance(entry, dict):
        return "member"
    if entry.get("role") == "left":
        return ""
    named = entry.get("role") or entry.get("admin")
    if isinstance(named, str) and named in RANKS:
        return RANKS[named]
    if entry.get("IsSuperAdmin") is True or entry.get("isSuperAdmin") is True:
        return "creator"
    return "admin" if entry.get("IsAdmin") is True or entry.get("isAdmin") is True else "member"


def _only_admins(*places: dict[str, Any]) -> bool | None:
    for place in places:
        for value in (place.get("IsAnnounce"), place.get("announce"), mapping(place, "Announce").get("IsAnnounce")):
            if isinstance(value, bool):
                return value
    return None


def _group_id(group: dict[str, Any]) -> str:
    named = group.get("id") or group.get("JID")
    named = named.get("_serialized") if isinstance(named, dict) else named
    group_id = reading.wa_id(named)
    if not group_id.endswith("@g.us"):
        raise Malformed("A group has no usable id.")
    return group_id
