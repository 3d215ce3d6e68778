"""Words of the inbox: directions, types and statuses of messages, and which status follows which."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Direction(models.TextChoices):
    INBOUND = "inbound", _("From the customer")
    OUTBOUND = "outbound", _("From us")


class MessageType(models.TextChoices):
    TEXT = "text", _("Text")
    IMAGE = "image", _("Image")
    VIDEO = "video", _("Video")
    AUDIO = "audio", _("Audio")
    VOICE = "voice", _("Voice")
    DOCUMENT = "document", _("Document")
    STICKER = "sticker", _("Sticker")
    LOCATION = "location", _("Location")
    CONTACTS = "contacts", _("Contacts")
    POLL = "poll", _("Poll")
    INTERACTIVE = "interactive", _("Interactive")
    TEMPLATE = "template", _("Template")
    SYSTEM = "system", _("System")
    CALL = "call", _("Call")
    UNSUPPORTED = "unsupported", _("Unsupported")


MEDIA_TYPES = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
SENDABLE_TYPES = MEDIA_TYPES | {"text", "location", "contacts", "poll", "interactive", "template"}


class MessageStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    PENDING = "pending", _("Waiting")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    PLAYED = "played", _("Played")
    FAILED = "failed", _("Not sent")
    UNCERTAIN = "uncertain", _("May have been sent")
    CANCELLED = "cancelled", _("Cancelled")


ARRIVED = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED})
"""The provider has it, so that it can be changed there."""

REPORT_RANK = {"sent": 0, "failed": 1, "delivered": 2, "read": 3, "played": 4}
"""Delivery reports form a chain and only the furthest counts. A message that was passed on may still fail, and then was
not delivered; proof of delivery beats any report of failure."""


class AttachmentState(models.TextChoices):
    PENDING = "pending", _("Being fetched")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be fetched")
    EXPIRED = "expired", _("No longer at the provider")


class ChatState(models.TextChoices):
    """Open chats wait for the team. A customer's message opens a chat again; the clock ends a snooze."""

    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Snoozed")
    DONE = "done", _("Done")


class FactKind(models.TextChoices):
    STATUS = "status"
    EDIT = "edit"
    REVOKE = "revoke"
    REACTION = "reaction"
    VOTE = "vote"


def is_group(wa_chat_id: str) -> bool:
    return wa_chat_id.endswith("@g.us")


def looks_of(kind: str, text: str, poll: dict | None) -> tuple:
    """What is the same in a message of ours and what its provider shows of it; places and cards come back changed."""
    if kind == MessageType.POLL:
        return kind, (poll or {}).get("question", "").strip()
    return (kind,) if kind in (MessageType.LOCATION, MessageType.CONTACTS) else (kind, text.strip())
