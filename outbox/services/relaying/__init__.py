"""The relay: reads lanes, starts attempts, records how they end."""

from outbox.services.relaying.draining import DrainReport, drain_once
from outbox.services.relaying.relay import Relay, RelayOptions

__all__ = ["DrainReport", "Relay", "RelayOptions", "drain_once"]
