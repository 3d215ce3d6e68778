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
LENGTH_MOST = 1000
SENTENCES_MOST = 8
"""What is longer is no reason that we wrote down."""

_BLANK = re.compile(r"\{(\w*)\}")
_END = re.compile(r"(?<=[.!?]) ")
_LETTERS_LEAST = 6
_DEPTH = 3
"""A reason may quote a reason: `Nobody knows whether it arrived: {why}`."""

Pattern = tuple[re.Pattern[str], str]
Known = tuple[dict[str, str], list[Pattern]]


def said(text: str) -> str:
    """The sentences of `text` in the language that is active; what is not known, e.g. a vendor's words, as it is."""
    language = get_language() or settings.LANGUAGE_CODE
    text = str(text)
    if not text or language == settings.LANGUAGE_CODE or len(text) > LENGTH_MOST:
        return text
    return _said(text, _known(language, tuple(settings.LOCALE_PATHS)), _DEPTH)


def _said(text: str, known: Known, depth: int) -> str:
    if words := _looked_up(text, known, depth):
        return words
    sentences = _END.split(text)
    if len(sentences) > 1:
        return _one_after_another(sentences, known, depth) if len(sentences) <= SENTENCES_MOST else text
    reason, colon, rest = text.partition(": ")
    if rest and depth and (words := _looked_up(reason, known, depth)):
        return f"{words}{colon}{_said(rest, known, depth - 1)}"
    return text if "\n" in text else gettext(text)


def _looked_up(text: str, known: Known, depth: int) -> str:
    """The translation of the whole text, with or without its full stop; "" when there is none."""
    exact, patterns = known
    if text in exact:
        return exact[text]
    if text.endswith(".") and text[:-1] in exact:
        return f"{exact[text[:-1]]}."
    for pattern, words in patterns if depth else ():
        if found := pattern.fullmatch(text):
            filled = {name: _said(value, known, depth - 1) for name, value in found.groupdict().items()}
            return _BLANK.sub(lambda blank, filled=filled: filled.get(f"_{blank[1]}", blank[0]), words)
    return ""


def _one_after_another(sentences: list[str], known: Known, depth: int) -> str:
    """The longest runs of sentences that are known as one; some reasons are two sentences long."""
    spoken = []
    while sentences:
        for end in range(len(sentences), 0, -1):
            words = _looked_up(" ".join(sentences[:end]), known, depth)
            if words or end == 1:
                spoken.append(words or _said(sentences[0], known, depth - 1) if depth else sentences[0])
                del sentences[:end]
                break
    return " ".join(spoken)


@cache
def _known(language: str, folders: tuple) -> Known:
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
