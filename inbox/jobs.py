"""What can be asked: the draft of a message, and the kinds of outbox work of the inbox."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from inbox.errors import EmptyMessage, MessageTooLong
from inbox.policy import text_limit
from inbox.states import MEDIA_TYPES, SENDABLE_TYPES
from kernel.errors import Invalid

SEND = "message.send"
EDIT = "message.edit"
REVOKE = "message.revoke"
REACT = "message.react"
READ = "chat.read"
MEDIA_FETCH = "media.fetch"
RECOVER = "messages.recover"

_READ_QUEUES = uuid.UUID("6f0c2f0e-52c5-4a8e-9d0a-2b6d3a3f9f11")


def read_order_key(chat_id: uuid.UUID) -> uuid.UUID:
    """Read receipts of a chat have a queue of their own: they neither wait for its messages nor hold them up."""
    return uuid.uuid5(_READ_QUEUES, str(chat_id))


@dataclass(frozen=True)
class Draft:
    """A message that somebody wants to send. `attachment_id` names an uploaded file, which may also stand in the head
    of a template; `text` is also its caption."""

    type: str = "text"
    text: str = ""
    quoted_id: uuid.UUID | None = None
    attachment_id: uuid.UUID | None = None
    location: dict[str, Any] | None = None  # {latitude, longitude, name, address}
    contacts: list[dict[str, Any]] | None = None  # [{name, phones}]
    poll: dict[str, Any] | None = None  # {question, options: [str], multiple}
    interactive: dict[str, Any] | None = None  # {buttons: [{id, title}]} | {button, rows: [{id, title, description}]}
    template: dict[str, Any] | None = None  # {name, language, variables: {blank: value}}; it makes the text
    mentions: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raises EmptyMessage, MessageTooLong or Invalid, naming the field."""
        if self.type not in SENDABLE_TYPES:
            raise Invalid(
                f"Messages of type {self.type!r} cannot be sent. Use one of: {', '.join(sorted(SENDABLE_TYPES))}.",
                fields={"type": ["not a type that can be sent"]},
            )
        if len(self.text) > text_limit():
            raise MessageTooLong(fields={"text": [f"at most {text_limit():,} characters"]})
        needed = "attachment" if self.type in MEDIA_TYPES else self.type
        has = {
            "text": bool(self.text.strip()),
            "attachment": self.attachment_id is not None,
            "location": self.location is not None,
            "contacts": bool(self.contacts),
            "poll": self.poll is not None,
            "interactive": self.interactive is not None,
            "template": self.template is not None,
        }
        if not has[needed]:
            raise EmptyMessage(
                None if needed == "text" else f"A message of type {self.type} needs the field {needed!r}.",
                fields={needed: ["needed"]},
            )
        if self.type == "template" and has["text"]:
            raise Invalid("A template brings its own text.", fields={"text": ["not for this type"]})
        for name in ("attachment", "location", "contacts", "poll", "interactive", "template"):
            if has[name] and name != needed and (self.type, name) != ("template", "attachment"):
                raise Invalid(
                    f"A message of type {self.type} cannot carry {name!r}.", fields={name: ["not for this type"]}
                )

    def digest(self, chat_id: uuid.UUID, due_at: datetime | None = None) -> str:
        """SHA-256 over everything that makes it this message in this chat; tells a repeat from a reuse."""
        when = {"due_at": due_at.astimezone(UTC)} if due_at is not None else {}
        canonical = json.dumps({"chat": str(chat_id), **when, **asdict(self)}, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()
