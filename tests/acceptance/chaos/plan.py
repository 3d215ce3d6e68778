"""How long, how wide and by which seed a run goes."""

from dataclasses import dataclass

LEASE_SECONDS = 4
UNCERTAIN_WAIT_SECONDS = 12
FREEZE_SECONDS = LEASE_SECONDS + 1.5  # longer than a lease, well inside the wait for the uncertain


@dataclass(frozen=True)
class Plan:
    """`seconds` is the time under fire; starting up and the quiet afterwards come on top."""

    seed: int
    seconds: float
    channels: int = 50
    chats_each: int = 4
    relays: int = 2
    writers: int = 6
    writes_per_second: float = 12.0
    customer_writes_per_second: float = 6.0
    quiet_seconds: float = 180.0  # how long everything may take to come to rest


@dataclass(frozen=True)
class Number:
    """One of our channels: its id in the database, its token and number at the provider."""

    channel_id: str
    token: str
    digits: str
    secret: str


@dataclass(frozen=True)
class Chat:
    """A customer of one of our numbers."""

    number: Number
    customer: str


def customers_of(channel: int, count: int) -> list[str]:
    return [f"1555010{1000 + channel * count + place:04d}" for place in range(count)]
