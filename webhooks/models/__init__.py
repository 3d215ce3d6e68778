"""The inbound log."""

from webhooks.models.inbound_event import InboundEvent

__all__ = ["InboundEvent"]
