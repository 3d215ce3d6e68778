"""A make-believe WAHA on loopback: speaks its HTTP API, calls signed webhooks, and misbehaves when told to."""

from channels_app.providers.waha.simulator.simulated import WahaSimulator

__all__ = ["WahaSimulator"]
