"""`make bench`: measures ingestion, the applier, the relay and the live inbox on this machine, and prints one table."""

import os
import platform as machine
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from bench import fanout, ground, ingestion, servers  # noqa: E402  the path comes first
from bench.load import CONNECTIONS, generator  # noqa: E402

CHANNELS = 100
ALONE = ("applier", "wakeup", "drain")
ALONE_SECONDS = 300


def main() -> None:
    site = ground.lay(CHANNELS)
    print(conditions())
    rounds = f"medians of {ingestion.ROUNDS} rounds of {ingestion.SECONDS} s"
    section(f"Ingestion: {CONNECTIONS} connections, {CHANNELS} channels, {rounds}", ingestion.measure(site))
    section("Live inbox", fanout.measure(site))
    for name in ALONE:
        run_alone(name)


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
    if not (ROOT / "bench" / f"{name}.py").exists():
        return
    print(f"\nbench.{name}")
    sys.stdout.flush()
    try:
        subprocess.run(
            [sys.executable, "-m", f"bench.{name}"], env=servers.environment(), cwd=ROOT, timeout=ALONE_SECONDS
        )
    except subprocess.TimeoutExpired:
        print(f"  ended after {ALONE_SECONDS} s without a result")


if __name__ == "__main__":
    main()
