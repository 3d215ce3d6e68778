"""What a webhook body of Whapi says; pure."""

from channels_app.providers.whapi.parsing.bodies import parse
from channels_app.providers.whapi.parsing.messages import message_values

__all__ = ["message_values", "parse"]
