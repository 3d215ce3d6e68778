"""Words of the inbox: directions, types and statuses of messages, and which status follows which."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Direction(models.TextChoices):
    INBOUND = "inbound", "From the customer"
    OUTBOUND = "outbound", "From us"


class MessageType(models.TextChoices):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    POLL = "poll"
    INTERACTIVE = "interactive"
    TEMPLATE = "template"
    SYSTEM = "system"
    CALL = "call"
    UNSUPPORTED = "unsupported"


MEDIA_TYPES = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
SENDABLE_TYPES = MEDIA_TYPES | {"text", "location", "contacts", "poll", "interactive", "template"}


class MessageStatus(models.TextChoices):
    RECEIVED = "received", "Received"
    PENDING = "pending", "Waiting"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    READ = "read", "Read"
    PLAYED = "played", "Played"
    FAILED = "failed", "Not sent"
    UNCERTAIN = "uncertain", "May have been sent"
    CANCELLED = "cancelled", "Cancelled"


ARRIVED = frozenset({MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED})
"""The provider has it, so that it can be changed there."""

REPORT_RANK = {"failed": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4}
"""Delivery reports form a chain and only the furthest counts: proof of delivery beats an earlier report of failure."""


class AttachmentState(models.TextChoices):
    PENDING = "pending", "Being fetched"
    READY = "ready", "Ready"
    FAILED = "failed", "Could not be fetched"
    EXPIRED = "expired", "No longer at the provider"


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
