"""Other queues that drain the same number of no-op jobs from the same PostgreSQL, each in a database of its own.

They are installed into .data/bench/peers, which `make bench` makes; Waybill's own environment never sees them.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.servers import npm_install, trouble_of

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent
PLACE = ROOT / ".data" / "bench" / "peers"
DATABASE = "bench_peers"


@dataclass(frozen=True)
class Peer:
    name: str
    keeps_order: bool
    program: tuple[str, ...]

    @property
    def is_node(self) -> bool:
        return self.program[0].endswith(".mjs")


PEERS = (
    Peer("graphile-worker, default", False, ("graphile.mjs", "default")),
    Peer("graphile-worker, local queue of 500", False, ("graphile.mjs", "local")),
    Peer("graphile-worker, a named queue for each chat", True, ("graphile.mjs", "ordered")),
    Peer("procrastinate, a lock for each chat", True, ("with_procrastinate.py",)),
    Peer("pgqueuer on asyncpg, batches of 500", False, ("with_pgqueuer.py",)),
    Peer("django-q2, ORM broker, 2 workers, bulk 100", False, ("with_django_q.py",)),
)


@dataclass(frozen=True)
class Result:
    peer: Peer
    done: int
    seconds: float
    trouble: str = ""

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0


def measure(server_url: str, *, jobs: int, seconds: float) -> list[Result]:
    """Let each of them drain `jobs`, for at most `seconds` each. What cannot be installed says so in its `trouble`."""
    missing = {True: _install_node(), False: _install_python()}
    return [
        Result(peer, 0, 0.0, missing[peer.is_node]) if missing[peer.is_node] else _run(peer, server_url, jobs, seconds)
        for peer in PEERS
    ]


def versions() -> str:
    node = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    pinned = [line.split("#")[0].strip() for line in (SOURCES / "requirements.txt").read_text().splitlines()]
    python = [line.replace("==", " ") for line in pinned if line.startswith(("procrastinate", "pgqueuer", "django-q2"))]
    return ", ".join([f"{name} {version}" for name, version in node.items()] + python)


def _run(peer: Peer, server_url: str, jobs: int, seconds: float) -> Result:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    program, *arguments = peer.program
    runner = "node" if peer.is_node else str(PLACE / "venv" / "bin" / "python")
    try:
        done = subprocess.run(
            [runner, str(PLACE / program), *arguments, str(jobs), str(seconds)],
            env={**_bare_environment(), "DATABASE_URL": server_url.replace("/postgres?", f"/{DATABASE}?")},
            cwd=PLACE,
            capture_output=True,
            text=True,
            timeout=seconds + 90,
        )
        said = json.loads(done.stdout.strip().splitlines()[-1])
        return Result(peer, said["done"], said["seconds"])
    except (subprocess.TimeoutExpired, IndexError, ValueError) as error:
        words = done.stderr.strip()[-200:] if isinstance(error, IndexError | ValueError) else "no end"
        return Result(peer, 0, 0.0, words or type(error).__name__)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _bare_environment() -> dict[str, str]:
    """Without what would lead a peer to Waybill's own modules or settings."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}


def _install_python() -> str:
    _copy("*.py")
    venv, stamp, wanted = PLACE / "venv", PLACE / "venv" / "installed.txt", (SOURCES / "requirements.txt").read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(venv)], [*pip, "-r", str(SOURCES / "requirements.txt")]):
        if trouble := trouble_of(command, PLACE):
            return trouble
    stamp.write_text(wanted)
    return ""


def _install_node() -> str:
    _copy("*.mjs")
    _copy("package.json")
    return npm_install(PLACE)


def _copy(pattern: str) -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    for path in SOURCES.glob(pattern):
        if path.name != "__init__.py":
            shutil.copy(path, PLACE / path.name)
