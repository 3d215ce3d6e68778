"""A webhook body as lines to read: indented JSON with marked words, or the raw text when it is no JSON."""

import json
import re
from dataclasses import dataclass

LINES_SHOWN = 2_000
CHARACTERS_SHOWN = 200_000

_WORD = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=: )|(?P<str>"(?:[^"\\]|\\.)*")|(?P<lit>\b(?:true|false|null)\b|-?\d[\d.eE+-]*)'
)


@dataclass(frozen=True)
class Line:
    words: list[tuple[str, str]]  # (class or "", text); the template escapes the text
    hit: bool


@dataclass(frozen=True)
class Payload:
    lines: list[Line]
    is_json: bool
    is_cut: bool


def payload_of(body: bytes, *, marked: str = "") -> Payload:
    """The body for the page; lines that hold `marked` are hits. No more than LINES_SHOWN and CHARACTERS_SHOWN."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        is_json = True
    except (ValueError, RecursionError):
        text, is_json = body.decode("utf-8", "replace"), False
    kept = text[:CHARACTERS_SHOWN]
    rows = kept.split("\n")[:LINES_SHOWN]
    lines = [Line(_words(row) if is_json else [("", row)], bool(marked) and marked in row) for row in rows]
    return Payload(lines, is_json, is_cut=len("\n".join(rows)) < len(text))


def _words(row: str) -> list[tuple[str, str]]:
    words, at = [], 0
    for match in _WORD.finditer(row):
        if match.start() > at:
            words.append(("", row[at : match.start()]))
        words.append((match.lastgroup, match.group()))
        at = match.end()
    if at < len(row):
        words.append(("", row[at:]))
    return words
