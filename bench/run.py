"""`make bench`: measures ingestion, the live inbox and the outbox on this machine. `make bench ONLY=drain,http` picks.

Each part is bounded in time; all of them take about ten minutes.
"""

import os
import platform as machine
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from bench import fanout, ground, ingestion, servers  # noqa: E402  the path comes first
from bench.load import CONNECTIONS, generator  # noqa: E402

CHANNELS = 100
TOGETHER = ("ingestion", "fanout")  # on one ground
ALONE = ("applier", "wakeup", "drain", "http", "refill", "enqueue", "pinned")
ALONE_SECONDS = 240


def main() -> None:
    parts = chosen(os.environ.get("ONLY", ""))
    site = ground.lay(CHANNELS)
    print(conditions())
    rounds = f"medians of {ingestion.ROUNDS} rounds of {ingestion.SECONDS} s"
    if "ingestion" in parts:
        section(f"Ingestion: {CONNECTIONS} connections, {CHANNELS} channels, {rounds}", ingestion.measure(site))
    if "fanout" in parts:
        section("Live inbox", fanout.measure(site))
    for name in ALONE:
        if name in parts:
            run_alone(name)


def chosen(only: str) -> set[str]:
    """The parts named in `only`, separated by commas or spaces; all when it is empty. Ends the run for unknown ones."""
    parts = set(only.replace(",", " ").split()) or {*TOGETHER, *ALONE}
    if unknown := parts - {*TOGETHER, *ALONE}:
        raise SystemExit(f"ONLY names {', '.join(sorted(unknown))}; there are: {', '.join([*TOGETHER, *ALONE])}.")
    return parts


def conditions() -> str:
    cores = os.cpu_count()
    parts = [
        f"Python {machine.python_version()}",
        f"Django {version('django')}",
        f"PostgreSQL {ground.scalar('SHOW server_version')}",
        f"granian {version('granian')}",
        f"daphne {version('daphne')}",
        f"Node {servers.node_version() or 'not installed'}",
        f"load by {generator()}",
    ]
    sync = ground.scalar("SHOW synchronous_commit")
    return (
        f"{', '.join(parts)}.\n{cores} cores for the database, the server and the load together; "
        f"synchronous_commit {sync}; load average before: {os.getloadavg()[0]:.2f}. Trust ratios more than absolutes."
    )


def section(title: str, rows: list[tuple[str, str]]) -> None:
    print(f"\n{title}")
    for what, figure in rows:
        print(f"  {what:<54} {figure}")
    sys.stdout.flush()


def run_alone(name: str) -> None:
    """Benchmarks that stand for themselves; each on the same PostgreSQL, each bounded in time."""
    print(f"\nbench.{name}")
    sys.stdout.flush()
    process = subprocess.Popen(
        [sys.executable, "-m", f"bench.{name}"], env=servers.environment(), cwd=ROOT, start_new_session=True
    )
    try:
        process.wait(ALONE_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"  ended after {ALONE_SECONDS} s without a result")
    finally:
        with suppress(ProcessLookupError):  # with whatever it has started
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    main()
