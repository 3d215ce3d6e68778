"""In which language somebody reads."""

from typing import Any

from django.conf import settings
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header


def language_of(user: Any, accept_language: str) -> str:
    """What the person chose, else what the browser asks for (an Accept-Language header), else English."""
    chosen = getattr(user, "language", "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    for wanted, _ in parse_accept_lang_header(accept_language.lower()):
        try:
            return get_supported_language_variant(wanted)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
