"""The Makefile on machines that are not ready for it: each lack is one sentence."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("sh", "rm", "sed", "awk", "touch", "echo", "make")

pytestmark = pytest.mark.acceptance


@pytest.fixture
def place(tmp_path) -> Path:
    """A folder with the Makefile and the lists of packages, and a PATH that knows only a few tools."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def make(place: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {"PATH": str(place / "bin")} | environment
    return subprocess.run(["make", *words], cwd=place, env=clean, capture_output=True, text=True)


def program(place: Path, name: str, script: str) -> None:
    path = place / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def sentence(done: subprocess.CompletedProcess) -> str:
    """What make said, without its own line about the rule that failed."""
    assert done.returncode == 2
    return "\n".join(line for line in done.stderr.splitlines() if not line.startswith("make: ***"))


def test_help_names_every_target_and_is_the_default(place):
    told = make(place).stdout
    for target in ("run", "test", "lint", "fix", "bench", "doctor", "help"):
        assert f"make {target} " in told
    assert make(place, "help").stdout == told


def test_without_a_python_the_lack_is_named(place):
    assert sentence(make(place, "run")) == (
        "Waybill needs Python 3.11 or newer, and none was found; install one and run make again."
    )


def test_an_old_python_does_not_count(place):
    program(place, "python3", "exit 1")  # what the version check ends with
    assert "Waybill needs Python 3.11 or newer" in sentence(make(place, "test"))


def test_a_newer_python_beside_an_old_one_is_found(place):
    program(place, "python3", "exit 1")
    program(place, "python3.12", 'case "$*" in *ensurepip*) exit 1;; esac')
    assert sentence(make(place, "run")) == (
        "python3.12 has no venv module; on Debian or Ubuntu run: apt install python3-venv"
    )
    assert not (place / ".venv").exists()


def test_a_venv_that_cannot_be_made_leaves_nothing_half_made(place):
    program(place, "python3", 'case "$*" in *"-m venv"*) mkdir .venv; exit 1;; esac')
    (place / "bin" / "mkdir").symlink_to(shutil.which("mkdir"))
    assert make(place, "run").returncode == 2
    assert not (place / ".venv").exists()


def test_an_old_python_is_told_so_by_manage_py_itself():
    old = next((found for name in ("python3.10", "python3.9", "python3.8") if (found := _works(name))), None)
    if old is None:
        assert "if sys.version_info < (3, 11)" in (ROOT / "manage.py").read_text()
        return
    done = subprocess.run([old, "manage.py", "check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Waybill needs Python 3.11 or newer; this is 3.")
    assert len(done.stderr.splitlines()) == 1


def _works(name: str) -> str | None:
    found = shutil.which(name) or next(
        (
            str(path)
            for path in Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/*/bin/{name}")
        ),
        None,
    )
    if found is None:
        return None
    done = subprocess.run([found, "-c", "pass"], capture_output=True)
    return found if done.returncode == 0 else None
