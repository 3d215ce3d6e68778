"""docs/scenarios.md is honest: the tests and modules that it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LINES = (ROOT / "docs" / "scenarios.md").read_text().splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if re.match(r"\| G?\d+ \|", line)]
GUARDS = [row for row in ROWS if row[0].startswith("G")]
NAMED_AFTER_A_ROW = r"test_(scenario|guard)_(\d+)_\w+"


def test_scenarios_and_guards_are_numbered_without_a_gap():
    assert [row[0] for row in ROWS] == [f"{n}" for n in range(1, 41)] + [f"G{n}" for n in range(1, 25)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_names_tests_that_exist(row):
    proof = row[-1]
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", proof)
    assert named, "Every row has its proof."
    assert len(named) == proof.count("`") // 2, "A proof is written as `tests/file.py::test_name`."
    for path, name in named:
        assert re.search(rf"^\s*(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path}::{name}"
        if known := re.fullmatch(NAMED_AFTER_A_ROW, name):
            assert row[0] == f"{'G' if known[1] == 'guard' else ''}{int(known[2])}", name


@pytest.mark.parametrize("row", GUARDS, ids=[row[0] for row in GUARDS])
def test_each_guard_is_kept_where_it_says(row):
    places = re.findall(r"`([^`]+)`", row[2])
    assert places, "Every guard is kept somewhere."
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_test_that_is_named_after_a_row_is_in_the_table():
    table = "\n".join(LINES)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for found in re.finditer(rf"^(?:async )?def ({NAMED_AFTER_A_ROW})\(", path.read_text(), re.MULTILINE):
            assert f"`{path.relative_to(ROOT)}::{found[1]}`" in table, found[1]
