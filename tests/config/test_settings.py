"""Settings: each one is explained, and a wrong one stops the start with a sentence that names it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
READERS = {"env_text", "env_bool", "env_int", "env_list", "env_secret"}
ALSO_READ = {"DATABASE_URL"}  # by config.database, before Django's settings exist
OF_LIBRARIES = {"REQUESTS_CA_BUNDLE"}  # variables that a library defines, with the library's meaning


def names_read() -> set[str]:
    calls = ast.walk(ast.parse((ROOT / "platform/config/settings.py").read_text()))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in READERS
    } | ALSO_READ


def names_explained() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def start(**environment: str) -> subprocess.CompletedProcess:
    """`manage.py check` in an environment of its own; without a database server, unless the settings ask for one."""
    clean = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    return subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=clean | environment, capture_output=True, text=True
    )


def test_every_setting_is_explained_in_the_example_file_and_nothing_else_is():
    assert names_explained() == names_read()


def test_every_setting_is_in_the_table_of_the_readme_and_nothing_else_is():
    rows = re.findall(r"^\|((?: `[A-Z_]+`,?)+) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"[A-Z_]+", row)} == names_read()


def test_every_setting_names_its_default():
    blocks = (ROOT / ".env.example").read_text().split("\n\n")
    missing = [
        block.splitlines()[-1] for block in blocks if re.search(r"^[A-Z_]+=", block, re.M) and "Default" not in block
    ]
    assert missing == []


def test_no_module_reads_the_environment_behind_the_settings():
    found = {
        name
        for app in ("workspaces", "outbox", "channels_app", "inbox", "webhooks", "platform/kernel")
        for path in (ROOT / app).rglob("*.py")
        for name in re.findall(r"os\.environ(?:\.get\(|\[)\W*(\w+)", path.read_text())
    }
    assert found <= OF_LIBRARIES, "Add a setting to platform/config/settings.py and explain it in .env.example."


def test_an_empty_environment_starts_in_demo_mode():
    done = start()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEBUG": "false"}, "SECRET_KEY is not set."),
        ({"DEBUG": "false", "SECRET_KEY": "x" * 50}, "ALLOWED_HOSTS is not set."),
        ({"DEBUG": "false", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "a.example"}, "ENCRYPTION_KEYS is not set."),
        ({"DEBUG": "false", "SECRET_KEY": "short"}, "SECRET_KEY is too short."),
        (
            {
                "DEBUG": "false",
                "SECRET_KEY": "x" * 50,
                "ALLOWED_HOSTS": "a.example",
                "ENCRYPTION_KEYS": "k" * 32 + ",k",
            },
            "ENCRYPTION_KEYS is too short.",
        ),
        ({"DEBUG": "perhaps"}, "DEBUG must be true or false"),
        ({"PORT": "eight"}, "PORT must be a whole number"),
        ({"PORT": "70000"}, "PORT must be at most 65535"),
        ({"ENCRYPTION_KEYS": " , "}, "ENCRYPTION_KEYS names no key."),
        ({"MEDIA_LIMIT_BYTES": "0"}, "MEDIA_LIMIT_BYTES must be at least 1"),
        ({"DATABASE_URL": "what is this"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "mysql://u:p@h/d"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "postgres://u:p@h"}, "DATABASE_URL names no database"),
        ({"PUBLIC_URL": "waybill.example"}, "PUBLIC_URL must begin with http:// or https://"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence_that_names_it(environment, sentence):
    done = start(**environment)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1


def test_outside_debug_a_full_set_of_settings_starts():
    done = start(
        DEBUG="false", SECRET_KEY="x" * 50, ALLOWED_HOSTS="a.example", ENCRYPTION_KEYS=f"{'2' * 32},{'1' * 32}"
    )
    assert done.returncode == 0, done.stderr


def test_a_database_that_does_not_answer_is_one_sentence():
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://nobody:hunter2@127.0.0.1:1/nothing"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "The database that DATABASE_URL names cannot be reached" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hunter2" not in done.stderr
