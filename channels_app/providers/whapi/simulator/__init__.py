"""A make-believe Whapi on loopback: speaks its HTTP API, calls webhooks, and misbehaves when told to."""

from channels_app.providers.whapi.simulator.options import Options
from channels_app.providers.whapi.simulator.server import Simulator

__all__ = ["Options", "Simulator"]
