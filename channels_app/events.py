"""Facts about channels."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ChannelStatusChanged:
    channel_id: uuid.UUID
    workspace_id: uuid.UUID
    old: str
    new: str
    reason: str


@dataclass(frozen=True)
class ChannelCreated:
    channel_id: uuid.UUID
    workspace_id: uuid.UUID


@dataclass(frozen=True)
class ChannelChanged:
    """Something that pages show of the channel is different, though not its state: a code, a detail, its webhook."""

    channel_id: uuid.UUID
    workspace_id: uuid.UUID


@dataclass(frozen=True)
class FormerChatsArchived:
    """Another number is linked, and a person decided that the chats of the former one are over."""

    channel_id: uuid.UUID
    workspace_id: uuid.UUID


@dataclass(frozen=True)
class GroupsListed:
    """The provider's list of the number's groups; `groups` are values of providers/base.InboundGroup.

    `whole_at`: at this time the number was in no other group. None when that cannot be said.
    """

    channel_id: uuid.UUID
    workspace_id: uuid.UUID
    groups: tuple[Any, ...]
    whole_at: datetime | None


@dataclass(frozen=True)
class ChannelAudienceChanged:
    """Other teams see the channel than before."""

    workspace_id: uuid.UUID
    channel_id: uuid.UUID
