"""Templates: as the API lists them, and the news of them."""

from collections.abc import Iterable
from typing import Any

from channels_app.providers.base import Ignored, Inbound, InboundTemplate, Template
from channels_app.providers.cloud.parsing.people import Place
from channels_app.providers.reading import Malformed, sequence, storable, text

NAME_LIMIT = 512
LANGUAGE_LIMIT = 20


def template_of(item: Any) -> Template | None:
    """One entry of GET /{waba_id}/message_templates; None for what is none."""
    if not isinstance(item, dict) or not text(item, "name") or not text(item, "language"):
        return None
    return Template(
        name=text(item, "name", NAME_LIMIT),
        language=text(item, "language", LANGUAGE_LIMIT),
        category=text(item, "category", 40).lower(),
        status=text(item, "status", 40).lower(),
        components=[storable(one) for one in sequence(item, "components") if isinstance(one, dict)],
        provider_template_id=_id(item, "id"),
    )


def status_values(item: Any, place: Place) -> Iterable[Inbound]:
    """Approved, rejected, paused … Raises Malformed."""
    named = _named(item)
    if named is None:
        raise Malformed("News of a template names none.")
    return [
        InboundTemplate(
            **named,
            status=text(item, "event", 40).lower(),
            category=text(item, "message_template_category", 40).lower(),
        )
    ]


def category_values(item: Any, place: Place) -> Iterable[Inbound]:
    """Raises Malformed."""
    named = _named(item)
    if named is None:
        raise Malformed("News of a template names none.")
    return [InboundTemplate(**named, category=text(item, "new_category", 40).lower())]


def components_values(item: Any, place: Place) -> Iterable[Inbound]:
    return [Ignored("The words of a template changed; the next synchronisation brings them.")]


def _named(item: Any) -> dict[str, str] | None:
    if not isinstance(item, dict):
        return None
    name = text(item, "message_template_name", NAME_LIMIT)
    language = text(item, "message_template_language", LANGUAGE_LIMIT)
    if not name or not language:
        return None
    return {"name": name, "language": language, "provider_template_id": _id(item, "message_template_id")}


def _id(item: dict[str, Any], key: str) -> str:
    """A number in webhooks, a text in answers."""
    value = item.get(key)
    return str(value)[:80] if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
