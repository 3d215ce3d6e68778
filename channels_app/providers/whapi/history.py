"""Messages that Whapi has kept."""

from datetime import datetime
from typing import Any

from channels_app.providers.base import InboundMessage
from channels_app.providers.listing import listed_messages
from channels_app.providers.reading import sequence
from channels_app.providers.whapi import limits, parsing
from channels_app.providers.whapi.client import Client, as_object


def listed(client: Client, path: str, since: datetime, from_me: bool | None) -> list[InboundMessage]:
    """See listed_messages."""
    params: dict[str, Any] = {"count": limits.HISTORY_PAGE, "time_from": int(since.timestamp()), "sort": "asc"}
    if from_me is not None:
        params["from_me"] = "true" if from_me else "false"
    return listed_messages(
        lambda offset: sequence(as_object(client.get(path, **params, offset=offset)), "messages"),
        parsing.message_values,
        since=since,
        from_me=from_me,
        page_size=limits.HISTORY_PAGE,
        pages=limits.HISTORY_PAGES,
    )
