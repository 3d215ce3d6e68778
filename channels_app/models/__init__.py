"""Connected numbers and their secrets."""

from channels_app.models.channel import Channel, ConnectionLogEntry
from channels_app.models.credential import Credential
from channels_app.models.restriction import ChannelTeam
from channels_app.models.template import MessageTemplate

__all__ = ["Channel", "ChannelTeam", "ConnectionLogEntry", "Credential", "MessageTemplate"]
