"""Values of a settings form."""

import uuid

from django.http import QueryDict

from inbox.views.asked import key_of, key_or_none


def posted_key(post: QueryDict) -> uuid.UUID:
    """The id of what the form is about. Raises NotFound."""
    return key_of(post.get("id", ""))


def posted_keys(post: QueryDict, name: str) -> list[uuid.UUID]:
    """The ids that were ticked; what is none is passed over."""
    return [key for key in map(key_or_none, post.getlist(name)) if key is not None]


def number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise
