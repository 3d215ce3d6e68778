"""The whole of Waybill as real processes with a database of its own: web, relay, provider simulators, demo data."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from config.demo.cast import SIMULATOR_PORTS, WORKSPACES, demo_providers
from config.demo.provider import introduction
from kernel import http
from tests.support.secrets_watch import tables_with
from tests.support.simulator import SimulatorControl

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
SECRETS = ("webhook_secret", "app_secret", "verify_token", "hmac_key")


@dataclass
class Stack:
    """`url` is the web server's; `provider` tells Whapi's simulator what to do, `simulators` holds that of each vendor.
    `log(name)` is what a process wrote."""

    url: str
    simulators: dict[str, SimulatorControl]
    facts: dict[str, Any]
    env: dict[str, str]
    folder: Path
    port: int
    _web: list[subprocess.Popen] = field(default_factory=list)
    _relay: list[subprocess.Popen] = field(default_factory=list)

    @property
    def provider(self) -> SimulatorControl:
        return self.simulators["whapi"]

    @property
    def shop(self) -> dict[str, Any]:
        return next(channel for channel in self.facts["channels"] if channel["name"] == "Acme Shop")

    def customer_writes(self, number: str, text: str = "", *, name: str = "", **deed: Any) -> list[str]:
        """A message to Acme's shop. Returns its WhatsApp ids."""
        return self.provider.inbound(**{"channel": "sim_acme-shop", "from": number, "text": text, "name": name, **deed})

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def leaks(self) -> list[str]:
        """Where a secret of the demo stands in plain text, among what the processes wrote and what they stored."""
        numbers = [number for workspace in WORKSPACES for number in workspace.numbers]
        secrets = {number.token for number in numbers} | {self.facts["api_key"]}
        secrets |= {channel[name] for channel in self.facts["channels"] for name in SECRETS if channel.get(name)}
        found = [
            f"a secret is in {path.name}: {line[:200]}"
            for path in sorted(self.folder.glob("*.log"))
            for line in path.read_text().splitlines()
            if any(secret in line for secret in secrets)
        ]
        with psycopg.connect(self.env["DATABASE_URL"]) as database, database.cursor() as cursor:
            return found + [f"a secret is in a row of {table}" for table in tables_with(cursor, secrets)]

    def kill_web(self) -> None:
        process = self._web.pop()
        process.kill()
        process.wait(15)

    def start_web(self) -> None:
        arguments = ["-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "config.asgi:application"]
        self._web.append(self.start("web", [sys.executable, *arguments]))
        answers(f"{self.url}/sign-in/")

    def start_relay(self) -> None:
        manage = [sys.executable, str(ROOT / "manage.py")]
        self._relay.append(self.start("relay", [*manage, "drain_outbox", "--follow"]))

    def kill_relay(self) -> None:
        """kill -9: it gets no chance to say anything to anybody."""
        process = self._relay.pop()
        process.kill()
        process.wait(15)

    def start(self, name: str, arguments: list[str]) -> subprocess.Popen:
        with (self.folder / f"{name}.log").open("a") as log:
            return subprocess.Popen(arguments, cwd=ROOT, env=self.env, stdout=log, stderr=log)


@contextmanager
def running_stack(database: Mapping[str, Any], **settings: str) -> Iterator[Stack]:
    """Everything up and seeded, with these environment variables; stopped and its database dropped afterwards.

    Ends with the proof that all of it left no secret in a log or in a row.
    """
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="waybill-stack-")))
        database_url = undo.enter_context(own_database(database))
        port, simulator_ports = free_port(), neighbouring_ports(len(SIMULATOR_PORTS))
        ports = {provider: simulator_ports[step] for provider, step in SIMULATOR_PORTS.items()}
        env = {
            **os.environ,
            "DATABASE_URL": database_url,
            "DATA_DIR": str(folder),
            "DEBUG": "true",
            "PORT": str(port),
            "SIMULATOR_PORT": str(simulator_ports[0]),
            "WHAPI_BASE_URL": f"http://127.0.0.1:{ports['whapi']}",
            "CLOUD_BASE_URL": f"http://127.0.0.1:{ports['cloud']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        for name in ("PUBLIC_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            env.pop(name, None)
        manage = [sys.executable, str(ROOT / "manage.py")]

        def run(*arguments: str) -> str:
            done = subprocess.run([*manage, *arguments], env=env, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-1500:]
            return done.stdout

        run("migrate", "-v0")
        stack = Stack(
            url=f"http://127.0.0.1:{port}",
            simulators={name: SimulatorControl(f"http://127.0.0.1:{ports[name]}") for name in demo_providers()},
            facts=json.loads(run("seed_demo", "--json")),
            env=env,
            folder=folder,
            port=port,
        )
        with psycopg.connect(database_url, autocommit=True) as database:
            database.execute("UPDATE workspaces_user SET undo_seconds = 0")  # nobody waits who does not test waiting
        for name in stack.simulators:
            command = [*manage, "simulate_provider", "--provider", name, "--port", str(ports[name])]
            undo.callback(_end, stack.start("provider" if name == "whapi" else name, command))
        introduce(stack)
        undo.callback(lambda: [_end(process) for process in stack._web])
        stack.start_web()
        undo.callback(lambda: [_end(process) for process in stack._relay])
        stack.start_relay()
        yield stack
        assert stack.leaks() == []


def introduce(stack: Stack) -> None:
    """Tell the simulators the numbers and where their webhooks go."""
    known = {channel["phone_number"]: channel for channel in stack.facts["channels"]}
    for simulator in stack.simulators.values():
        answers(f"{simulator.base_url}/_sim/channels")
    for number in (number for workspace in WORKSPACES for number in workspace.numbers):
        if number.phone_number in known:
            channel = known[number.phone_number]
            stack.simulators[number.provider].add_channel(
                **introduction(
                    number,
                    linked=number.linked,
                    webhook_url=f"{stack.url}/api/webhooks/{number.provider}/{channel['id']}",
                    secret=channel["webhook_secret"],
                    told=channel,
                )
            )


@contextmanager
def own_database(database: Mapping[str, Any]) -> Iterator[str]:
    """The URL of a new, empty database on the server that `database` (Django's settings) names."""
    name = f"waybill_stack_{os.getpid()}"
    host = database.get("HOST") or database.get("OPTIONS", {}).get("host", "")
    user, password, port = database["USER"], database["PASSWORD"], str(database.get("PORT") or "5432")
    where = {"host": host, "port": port, "user": user, "password": password or None, "autocommit": True}
    with psycopg.connect(dbname="postgres", **where) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"postgresql://{quote(user)}:{quote(password)}@/{name}?host={quote(host, safe='')}&port={port}"
    finally:
        with psycopg.connect(dbname="postgres", **where) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def neighbouring_ports(number: int) -> range:
    """So many free ports in a row."""
    while True:
        ports = range(first := free_port(), first + number)
        with ExitStack() as probes:
            try:
                for port in ports:
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return ports


def answers(url: str) -> None:
    """Wait until `url` is answered at all. Fails after START_SECONDS."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if http.request("GET", url, deadline=5, max_bytes=1_000_000, allow_private=True).status < 500:
                return
        except http.HttpFailure:
            pass
        assert time.monotonic() < until, f"{url} did not answer within {START_SECONDS} seconds."
        time.sleep(0.05)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
