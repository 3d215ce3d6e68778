"""Facts about chats and messages."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class MessagesChanged:
    """Messages of one chat are new or look different. `created` are the new ones among `message_ids`."""

    workspace_id: uuid.UUID
    channel_id: uuid.UUID
    chat_id: uuid.UUID
    message_ids: tuple[uuid.UUID, ...]
    created: tuple[uuid.UUID, ...] = ()
    removed: tuple[uuid.UUID, ...] = ()  # bubbles that turned out to be another one (an echo)


@dataclass(frozen=True)
class NotesChanged:
    """Private notes of one chat are new or look different."""

    workspace_id: uuid.UUID
    channel_id: uuid.UUID
    chat_id: uuid.UUID
    note_ids: tuple[uuid.UUID, ...]


@dataclass(frozen=True)
class Mentioned:
    """Members were named in a note of the chat, by somebody else."""

    workspace_id: uuid.UUID
    chat_id: uuid.UUID
    note_id: uuid.UUID
    member_ids: tuple[uuid.UUID, ...]


@dataclass(frozen=True)
class ChatChanged:
    """Anything the chat list or the header shows: name, assignee, unread, read-only."""

    workspace_id: uuid.UUID
    channel_id: uuid.UUID
    chat_id: uuid.UUID


@dataclass(frozen=True)
class CustomerPresence:
    """A customer types or records. Never stored."""

    workspace_id: uuid.UUID
    chat_id: uuid.UUID
    status: str
