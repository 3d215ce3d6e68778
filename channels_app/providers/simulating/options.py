"""What can be set on a simulator, at the start or by POST /_sim/options."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Options:
    """Seconds count from the acceptance of a message. Limits bound the memory; the oldest entries go first."""

    demo: bool = False  # customers answer by themselves, and now and then one of them writes first
    statuses: bool = True
    sent_seconds: float = 0.05
    delivered_seconds: float = 0.15
    read_seconds: float = 0.4
    echo_before: float = 0.0  # share of sends whose echo webhook arrives before the HTTP response
    backoff_ms: int | None = None  # replaces the channel's callback_backoff_delay_ms, which starts at 3000
    auto_link_seconds: float | None = None  # a shown QR code is scanned by itself after this time
    webhook_url: str = ""  # for channels that have registered none
    webhook_seconds: float = 10.0  # how long a webhook may take to answer
    max_messages: int = 50_000
    max_requests: int = 50_000
    max_media_bytes: int = 256 * 1024 * 1024

    def change(self, values: dict[str, Any]) -> None:
        """Raises ValueError for a name that does not exist or a value of another kind."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no option {name!r}; there are {', '.join(sorted(known))}.")
            if isinstance(known[name], bool) != isinstance(value, bool) or isinstance(value, (dict, list)):
                raise ValueError(f"Option {name!r} cannot be {value!r}.")
            setattr(self, name, value)
