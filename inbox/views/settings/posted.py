"""Values of a settings form."""

import uuid

from django.http import QueryDict

from kernel.errors import NotFound


def posted_key(post: QueryDict) -> uuid.UUID:
    """The id of what the form is about. Raises NotFound."""
    try:
        return uuid.UUID(post.get("id", ""))
    except ValueError:
        raise NotFound from None


def posted_keys(post: QueryDict, name: str) -> list[uuid.UUID]:
    """The ids that were ticked; what is none is passed over."""
    keys = []
    for text in post.getlist(name):
        try:
            keys.append(uuid.UUID(text))
        except ValueError:
            continue
    return keys


def number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise
