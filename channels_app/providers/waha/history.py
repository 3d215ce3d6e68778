"""Messages that WAHA has kept."""

from datetime import datetime
from typing import Any

from channels_app.providers.base import InboundMessage
from channels_app.providers.listing import listed_messages
from channels_app.providers.waha import limits, parsing
from channels_app.providers.waha.client import Client, as_list


def listed(client: Client, path: str, since: datetime, from_me: bool | None) -> list[InboundMessage]:
    """See listed_messages."""
    params: dict[str, Any] = {
        "limit": limits.HISTORY_PAGE,
        "downloadMedia": "false",
        "sortBy": "timestamp",
        "sortOrder": "asc",
        "filter.timestamp.gte": int(since.timestamp()),
    }
    if from_me is not None:
        params["filter.fromMe"] = "true" if from_me else "false"
    return listed_messages(
        lambda offset: as_list(client.get(client.at(path), **params, offset=offset)),
        lambda item: parsing.message_values(item) if isinstance(item, dict) else [],
        since=since,
        from_me=from_me,
        page_size=limits.HISTORY_PAGE,
        pages=limits.HISTORY_PAGES,
    )
