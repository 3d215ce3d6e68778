"""What has to be in a message before any vendor can take it; pure. All raise ProviderError(permanent)."""

from typing import Any

from channels_app.providers.base import Outgoing
from channels_app.providers.errors import impossible


def coordinates(message: Outgoing) -> dict[str, float]:
    """{latitude, longitude} of a location."""
    place = message.location or {}
    try:
        return {"latitude": float(place["latitude"]), "longitude": float(place["longitude"])}
    except (KeyError, TypeError, ValueError):
        raise impossible("bad_request", "The location has no coordinates.") from None


def people(message: Outgoing) -> list[dict[str, Any]]:
    """The contacts that it names, at least one."""
    if not message.contacts:
        raise impossible("bad_request", "The message names no contact.")
    return message.contacts


def poll_options(message: Outgoing, count: range) -> list[str]:
    """The options of a poll."""
    options = [str(option) for option in (message.poll or {}).get("options", [])]
    if len(options) not in count or len(set(options)) != len(options):
        raise impossible("bad_request", f"A poll needs {count.start} to {count.stop - 1} different options.")
    return options
