"""Reading a vendor's list of groups page by page, and whether that was all of it."""

from collections.abc import Callable, Iterable
from typing import Any

from channels_app.providers.base import InboundGroup, ListedGroups
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
