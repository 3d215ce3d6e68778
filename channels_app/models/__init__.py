"""Connected numbers and their secrets."""

from channels_app.models.channel import Channel, ConnectionLogEntry
from channels_app.models.credential import Credential

__all__ = ["Channel", "ConnectionLogEntry", "Credential"]
