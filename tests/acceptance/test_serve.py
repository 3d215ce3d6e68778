"""`manage.py serve --demo` as a stranger runs it: real processes, a fresh folder, a port of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kernel import http
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 90
STOP_SECONDS = 25

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Waybill:
    """A running `serve`, and everything that descends from it."""

    def __init__(self, folder: Path):
        self.port, self.simulator_port = free_port(), free_port()
        self.folder = folder
        self.output: list[str] = []
        self.process = self.start()
        self.family: set[psutil.Process] = set()

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
        }

    def start(self) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--demo"],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen) -> None:
        with process.stdout:
            self.output += process.stdout

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self, words: str) -> bool:
        return any(words in line for line in list(self.output))

    def wait_until_up(self) -> None:
        until(lambda: self.said("Ctrl-C stops everything.") or self.process.poll() is not None, START_SECONDS)
        assert self.process.poll() is None, "".join(self.output)
        until(lambda: self.get("/readyz").status == 200, 30)
        self.family = set(psutil.Process(self.process.pid).children(recursive=True))
        self.family.add(psutil.Process(self.postmaster()))

    def postmaster(self) -> int:
        return int((self.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])

    def get(self, path: str, **headers: str) -> http.Response:
        return self.call("GET", path, **headers)

    def call(self, method: str, path: str, body: dict | None = None, **headers: str) -> http.Response:
        return http.request(
            method, self.url + path, json=body, headers=headers, deadline=20, max_bytes=5_000_000, allow_private=True
        )

    def demo(self) -> dict:
        done = subprocess.run(
            [sys.executable, "manage.py", "seed_demo", "--json"],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    def alive(self) -> list[str]:
        return [
            " ".join(member.cmdline())[-80:]
            for member in self.family
            if member.is_running() and member.status() != psutil.STATUS_ZOMBIE
        ]

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_SECONDS)


@pytest.fixture
def waybill(tmp_path) -> Iterator[Waybill]:
    running = Waybill(tmp_path / "data")
    yield running
    running.end()


def test_a_stranger_starts_it_writes_to_a_customer_and_stops_it(waybill):
    waybill.wait_until_up()
    assert waybill.said(waybill.url)
    assert waybill.said("ana@example.com")
    assert waybill.said("ben@example.com")
    assert waybill.get("/healthz").status == 200
    assert b"ana@" not in waybill.get("/sign-in/").body
    assert waybill.get("/sign-in/").status == 200

    demo = waybill.demo()
    key = {"Authorization": f"Bearer {demo['api_key']}"}
    written = waybill.call(
        "POST",
        "/api/v1/messages",
        {
            "channel": demo["channels"][0]["id"],
            "to": "15550100151",
            "client_id": "acceptance-1",
            "type": "text",
            "text": "Hello",
        },
        **key,
    )
    assert written.status == 202, written.body
    message = json.loads(written.body)
    assert message["status"] == "pending"

    def now() -> dict:
        return json.loads(waybill.get(f"/api/v1/messages/{message['id']}", **key).body)

    until(lambda: now()["status"] == "read", 30)
    path = f"/api/v1/chats/{message['chat']}/messages"
    until(lambda: json.loads(waybill.get(path, **key).body)["results"][0]["direction"] == "inbound", 30)

    assert waybill.interrupt() == 0
    until(lambda: waybill.alive() == [])
    assert waybill.said("Stopped. Your data is kept in")
    assert not (waybill.folder / "postgres" / "postmaster.pid").exists()


def test_killed_outright_it_leaves_nothing_behind_and_starts_again_with_the_same_data(waybill):
    waybill.wait_until_up()
    before = waybill.demo()
    waybill.process.kill()
    waybill.process.wait()
    until(lambda: waybill.alive() == [], 30)

    waybill.output.clear()
    waybill.process = waybill.start()
    waybill.wait_until_up()
    assert waybill.demo() == before
    assert waybill.interrupt() == 0
    until(lambda: waybill.alive() == [])


def test_a_program_that_dies_is_started_again(waybill):
    waybill.wait_until_up()
    relay = next(member for member in waybill.family if "drain_outbox" in member.cmdline())
    relay.kill()
    until(lambda: waybill.said("relay ended with code -9; starting it again"))
    until(lambda: sum("The relay is running" in line for line in waybill.output) == 2, 30)


@pytest.mark.parametrize("setting", ["PORT", "SIMULATOR_PORT"])
def test_a_port_in_use_is_one_sentence(tmp_path, setting):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", "--demo"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "DATA_DIR": str(tmp_path / "data"),
                "PORT": str(free_port()),
                "SIMULATOR_PORT": str(free_port()),
            }
            | {setting: str(port)},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    sentence = f"CommandError: Port {port} cannot be used (Address already in use)."
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"{setting}=" in done.stderr
