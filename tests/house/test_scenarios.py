"""docs/scenarios.md is honest: the tests that it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LINES = (ROOT / "docs" / "scenarios.md").read_text().splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if re.match(r"\| \d+ \|", line)]


def test_forty_scenarios_are_numbered_without_a_gap():
    assert [int(row[0]) for row in ROWS] == list(range(1, 41))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_names_tests_that_exist(row):
    number, _, _, proof = row
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", proof)
    assert named, "Every failure has its proof."
    assert len(named) == proof.count("`") // 2, "A proof is written as `tests/file.py::test_name`."
    for path, name in named:
        assert re.search(rf"^\s*(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path}::{name}"
        if scenario := re.match(r"test_scenario_(\d+)_", name):
            assert int(scenario[1]) == int(number)


def test_every_test_that_is_named_after_a_scenario_is_in_the_table():
    table = "\n".join(LINES)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^def (test_scenario_\d+_\w+)\(", path.read_text(), re.MULTILINE):
            assert f"`{path.relative_to(ROOT)}::{name}`" in table, name
