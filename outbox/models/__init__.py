"""The tables of the engine: workers, lanes, items, attempts."""

from outbox.models.attempt import Attempt
from outbox.models.item import Item, OrderKey
from outbox.models.lane import Hold, Lane, SentMinute, Worker

__all__ = ["Attempt", "Hold", "Item", "Lane", "OrderKey", "SentMinute", "Worker"]
