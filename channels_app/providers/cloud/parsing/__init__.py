"""What a webhook body of the Cloud API says; pure."""

from channels_app.providers.cloud.parsing.bodies import parse

__all__ = ["parse"]
