"""Messages that WAHA has kept, read page by page."""

from datetime import datetime
from typing import Any

from channels_app.providers.base import InboundMessage
from channels_app.providers.errors import ProviderError
from channels_app.providers.reading import Malformed
from channels_app.providers.waha import limits, parsing
from channels_app.providers.waha.client import Client, as_list


def listed(client: Client, path: str, since: datetime, from_me: bool | None) -> list[InboundMessage]:
    """Oldest first. What cannot be read, and what is no message of a chat, is left out."""
    from_seconds = int(since.timestamp())
    params: dict[str, Any] = {
        "limit": limits.HISTORY_PAGE,
        "downloadMedia": "false",
        "sortBy": "timestamp",
        "sortOrder": "asc",
        "filter.timestamp.gte": from_seconds,
    }
    if from_me is not None:
        params["filter.fromMe"] = "true" if from_me else "false"
    found: dict[str, InboundMessage] = {}
    for page in range(limits.HISTORY_PAGES):
        items = _history_page(client, client.at(path), {**params, "offset": page * limits.HISTORY_PAGE})
        for message in filter(None, map(_message_of, items)):
            if from_me in (None, message.from_me) and message.at.timestamp() >= from_seconds:
                found[message.wa_message_id] = message
        if len(items) < limits.HISTORY_PAGE:
            break
    return sorted(found.values(), key=lambda message: message.at)


def _history_page(client: Client, path: str, params: dict[str, Any]) -> list[Any]:
    """An engine that keeps no history refuses to be asked; that is no proof that nothing was sent."""
    try:
        return as_list(client.get(path, **params))
    except ProviderError as error:
        if error.code == "not_found":
            return []
        raise


def _message_of(item: Any) -> InboundMessage | None:
    try:
        values = parsing.message_values(item) if isinstance(item, dict) else []
        return next((value for value in values if isinstance(value, InboundMessage)), None)
    except Malformed:
        return None
