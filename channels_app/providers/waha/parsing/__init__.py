"""What a webhook body of WAHA says; pure."""

from channels_app.providers.waha.parsing.bodies import parse
from channels_app.providers.waha.parsing.messages import message_values

__all__ = ["message_values", "parse"]
