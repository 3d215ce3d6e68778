"""Reading a vendor's lists page by page: of groups, with whether that was all of it, and of the messages it kept."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from channels_app.providers.base import InboundGroup, InboundMessage, ListedGroups
from channels_app.providers.errors import ProviderError
from channels_app.providers.reading import Malformed


def listed_groups(
    page_of: Callable[[int], list[Any]], read: Callable[[Any], Iterable[InboundGroup]], *, page_size: int, pages: int
) -> ListedGroups:
    """`page_of(offset)` asks the vendor, `read` understands one entry or raises Malformed; at most so many `pages`."""
    found: dict[str, InboundGroup] = {}
    all_understood = True
    for page in range(pages):
        entries = page_of(page * page_size)
        for entry in entries:
            try:
                found |= {group.wa_chat_id: group for group in read(entry)}
            except Malformed:
                all_understood = False
        if len(entries) < page_size:
            return ListedGroups(tuple(found.values()), whole=all_understood)
    return ListedGroups(tuple(found.values()))


def listed_messages(
    page_of: Callable[[int], list[Any]],
    read: Callable[[Any], Iterable[Any]],
    *,
    since: datetime,
    from_me: bool | None,
    page_size: int,
    pages: int,
) -> list[InboundMessage]:
    """Oldest first, from `since` to the second; `from_me` None takes both sides, whatever the vendor's filter did.

    `page_of(offset)` asks the vendor, `read` understands one entry or raises Malformed. What cannot be read, and what
    is no message of a chat, is left out. A vendor that keeps no history says "not found": that is an empty list, and
    no proof that nothing was sent.
    """
    found: dict[str, InboundMessage] = {}
    for page in range(pages):
        entries = _entries(page_of, page * page_size)
        for message in filter(None, (_message_of(read, entry) for entry in entries)):
            if from_me in (None, message.from_me) and message.at.timestamp() >= int(since.timestamp()):
                found[message.wa_message_id] = message
        if len(entries) < page_size:
            break
    return sorted(found.values(), key=lambda message: message.at)


def _entries(page_of: Callable[[int], list[Any]], offset: int) -> list[Any]:
    try:
        return page_of(offset)
    except ProviderError as error:
        if error.code == "not_found":
            return []
        raise


def _message_of(read: Callable[[Any], Iterable[Any]], entry: Any) -> InboundMessage | None:
    try:
        return next((value for value in read(entry) if isinstance(value, InboundMessage)), None)
    except Malformed:
        return None
