"""People of a workspace."""

from inbox.models.visible import contacts_visible_to
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
