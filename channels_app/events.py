"""Facts about channels."""

import uuid
from dataclasses import dataclass


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
