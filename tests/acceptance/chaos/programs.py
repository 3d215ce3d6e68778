"""The programs of a run: a web server, relays and the provider. What dies is started again, as a supervisor would."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tests.acceptance.chaos.plan import LEASE_SECONDS, UNCERTAIN_WAIT_SECONDS, Number, Plan
from tests.support.simulator import SimulatorControl
from tests.support.stack import ROOT, answers, free_port

MANAGE = [sys.executable, str(ROOT / "manage.py")]
LOOK_SECONDS = 0.2
STACK_CHARACTERS = 1500
REST_SECONDS = (0.2, 1.5)
GRACE_SECONDS = 5.0  # to end after SIGTERM; then it is ended, and its log tells where its threads stood


class Programs:
    """`killed` counts; `ended_alone` and `stuck` hold sentences. Only what was started here is ever signalled."""

    def __init__(self, plan: Plan, database_url: str, folder: Path):
        self.port, provider_port = free_port(), free_port()
        self.web_url = f"http://127.0.0.1:{self.port}"
        self.provider = SimulatorControl(f"http://127.0.0.1:{provider_port}")
        self.killed: Counter[str] = Counter()
        self.ended_alone: list[str] = []
        self.stuck: list[str] = []
        self._provider_port = provider_port
        self._folder = folder
        self._luck = random.Random(plan.seed)
        self._running: dict[str, subprocess.Popen] = {}
        self._expected: dict[int, float] = {}  # process id → until when it may take
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="chaos-supervisor", daemon=True)
        self._relays = [f"relay-{number + 1}" for number in range(plan.relays)]
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("PUBLIC_URL", "REDIS_URL")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url,
            "DATA_DIR": str(folder),
            "DEBUG": "true",
            "LOG_LEVEL": "WARNING",
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(provider_port),
            "WHAPI_BASE_URL": self.provider.base_url,
            "OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
            "OUTBOX_UNCERTAIN_WAIT_SECONDS": str(UNCERTAIN_WAIT_SECONDS),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
        }

    def fill(self, channels: int) -> tuple[str, list[Number]]:
        """The migrated and filled database's API key and numbers."""
        self._run([*MANAGE, "migrate", "-v0"])
        facts = json.loads(self._run([sys.executable, "-m", "tests.acceptance.chaos.filling", str(channels)]))
        return facts["api_key"], [Number(**number) for number in facts["numbers"]]

    def start(self, numbers: list[Number]) -> None:
        """Everything up and introduced to each other."""
        self._start("provider")
        answers(f"{self.provider.base_url}/_sim/channels")
        self.provider.options(delivered_seconds=0.1, read_seconds=0.3)
        for number in numbers:
            hook = f"{self.web_url}/api/webhooks/whapi/{number.channel_id}"
            values = {"number": number.digits, "name": "Chaos", "state": "AUTH", "persist": True}
            self.provider.add_channel(number.token, hook, number.secret, **values)
        for name in self.mortals:
            self._start(name)
        answers(f"{self.web_url}/sign-in/")
        self._supervisor.start()

    @property
    def mortals(self) -> list[str]:
        return ["web", *self._relays]

    def signal(self, name: str, number: signal.Signals) -> None:
        """SIGKILL or SIGTERM end it, and it comes again after a while; SIGSTOP and SIGCONT only reach it."""
        with self._guard:
            process = self._running[name]
            if process.poll() is not None:
                return
            self.killed[f"{number.name} {name.partition('-')[0]}"] += 1
            if number in (signal.SIGKILL, signal.SIGTERM):
                self._expected.setdefault(process.pid, time.monotonic() + GRACE_SECONDS)
            process.send_signal(number)

    def wake_all(self) -> None:
        with self._guard:
            for process in self._running.values():
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._stopped.set()
        if self._supervisor.is_alive():
            self._supervisor.join(10)
        self.wake_all()
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def _supervise(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            for name, process in list(self._running.items()):
                if process.poll() is None:
                    self._hurry(name, process)
                    continue
                if process.pid not in self._expected:
                    self.ended_alone.append(f"{name} ended with {process.returncode}")
                if not self._stopped.wait(self._luck.uniform(*REST_SECONDS)):
                    with self._guard:
                        self._start(name)

    def _hurry(self, name: str, process: subprocess.Popen) -> None:
        if time.monotonic() < self._expected.get(process.pid, float("inf")):
            return
        self.stuck.append(f"{name} had not ended {GRACE_SECONDS:g} s after SIGTERM\n{self._stacks(name, process)}")
        process.kill()
        process.wait(10)

    def _stacks(self, name: str, process: subprocess.Popen) -> str:
        """What the interpreter writes about all threads when it is aborted."""
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGABRT)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            return "(no stacks)"
        return self.log(name).rpartition("Fatal Python error: Aborted")[2][:STACK_CHARACTERS]

    def _start(self, name: str) -> None:
        if name == "web":
            command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port)]
            command.append("config.asgi:application")
        elif name == "provider":
            port = str(self._provider_port)
            command = [*MANAGE, "simulate_provider", "--port", port, "--echo-before", "0.2", "--backoff-ms", "200"]
        else:
            command = [*MANAGE, "drain_outbox", "--follow"]
        with (self._folder / f"{name}.log").open("a") as log:
            self._running[name] = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-1500:]
        return done.stdout
