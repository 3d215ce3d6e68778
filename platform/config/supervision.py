"""Runs several programs as one: starts them, prefixes what they print, restarts what crashes, stops all."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 12.0
BACKOFF_SECONDS = (1, 2, 4, 8, 16, 30)
STEADY_SECONDS = 60.0
"""A program that lived this long starts its backoff from the beginning."""


@dataclass(frozen=True)
class Program:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    crashes: int = 0
    restart_at: float | None = None


class Supervisor:
    """Each program leads a process group of its own: Ctrl-C reaches only the supervisor, which stops them in order.

    A keeper process (config.keeper) ends them if the supervisor itself is killed.
    """

    def __init__(self, *, keeper_argv: Sequence[str], env: Mapping[str, str], say: Callable[[str], None]):
        self._env = dict(env)
        self._say = say
        self._running: list[_Running] = []
        self._keeper = subprocess.Popen(
            keeper_argv,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def start(self, program: Program) -> None:
        entry = _Running(program)
        self._running.append(entry)
        self._spawn(entry)

    def tend(self) -> None:
        """One look at all programs: a crashed one is announced, and started again when its wait is over."""
        now = time.monotonic()
        for entry in self._running:
            if entry.process is not None and (code := entry.process.poll()) is not None:
                self._bury(entry)
                if now - entry.started_at > STEADY_SECONDS:
                    entry.crashes = 0
                wait = BACKOFF_SECONDS[min(entry.crashes, len(BACKOFF_SECONDS) - 1)]
                entry.crashes += 1
                entry.restart_at = now + wait
                self._say(f"{entry.program.name} ended with code {code}; starting it again in {wait} s.")
            elif entry.process is None and entry.restart_at is not None and now >= entry.restart_at:
                self._spawn(entry)

    def crashed(self) -> str | None:
        """The name of a program that does not run at this moment, if any."""
        return next((entry.program.name for entry in self._running if entry.process is None), None)

    def stop(self) -> None:
        """Asks all to stop, the last started first; what does not end in time is killed with its whole group."""
        deadline = time.monotonic() + STOP_SECONDS
        living = [entry for entry in reversed(self._running) if entry.process is not None]
        for entry in living:
            with suppress(ProcessLookupError):
                entry.process.send_signal(signal.SIGTERM)
        for entry in living:
            try:
                entry.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{entry.program.name} did not stop in time and was killed.")
            self._bury(entry)
        self._running.clear()
        self._tell("done")
        with suppress(BrokenPipeError):
            self._keeper.stdin.close()
        self._keeper.wait()

    def _spawn(self, entry: _Running) -> None:
        entry.process = subprocess.Popen(
            entry.program.argv,
            env={**self._env, **entry.program.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        entry.started_at, entry.restart_at = time.monotonic(), None
        self._tell(f"+{entry.process.pid}")
        threading.Thread(target=self._relay_output, args=(entry.program.name, entry.process), daemon=True).start()

    def _bury(self, entry: _Running) -> None:
        """End what a program left behind in its group."""
        process, entry.process = entry.process, None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._tell(f"-{process.pid}")

    def _tell(self, word: str) -> None:
        with suppress(BrokenPipeError, ValueError):  # the keeper is gone, or was told that all is done
            self._keeper.stdin.write(word + "\n")
            self._keeper.stdin.flush()

    def _relay_output(self, name: str, process: subprocess.Popen) -> None:
        with process.stdout:
            for line in process.stdout:
                self._say(f"{name:<10}| {line.decode(errors='replace').rstrip()}")


def keeper_argv(embedded_folder: Path | None) -> list[str]:
    return [sys.executable, "-m", "config.keeper", str(embedded_folder or "")]
