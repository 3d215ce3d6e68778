"""People, chats, messages, the facts that arrived about them, and what the team keeps beside them."""

from inbox.models.chat import Chat, Participant, ReadCursor
from inbox.models.contact import Contact, ContactAddress
from inbox.models.message import Attachment, Message, MessageDeed, MessageFact
from inbox.models.rules import AssignmentRule, AssignmentTurn, AwayMessage
from inbox.models.teamwork import ChatLabel, Label, Mention, Note, QuickReply, TextDraft

__all__ = [
    "AssignmentRule",
    "AssignmentTurn",
    "Attachment",
    "AwayMessage",
    "Chat",
    "ChatLabel",
    "Contact",
    "ContactAddress",
    "Label",
    "Mention",
    "Message",
    "MessageDeed",
    "MessageFact",
    "Note",
    "Participant",
    "QuickReply",
    "ReadCursor",
    "TextDraft",
]
