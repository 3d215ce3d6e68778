"""Sentences that are stored in English, and said in the reader's language where they are shown.

A reason that a relay or a provider's parser writes down has many readers. So the row holds English, whoever was served
at the moment, and the catalogue `stored` has the translations; in it `{name}` stands for whatever was filled in.
"""

import re
from functools import cache

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import DjangoTranslation

DOMAIN = "stored"
_BLANK = re.compile(r"\{(\w*)\}")
_LETTERS_LEAST = 6
_DEPTH = 3
"""A reason may quote a reason: `Nobody knows whether it arrived: {why}`."""

Pattern = tuple[re.Pattern[str], str]


def said(text: str) -> str:
    """The sentences of `text` in the language that is active; what is not known, e.g. a vendor's words, as it is."""
    language = get_language() or settings.LANGUAGE_CODE
    text = str(text)
    if not text or language == settings.LANGUAGE_CODE:
        return text
    return _said(text, *_known(language, tuple(settings.LOCALE_PATHS)), _DEPTH)


def _said(text: str, exact: dict[str, str], patterns: list[Pattern], depth: int) -> str:
    known = exact.get(text) or (exact.get(text.removesuffix(".")) if text.endswith(".") else None)
    if known:
        return known if known.endswith(".") or not text.endswith(".") else f"{known}."
    if depth == 0:
        return text
    for pattern, words in patterns:
        if found := pattern.fullmatch(text):
            filled = {name: _said(value, exact, patterns, depth - 1) for name, value in found.groupdict().items()}
            return _BLANK.sub(lambda blank, filled=filled: filled.get(f"_{blank[1]}", blank[0]), words)
    for mark in (". ", ": "):
        first, _, rest = text.partition(mark)
        if rest:
            first = _said(first + mark[0] if mark == ". " else first, exact, patterns, depth - 1)
            return f"{first.removesuffix('.') if mark == '. ' else first}{mark}{_said(rest, exact, patterns, depth)}"
    return text if "\n" in text else gettext(text)


@cache
def _known(language: str, folders: tuple) -> tuple[dict[str, str], list[Pattern]]:
    """Sentences without blanks, and those with, the most telling first."""
    catalog = DjangoTranslation(language, domain=DOMAIN, localedirs=folders)._catalog
    found = {text: words for text, words in catalog.items() if isinstance(text, str) and text and words}
    exact = {text: words for text, words in found.items() if not _BLANK.search(text)}
    blank = [text for text in found if text not in exact and _weight(text) >= _LETTERS_LEAST]
    return exact, [(_pattern(text), found[text]) for text in sorted(blank, key=_weight, reverse=True)]


def _weight(text: str) -> int:
    return sum(sign.isalpha() for sign in _BLANK.sub("", text))


def _pattern(text: str) -> re.Pattern[str]:
    pieces = _BLANK.split(text)
    seen: set[str] = set()
    for at in range(1, len(pieces), 2):
        name = f"_{pieces[at]}"
        pieces[at] = f"(?P={name})" if name in seen else f"(?P<{name}>.+)"
        seen.add(name)
    pieces[::2] = [re.escape(piece) for piece in pieces[::2]]
    return re.compile("".join(pieces), re.DOTALL)
