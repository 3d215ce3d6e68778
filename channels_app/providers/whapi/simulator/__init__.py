"""A make-believe Whapi on loopback: speaks its HTTP API, calls webhooks, and misbehaves when told to."""

from channels_app.providers.whapi.simulator.simulated import WhapiSimulator

__all__ = ["WhapiSimulator"]
