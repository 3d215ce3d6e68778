"""What an address or a form asks for, as values."""

import uuid

from django.http import HttpRequest, QueryDict

from kernel.errors import Invalid, NotFound

SEARCH_MAX = 200


def key_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def key_of(text: str) -> uuid.UUID:
    """The id of what is asked for. Raises NotFound."""
    key = key_or_none(text)
    if key is None:
        raise NotFound
    return key


def key_given(values: QueryDict, name: str) -> uuid.UUID | None:
    """An id that may be left out. Raises Invalid."""
    text = values.get(name)
    key = key_or_none(text) if text else None
    if text and key is None:
        raise Invalid(f"{name} is not an id.", fields={name: ["not an id"]})
    return key


def words_in(query: QueryDict) -> str:
    """What is searched for."""
    return query.get("q", "").replace("\x00", "").strip()[:SEARCH_MAX]


def text_in(request: HttpRequest) -> str:
    """The text of the form, with the line ends of WhatsApp, and without what PostgreSQL cannot store."""
    return request.POST.get("text", "").replace("\r\n", "\n").replace("\x00", "")
