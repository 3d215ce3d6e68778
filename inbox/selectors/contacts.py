"""People of a workspace."""

from typing import Any

from inbox.models import Chat, ContactAddress
from inbox.models.visible import contacts_visible_to
from inbox.policy import phone_number_of
from inbox.selectors.keyset import newest_page
from inbox.selectors.search import contact_ids_matching
from kernel.paging import Page
from workspaces.access import Actor


def contact_page(actor: Actor, *, q: str = "", cursor: str | None = None, limit: int = 50) -> Page:
    """Page of Contact with their addresses, the newest first. Raises Invalid."""
    contacts = contacts_visible_to(actor).prefetch_related("addresses")
    if q.strip():
        contacts = contacts.filter(pk__in=contact_ids_matching(actor.workspace_id, q))
    return newest_page(contacts, "created_at", cursor=cursor, limit=limit)


def participants_of(chat: Chat) -> list[dict[str, Any]]:
    """Who is in a group, as [{wa_id, name, rank}]: admins first, then by name. Two queries; none for a direct chat."""
    if chat.kind != "group":
        return []
    inside = list(chat.participants.filter(left=False))
    addresses = ContactAddress.objects.filter(
        workspace_id=chat.workspace_id, wa_id__in=[one.wa_id for one in inside]
    ).select_related("contact")
    names = {address.wa_id: address.contact.display_name for address in addresses}
    shown = [
        {"wa_id": one.wa_id, "name": names.get(one.wa_id) or phone_number_of(one.wa_id), "rank": one.rank}
        for one in inside
    ]
    return sorted(shown, key=lambda one: (one["rank"] == "member", one["name"].casefold(), one["wa_id"]))
