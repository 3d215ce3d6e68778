"""The words of the scripts in the reader's language, as a block of data that static/js/app.js reads."""

from functools import cache

from django import template
from django.conf import settings
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation.trans_real import DjangoTranslation

register = template.Library()


@register.simple_tag
def browser_words() -> SafeString:
    """Nothing in English, in which the scripts are written."""
    words = _catalog(get_language() or settings.LANGUAGE_CODE, tuple(settings.LOCALE_PATHS))
    return json_script(words, "words") if words else SafeString("")


@cache
def _catalog(language: str, folders: tuple) -> dict[str, str]:
    """Of the `djangojs` domain: text to translation. Scripts choose between one and many themselves."""
    if language == settings.LANGUAGE_CODE:
        return {}
    found = DjangoTranslation(language, domain="djangojs", localedirs=folders)._catalog
    return {text: words for text, words in found.items() if isinstance(text, str) and text}
