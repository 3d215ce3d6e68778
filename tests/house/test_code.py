"""Rules of the code that a reader would not see in one file."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("platform/kernel", "workspaces", "outbox", "channels_app", "inbox", "webhooks", "platform/config")
WIRE_LIBRARIES = {"requests", "urllib3", "httpx", "aiohttp", "urllib.request"}
WITHOUT_WORKSPACE = {
    "workspaces.User": "a person may be in several workspaces",
    "workspaces.Workspace": "is the workspace",
    "workspaces.SignInFailures": "counted before anybody is known",
    "outbox.Worker": "a process serves all workspaces",
    "outbox.OrderKey": "a bare counter; reached only with the key",
    "outbox.Attempt": "hot and narrow; reached only through its item",
    "outbox.Hold": "reached only through its lane",
    "outbox.SentMinute": "reached only through its lane",
    "inbox.Participant": "reached only through its chat",
    "inbox.MessageDeed": "reached only through its message",
}


def sources() -> Iterator[Path]:
    for floor in FLOORS:
        yield from sorted(path for path in (ROOT / floor).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def named(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_the_floors_and_rooms_hold():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_only_one_module_speaks_http_to_the_outside():
    speakers = {
        str(path.relative_to(ROOT))
        for path in sources()
        for _, module in imports(path)
        if module in WIRE_LIBRARIES or module.split(".")[0] in WIRE_LIBRARIES - {"urllib.request"}
    }
    assert speakers == {"platform/kernel/http.py"}, "Outbound HTTP goes through kernel.http."


def test_domain_facts_do_not_travel_by_model_signals():
    listeners = [
        named(path, line)
        for path in sources()
        for line, module in imports(path)
        if module.startswith("django.db.models.signals") and "post_migrate" not in module and module.count(".") > 3
    ]
    assert listeners == [], "Publish a fact from events.py and subscribe to it in apps.py."


def test_no_import_hides_in_a_function_to_dodge_a_cycle():
    ours = {"kernel", "workspaces", "outbox", "channels_app", "inbox", "webhooks", "config"}
    hidden = []
    for path in sources():
        if path.name == "apps.py":
            continue  # Django wants models imported in ready()
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden += [
                    named(path, node.lineno)
                    for node in ast.walk(function)
                    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ours
                ]
    assert set(hidden) <= HEAVY, "Move the import to the top; if that makes a cycle, a room is on the wrong floor."


HEAVY = {
    named(path, number)
    for path in (ROOT / "platform/config/keeper.py",)
    for number, line in enumerate(path.read_text().splitlines(), 1)
    if "heavy, and needed only" in line
}


def test_rooms_have_the_names_of_the_house():
    banned = {"utils", "common", "core", "helpers", "misc", "manager"}
    strays = [str(path.relative_to(ROOT)) for path in sources() if path.stem in banned or path.parent.name in banned]
    assert strays == [], "Name the module for what lives in it."


def test_every_module_says_in_one_sentence_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_task_is_left_in_a_comment():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    left = [
        named(path, number)
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert left == []


def test_every_tenant_table_carries_its_workspace():
    ours = {floor.split("/")[-1] for floor in FLOORS}
    without = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in ours and "workspace_id" not in {field.attname for field in model._meta.fields}
    }
    assert without <= set(WITHOUT_WORKSPACE), "Add workspace_id: filters, row security and partitions need it."


TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_compiles_and_keeps_the_content_security_policy(path):
    get_template(str(path.relative_to(ROOT / "templates")))
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), "Inline scripts are refused by the browser."
    assert not re.search(r"<style\b|\sstyle=", text), "Inline styles are refused by the browser: use a class."
    assert not re.search(r"\son[a-z]+=", text), "Inline handlers are refused by the browser: listen in a module."
    assert not re.search(r"(src|href)=\"(https?:)?//", text), "Nothing loads from another host."
