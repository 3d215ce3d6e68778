"""People, chats, messages, and the facts that arrived about them."""

from inbox.models.chat import Chat, Participant, ReadCursor
from inbox.models.contact import Contact, ContactAddress
from inbox.models.message import Attachment, Message, MessageDeed, MessageFact

__all__ = [
    "Attachment",
    "Chat",
    "Contact",
    "ContactAddress",
    "Message",
    "MessageDeed",
    "MessageFact",
    "Participant",
    "ReadCursor",
]
