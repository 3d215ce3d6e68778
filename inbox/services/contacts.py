"""What our side knows of a person."""

from django.db import transaction

from inbox.models import Contact
from inbox.services.sending import publish_chat
from workspaces.access import Actor, require
from workspaces.roles import Permission


def update_contact(*, actor: Actor, contact: Contact, name: str | None = None, notes: str | None = None) -> Contact:
    """Save our name for the person ("" takes it away, so the person's own shows) and notes. Raises Forbidden."""
    require(actor, Permission.WRITE_MESSAGES)
    changed = {field: value for field, value in (("name", name), ("notes", notes)) if value is not None}
    for field, value in changed.items():
        setattr(contact, field, value)
    with transaction.atomic():
        contact.save(update_fields=list(changed))
        for chat in contact.chats.all():
            publish_chat(chat)
    return contact
