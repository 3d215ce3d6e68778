"""The supervisor and its keeper, with small programs in place of the real ones."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.keeper import end, watch
from config.supervision import Program, Supervisor, keeper_argv
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
ENV = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "PYTHONUNBUFFERED": "1"}
LIVES = "import time; print('up'); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
PARENT = (
    f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {LIVES!r}]); print('child', p.pid); p.wait()"
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said, monkeypatch):
    monkeypatch.setattr("config.supervision.STOP_SECONDS", 2.0)
    monkeypatch.setattr("config.supervision.BACKOFF_SECONDS", (0, 0, 0))
    supervisor = Supervisor(keeper_argv=keeper_argv(None), env=ENV, say=said.append)
    yield supervisor
    supervisor.stop()


def python(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code])


def gone(pid: int) -> bool:
    """Ended, or a zombie that only waits for its parent to look."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_what_a_program_prints_carries_its_name(supervisor, said):
    supervisor.start(python("web", "print('hello')"))
    until(lambda: "web       | hello" in said)


def test_a_crashed_program_is_announced_and_started_again(supervisor, said):
    supervisor.start(python("relay", "print('up'); raise SystemExit(3)"))
    until(lambda: supervisor.tend() or said.count("relay     | up") >= 2)
    assert "relay ended with code 3; starting it again in 0 s." in said


def test_stopping_ends_everything_also_what_the_programs_started(supervisor, said):
    supervisor.start(python("parent", PARENT))
    until(lambda: any("child" in line for line in said))
    child = int(next(line for line in said if "child" in line).split()[-1])
    supervisor.stop()
    until(lambda: gone(child))


def test_a_program_that_will_not_stop_is_killed_and_named(supervisor, said):
    supervisor.start(python("stubborn", STUBBORN))
    until(lambda: "stubborn  | up" in said)
    started = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - started < 10
    assert "stubborn did not stop in time and was killed." in said


def test_when_the_supervisor_is_killed_the_keeper_ends_its_programs():
    code = (
        "import os, sys, time\n"
        "from config.supervision import Program, Supervisor, keeper_argv\n"
        "s = Supervisor(keeper_argv=keeper_argv(None), env=os.environ, say=lambda t: print(t, flush=True))\n"
        f"s.start(Program('child', [sys.executable, '-c', {PARENT!r}]))\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=ENV, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    grandchild = int(line.split()[-1])
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until(lambda: gone(grandchild))


def test_the_keeper_knows_who_still_runs():
    assert watch(["+10\n", "+11\n", "-10\n"]) == {11}
    assert watch(["+10\n", "done\n"]) == set()
    assert watch([]) == set()


def test_ending_what_has_ended_already_is_no_trouble():
    dead = subprocess.Popen(["true"])
    dead.wait()
    end({dead.pid}, grace_seconds=0.1)
