"""The relay: reads lanes, starts attempts, records how they end. `relay.Relay` is its front."""

from outbox.services.relaying.relay import Relay, RelayOptions

__all__ = ["Relay", "RelayOptions"]
