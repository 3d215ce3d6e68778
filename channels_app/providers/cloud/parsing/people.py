"""Who is meant: people by number or by Meta's business-scoped id, groups by theirs, and the number written to."""

import re
from dataclasses import dataclass, field
from typing import Any

from channels_app.policy import WA_ID_LIMIT
from channels_app.providers import reading
from channels_app.providers.base import InboundIdentity
from channels_app.providers.reading import mapping, sequence, text

ID_LIMIT = WA_ID_LIMIT - len("@bsuid")
_PERSON = re.compile(r"[\w.-]{3,}")
_GROUP = re.compile(r"[\w=+/-]{5,70}")


@dataclass(frozen=True)
class Place:
    """The number that a change is about, and the names of the people in it, by their ids."""

    phone_number_id: str = ""
    own_digits: str = ""
    names: dict[str, str] = field(default_factory=dict)


def place_of(value: dict[str, Any]) -> Place:
    metadata = mapping(value, "metadata")
    names: dict[str, str] = {}
    for contact in sequence(value, "contacts"):
        if isinstance(contact, dict):
            profile = mapping(contact, "profile")
            called = reading.name(profile, "name") or reading.name(profile, "username")
            for key in ("wa_id", "user_id"):
                if called and text(contact, key):
                    names[text(contact, key, 200)] = called
    digits = re.sub(r"\D", "", text(metadata, "display_phone_number", 40))
    return Place(text(metadata, "phone_number_id", 80), digits, names)


def person(number: Any, user_id: Any) -> str:
    """By number where there is one, else by business-scoped id; "" for nobody. The two are never mixed up."""
    known = reading.wa_id(number)
    if known.endswith("@s.whatsapp.net"):
        return known
    if isinstance(user_id, str) and len(user_id) <= ID_LIMIT and _PERSON.fullmatch(user_id):
        return f"{user_id}@bsuid"
    return ""


def identities_of(number: Any, user_id: Any) -> list[InboundIdentity]:
    """The business-scoped id that belongs to a number, where both are named."""
    known, hidden = person(number, None), person(None, user_id)
    return [InboundIdentity(hidden, known)] if known and hidden else []


def group(group_id: Any) -> str:
    """Meta's ids of groups are opaque; they get the common ending."""
    return f"{group_id}@g.us" if isinstance(group_id, str) and _GROUP.fullmatch(group_id) else ""


def name_of(place: Place, *ids: Any) -> str:
    return next((place.names[one] for one in ids if isinstance(one, str) and one in place.names), "")
