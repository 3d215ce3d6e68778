"""The words of the code and their translations: what is to be translated, brought into the catalogues, and compiled.

`make words` runs it. Three catalogues per language: `django` for templates and Python, `djangojs` for scripts, `stored`
for the sentences that are written down in English and said in the reader's language later (kernel/sayings.py).
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_javascript, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "platform/config/locale"
LANGUAGES = sorted(path.name for path in LOCALE.iterdir() if path.is_dir())
DOMAINS = ("django", "djangojs", "stored")
APPS = ("platform/kernel", "platform/config", "workspaces", "outbox", "channels_app", "inbox", "webhooks")

ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)
"""Dates in the catalogues would make them differ with every run."""

UNSAID = re.compile(rb'^"(Project-Id|Report-Msgid|POT-Creation|PO-Revision|Last-Tr|Language-Team|Generated).*\n', re.M)

CALLS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
NOT_FOR_USERS = re.compile(r"/(migrations|management|simulator|simulating|load)/|/demo/(?!seeding)")
WRITES_SENTENCES = re.compile(
    r"^(channels_app/providers/|channels_app/workers|inbox/workers|\w+/services/|inbox/services/|inbox/access|\w+/errors\.py"
    r"|inbox/selectors/timeline|platform/kernel/(http|errors|opus|paging)|platform/config/(views|demo)/|workspaces/access)"
)
SENTENCE = re.compile(r"(?=.*[a-z]{3})(\{\w+\}|[A-Z“][\w’']*,?) [^\n]*")
CODE = re.compile(r"%s|::|</|\|| FROM |^Bearer |^\{\w+\} (\{|[A-Z×])|=")
"""What begins as a sentence does and is none: SQL, patterns, headers, a blank beside a blank."""

FOR_DEVELOPERS = {"RuntimeError", "ValueError", "TypeError", "AssertionError", "LookupError"}

Message = tuple[str | tuple[str, str], str | None]
"""What is to be translated (one text, or one and many), and its context."""


def update() -> list[str]:
    """Bring every catalogue up to date with the code, compile it, and say what waits to be translated."""
    waiting = []
    for language in LANGUAGES:
        for domain in DOMAINS:
            catalog = read(language, domain)
            catalog.update(template_of(domain), no_fuzzy_matching=True, update_creation_date=False)
            path = po(language, domain)
            path.write_bytes(written(catalog))
            path.with_suffix(".mo").write_bytes(compiled(read(language, domain)))
            empty = [message.id for message in catalog if message.id and not whole(message)]
            waiting += [f"{path.relative_to(ROOT)}: {text!r}" for text in empty]
    return waiting


def po(language: str, domain: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    path = po(language, domain)
    if path.exists():
        catalog = read_po(io.BytesIO(path.read_bytes()), locale=language, domain=domain)
    else:
        catalog = Catalog(locale=language, domain=domain, fuzzy=False)
    catalog.creation_date = catalog.revision_date = ALWAYS
    return catalog


def written(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalog, width=120, ignore_obsolete=True, include_lineno=False, sort_output=True)
    return UNSAID.sub(b"", file.getvalue())


def compiled(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def whole(message) -> bool:
    return bool(message.string) and (isinstance(message.string, str) or all(message.string))


def template_of(domain: str) -> Catalog:
    """Everything that the code has to say in a domain, with the files that say it."""
    catalog = Catalog(domain=domain, fuzzy=False)
    for path in _files(domain):
        name = str(path.relative_to(ROOT))
        for text, context in _SPOKEN[domain](path):
            flags = {"python-format"} if "%(" in str(text) and domain == "django" else ()
            catalog.add(text, context=context, locations=[(name, 1)], flags=flags)
    return catalog


def _files(domain: str) -> Iterator[Path]:
    if domain == "djangojs":
        yield from sorted((ROOT / "static/js").rglob("*.js"))
        return
    if domain == "django":
        yield from sorted((ROOT / "templates").rglob("*.html"))
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not NOT_FOR_USERS.search(name) and (domain == "django" or WRITES_SENTENCES.search(name)):
                yield path


def _of_page(path: Path) -> Iterator[Message]:
    code = path.read_text()
    if path.suffix == ".html":
        code = f"({templatize(code, origin=str(path))})"  # within brackets no line begins a block
    for _, call, words, _ in extract_python(io.BytesIO(code.encode()), CALLS, (), {}):
        words = words if isinstance(words, tuple) else (words,)
        context = None
        if "pgettext" in call:
            context, *words = words
        if words[0]:
            yield (tuple(words[:2]) if call.startswith(("ngettext", "npgettext")) else words[0]), context


def _of_script(path: Path) -> Iterator[Message]:
    calls = {"gettext": None, "ngettext": (1, 2)}
    found = extract_javascript(io.BytesIO(path.read_bytes()), calls, (), {"parse_template_string": True})
    for _, call, words, _ in found:
        words = words if isinstance(words, tuple) else (words,)
        for text in words[: 2 if call == "ngettext" else 1]:  # scripts choose between one and many themselves
            if text:
                yield text, None


def _of_deed(path: Path) -> Iterator[Message]:
    """Every literal that reads as a sentence and is no docstring, log line, marked text or word to a developer."""
    tree = ast.parse(path.read_text())
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            passed.update(inner for inner in ast.walk(node) if inner is not node)
        elif isinstance(node, ast.Call) and (
            _called(node) in CALLS or _is_log(node) or _called(node) in FOR_DEVELOPERS
        ):
            passed.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in passed:
            continue
        text = _with_blanks(node)
        if SENTENCE.fullmatch(text) and not CODE.search(text):
            yield text, None


def _with_blanks(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.strip()
    if not isinstance(node, ast.JoinedStr):
        return ""
    pieces, taken = [], set()
    for part in node.values:
        if isinstance(part, ast.Constant):
            pieces.append(part.value)
            continue
        name = getattr(part.value, "id", "") or getattr(part.value, "attr", "")
        name = name if name and name not in taken else str(len(taken) + 1)
        taken.add(name)
        pieces.append(f"{{{name}}}")
    return "".join(pieces).strip()


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _is_log(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
    )


_SPOKEN = {"django": _of_page, "djangojs": _of_script, "stored": _of_deed}

if __name__ == "__main__":
    if waiting := update():
        sys.exit("\n".join([*waiting, f"{len(waiting)} texts wait to be translated; they are English until then."]))
