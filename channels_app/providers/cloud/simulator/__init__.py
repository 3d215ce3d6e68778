"""A make-believe Cloud API on loopback: speaks Graph, signs its webhooks, and misbehaves when told to."""

from channels_app.providers.cloud.simulator.simulated import CloudSimulator

__all__ = ["CloudSimulator"]
