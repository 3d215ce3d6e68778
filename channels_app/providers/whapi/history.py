"""Messages that Whapi has kept, read page by page."""

from datetime import datetime
from typing import Any

from channels_app.providers.base import InboundMessage
from channels_app.providers.errors import ProviderError
from channels_app.providers.reading import Malformed, sequence
from channels_app.providers.whapi import limits, parsing
from channels_app.providers.whapi.client import Client, as_object


def listed(client: Client, path: str, since: datetime, from_me: bool | None) -> list[InboundMessage]:
    """Oldest first. What cannot be read, and what is no message of a chat, is left out."""
    params: dict[str, Any] = {"count": limits.HISTORY_PAGE, "time_from": int(since.timestamp()), "sort": "asc"}
    if from_me is not None:
        params["from_me"] = "true" if from_me else "false"
    found: dict[str, InboundMessage] = {}
    for page in range(limits.HISTORY_PAGES):
        items = _history_page(client, path, {**params, "offset": page * limits.HISTORY_PAGE})
        for message in filter(None, map(_message_of, items)):
            if from_me in (None, message.from_me) and int(message.at.timestamp()) >= params["time_from"]:
                found[message.wa_message_id] = message
        if len(items) < limits.HISTORY_PAGE:
            break
    return sorted(found.values(), key=lambda message: message.at)


def _history_page(client: Client, path: str, params: dict[str, Any]) -> list[Any]:
    try:
        return sequence(as_object(client.get(path, **params)), "messages")
    except ProviderError as error:
        if error.code == "not_found":
            return []
        raise


def _message_of(item: Any) -> InboundMessage | None:
    try:
        return next((v for v in parsing.message_values(item) if isinstance(v, InboundMessage)), None)
    except Malformed:
        return None
