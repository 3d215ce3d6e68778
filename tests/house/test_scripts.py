"""Rules of the scripts: no circles, no missing names, and a size that a slow line bears."""

import re
from pathlib import Path

import brotli
import pytest

from config.static_files import FOR_READERS

SCRIPTS = sorted((Path(__file__).resolve().parent.parent.parent / "static" / "js").glob("*.js"))
IMPORT = re.compile(
    r"""(?:import\s*(?:\{(?P<names>[^}]*)\}\s*from\s*|[^"'{}()]*)|import\()"""  # by name, as a whole, or late
    r"""["']\./(?P<file>[\w.]+)["']"""
)
BUDGET_BYTES = 40 * 1024


def imports(path: Path) -> dict[str, list[str]]:
    """File to the names that are taken from it."""
    return {
        found["file"]: [name.split(" as ")[0].strip() for name in (found["names"] or "").split(",") if name.strip()]
        for found in IMPORT.finditer(path.read_text())
    }


def test_no_script_needs_itself_through_others():
    """Files are named after their content and that of what they import: in a circle nobody could have a name."""
    needs = {path.name: set(imports(path)) for path in SCRIPTS}
    while free := [name for name, others in needs.items() if not others & set(needs)]:
        for name in free:
            del needs[name]
    assert needs == {}, "Take one import out of the circle: an address in a data attribute can be imported late."


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_imported_name_exists(path):
    for file, names in imports(path).items():
        text = (path.parent / file).read_text()
        for name in names:
            assert re.search(rf"export (?:async )?(?:function|const|let|class) {name}\b", text), f"{file}: {name}"


def served(path: Path) -> bytes:
    text = path.read_text()
    for pattern in FOR_READERS:
        text = re.sub(pattern, "", text)
    return text.encode()


def test_all_scripts_together_are_within_their_budget():
    sizes = {path.name: len(brotli.compress(served(path))) for path in SCRIPTS}
    total = sum(sizes.values())
    assert total <= BUDGET_BYTES, f"{total / 1024:.1f} KB as browsers get them: {sizes}"
