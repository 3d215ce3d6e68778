"""Who is in a group."""

from dataclasses import dataclass

from inbox.models import Chat, ContactAddress, Participant
from inbox.policy import phone_number_of


@dataclass(frozen=True)
class Person:
    wa_id: str
    name: str
    rank: str


def participants_of(chat: Chat, *, limit: int) -> list[Person]:
    """Those who have not left, admins first, by name. Two queries."""
    found = list(Participant.objects.filter(chat=chat, left=False).order_by("id")[:limit])
    known = ContactAddress.objects.select_related("contact").filter(
        workspace_id=chat.workspace_id, wa_id__in=[participant.wa_id for participant in found]
    )
    names = {address.wa_id: address.contact.display_name for address in known}
    people = [
        Person(
            participant.wa_id,
            names.get(participant.wa_id) or phone_number_of(participant.wa_id) or "Somebody",
            participant.rank,
        )
        for participant in found
    ]
    return sorted(people, key=lambda person: (person.rank == "member", person.name.lower()))
