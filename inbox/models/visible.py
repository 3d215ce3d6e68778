"""Whose contacts somebody sees."""

from django.db.models import Exists, OuterRef, QuerySet

from inbox.models.chat import Chat
from inbox.models.contact import Contact
from workspaces.access import Actor
from workspaces.roles import Permission


def contacts_visible_to(actor: Actor) -> QuerySet[Contact]:
    """Those of the workspace; but not who is known only from chats on channels that are kept for other teams."""
    if not actor.may(Permission.SEE_CHATS):
        return Contact.objects.none()
    contacts = Contact.objects.filter(workspace_id=actor.workspace_id)
    if actor.may(Permission.SEE_EVERY_CHANNEL):
        return contacts
    theirs = Chat.objects.filter(contact=OuterRef("pk"))
    return contacts.filter(Exists(theirs.visible_to(actor)) | ~Exists(theirs))
