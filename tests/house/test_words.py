"""Everything that people read can be translated, and is: nothing unmarked, nothing missing, nothing left over."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.template.base import Lexer, TokenType
from django.test import Client

from inbox.models import Message
from kernel.ids import new_id
from tests.house.conftest import CANARY
from tests.house.test_doors import PUBLIC, doors
from tests.support import catalogues

EVERY = [(language, domain) for language in catalogues.LANGUAGES for domain in catalogues.DOMAINS]
BLANKS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?\w+")
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-ask", "data-for-note", "data-words", "data-chosen")
UNSPOKEN = ("script", "style", "code", "kbd", "svg", "time", "pre")
NAMES = {"Waybill", "Esc", "Whapi", "WhatsApp", "Cloud", "API", "WAHA", "UTC", "me", "hidden"}
"""Brands, keys, and what is markup or heard by a filter only."""


# --- The catalogues ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "domain"), EVERY)
def test_a_catalogue_has_what_the_code_says_and_nothing_else(language, domain):
    said = {(message.id, message.context) for message in catalogues.template_of(domain) if message.id}
    known = {(message.id, message.context) for message in catalogues.read(language, domain) if message.id}
    assert said - known == set(), "New words: run `make words`, then translate them."
    assert known - said == set(), "Words that nobody says any more: run `make words`."


@pytest.mark.parametrize(("language", "domain"), EVERY)
def test_a_catalogue_is_translated_with_the_same_blanks(language, domain):
    wrong = []
    for message in catalogues.read(language, domain):
        if not message.id:
            continue
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        words = [message.string] if isinstance(message.string, str) else list(message.string)
        if message.fuzzy or not catalogues.whole(message):
            wrong.append(texts[0])
        for number, one in enumerate(words):
            if sorted(BLANKS.findall(one)) != sorted(BLANKS.findall(texts[min(number, len(texts) - 1)])):
                wrong.append(f"{texts[0]} → {one}")
    assert wrong == []


@pytest.mark.parametrize(("language", "domain"), EVERY)
def test_what_is_compiled_is_what_is_written(language, domain):
    path = catalogues.po(language, domain).with_suffix(".mo")
    assert path.read_bytes() == catalogues.compiled(catalogues.read(language, domain)), "Run `make words`."


# --- The templates ----------------------------------------------------------------------------------------------------


class Words(HTMLParser):
    """Collects what a page shows or reads out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.spoken: list[str] = []
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in UNSPOKEN:
            self._within.append(tag)
        self.spoken += [value or "" for name, value in attributes if name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        if self._within and tag == self._within[-1]:
            self._within.pop()

    def handle_data(self, text: str) -> None:
        if not self._within:
            self.shown.append(text)


def unmarked(template: str) -> Iterator[str]:
    """The words of a template that stand outside its translate tags."""
    page, marked = [], False
    for token in Lexer(template).tokenize():
        command = token.contents.split()[:1]
        if token.token_type == TokenType.BLOCK and command in (["blocktranslate"], ["comment"]):
            marked = True
        elif token.token_type == TokenType.BLOCK and command in (["endblocktranslate"], ["endcomment"]):
            marked = False
        elif marked:
            continue
        elif token.token_type == TokenType.TEXT:
            page.append(token.contents)
        elif token.token_type == TokenType.VAR:
            yield from re.findall(r'default:"([^"]*[A-Z ][^"]*)"', token.contents)
    words = Words("".join(page))
    for text in (*words.shown, *words.spoken):
        yield from (word for word in re.findall(r"[^\W\d_]{2,}", text) if word not in NAMES)


TEMPLATES = sorted((catalogues.ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(catalogues.ROOT / "templates")))
def test_every_word_of_a_template_is_marked(path):
    assert list(unmarked(path.read_text())) == [], "Put it into {% translate %} or {% blocktranslate %}."


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p title="Hello you">{% translate "Well" %}</p>', ["Hello", "you"]),
        ('{{ name|default:"Some body" }}', ["Some body"]),
        ("{% blocktranslate %}Hello{% endblocktranslate %}<code>rm</code>·", []),
    ],
)
def test_an_unmarked_word_is_found(template, words):
    assert list(unmarked(template)) == words


# --- The scripts ------------------------------------------------------------------------------------------------------

SHOWN_BY_SCRIPTS = re.compile(
    r"""((textContent|title|ariaLabel|alt|placeholder)\s*=\s*|\b(notice|hint|refuse|stop|append)\()(.*\?\s*)?["`][^"`]*([A-Z][a-z]{2}|[a-z]{3}…)"""
)


@pytest.mark.parametrize("path", sorted((catalogues.ROOT / "static/js").rglob("*.js")), ids=lambda path: path.name)
def test_every_word_of_a_script_is_marked(path):
    lines = []
    for line in path.read_text().splitlines():
        for unspoken in ("Waybill", r"n?gettext\([^)]*\)", r"\{[^{}]*\}", r"\{[^{}]*\}"):
            line = re.sub(unspoken, "", line)
        lines.append(line.strip())
    found = [line for line in lines if SHOWN_BY_SCRIPTS.search(line) and "getResponseHeader" not in line]
    assert found == [], 'Write it as gettext("…").'


@pytest.mark.parametrize(
    "line", ['pill.textContent = "Newest"', 'notice("Copied it")', "x.title = on ? `${n} Things` : 1"]
)
def test_an_unmarked_word_of_a_script_is_found(line):
    assert SHOWN_BY_SCRIPTS.search(line)


# --- The pages --------------------------------------------------------------------------------------------------------

IN_ENGLISH = ("api/", "admin/", "healthz", "readyz", "metrics")
PAGES = [door for door in doors() if not door.route.startswith(IN_ENGLISH) and door.name != "inbox:emoji-picker"]
"""The names of emoji are Unicode's, which are English; what else the picker says is seen in its template."""

DATA = re.compile(
    rf"(Contact|Chat|Text|Note) {CANARY}|{CANARY}(\.pdf|\.zip|@example\.com)?"
    r"|(Ana|Adam|Ben|Vic)( Example| Sample| Demo| Viewer)?"
    r"|\w+@example\.com|Acme|Shop|\bSh\b|\b(AE|AS|BD|VV|CC|tests)\b|English|Español|POST|bytes|PDF"
    r"|[A-Z][a-z]+/[A-Za-z_/-]+|[0-9a-f]{8}-[0-9a-f-]{27}|wb_\w+|https?://\S+"
)
"""The cast, their rows, and names of other things, which are nobody's to translate."""


@pytest.fixture
def in_brackets(tmp_path: Path, settings) -> None:
    """Spanish for the time of a test: every text of ours stands in brackets, and is else as in the code."""
    for domain in catalogues.DOMAINS:
        catalog = Catalog(locale="es", domain=domain, fuzzy=False)
        for message in catalogues.template_of(domain):
            if message.id:
                texts = [message.id] if isinstance(message.id, str) else list(message.id)
                bracketed = tuple(f"⟦{text}⟧" for text in texts)
                catalog.add(message.id, bracketed[0] if len(texts) == 1 else bracketed, context=message.context)
        folder = tmp_path / "es/LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{domain}.mo").write_bytes(catalogues.compiled(catalog))
    settings.LOCALE_PATHS = [tmp_path]


def outside_brackets(page: str) -> list[str]:
    words, depth, found = Words(page), 0, []
    for text in (" ".join(words.shown), *words.spoken):
        depth = 0
        for piece in re.findall(r"[⟦⟧]|[^\W\d_]{2,}", DATA.sub(" ", text)):
            depth += {"⟦": 1, "⟧": -1}.get(piece, 0)
            if depth == 0 and piece != "⟧" and piece not in NAMES:
                found.append(piece)
    return found


@pytest.fixture
def with_a_history(rich_acme) -> dict[str, str]:
    """Messages in every state, and what was said of them in stored sentences."""
    first = Message.objects.get(pk=rich_acme["message_id"])
    states = [
        ("sent", "text", ""),
        ("failed", "text", "Meta refused the request: x"),
        ("uncertain", "text", "The line dropped."),
        ("pending", "text", ""),
        ("read", "poll", ""),
        ("cancelled", "image", ""),
    ]
    for status, kind, detail in states:
        Message.objects.create(
            workspace=first.workspace,
            channel=first.channel,
            chat=first.chat,
            direction="outbound",
            type=kind,
            client_id=str(new_id()),
            text="" if kind == "image" else CANARY,
            status=status,
            error_detail="Meta refused the request" if detail else "",
            poll={"question": CANARY, "options": [{"text": CANARY, "votes": 2}]} if kind == "poll" else None,
            sort_at=first.sort_at,
        )
    return rich_acme


def test_no_page_says_a_word_that_cannot_be_translated(world, with_a_history, in_brackets):
    left: dict[str, list[str]] = {}
    spoken = 0
    world.ana.user.language = "es"
    world.ana.user.save()
    for door in PAGES:
        client = Client(raise_request_exception=False, headers={"Accept-Language": "es"})
        if door.name not in PUBLIC:
            client.force_login(world.ana.user)
        answer = client.get(door.path({**with_a_history, "token": "none"}))
        if answer.get("Content-Type", "").startswith("text/html"):
            page = answer.content.decode()
            if outside := outside_brackets(page):
                left[door.name] = outside
            spoken += "⟦" in page
    assert not left, "\n".join(f"{name}: {words}" for name, words in left.items())
    assert spoken > 30, "Pages that were in no brackets at all were not looked at."
