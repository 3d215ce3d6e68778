"""Ends what a supervisor started when the supervisor itself was killed: waits for the end of its standard input.

Started by config.supervision as `python -m config.keeper <folder of the embedded PostgreSQL>`. Lines: `+<pid>` a
program started (it leads a process group of its own), `-<pid>` it ended, `done` everything was stopped in order.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 5.0


def watch(lines: Iterable[str]) -> set[int]:
    """The programs that still run when the supervisor's end of the pipe closes."""
    alive: set[int] = set()
    for line in lines:
        word = line.strip()
        if word == "done":
            return set()
        (alive.add if word[0] == "+" else alive.discard)(int(word[1:]))
    return alive


def end(pids: set[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask each to stop, then end what is left of its group."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(_running(pid) for pid in pids):
        time.sleep(0.05)
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main(folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    orderly = False

    def lines() -> Iterable[str]:
        nonlocal orderly
        for line in sys.stdin:
            orderly = line.strip() == "done"
            yield line

    alive = watch(lines())
    if orderly:
        return
    end(alive)
    if folder:
        from config.database import stop_embedded_server  # heavy, and needed only now

        stop_embedded_server(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
