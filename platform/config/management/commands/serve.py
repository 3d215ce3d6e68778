"""Everything in one terminal: database, web server, relay, schedules, and in demo mode provider simulators."""

import http.client
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config.database import embedded_folder
from config.demo.cast import ACME, demo_providers, password_of, simulator_port, simulator_url
from config.demo.provider import introduce_numbers, simulators_answer
from config.supervision import Program, Supervisor, keeper_argv

START_SECONDS = 60.0
WEB_POOL_SIZE = "12"


class Command(BaseCommand):
    help = "Start the web server, the relay and the schedules in one terminal; Ctrl-C stops them all."
    requires_system_checks = []  # the programs it starts run them

    def add_arguments(self, parser):
        parser.add_argument("--demo", action="store_true", help="also demo data and provider simulators")
        parser.add_argument("--port", type=int, default=settings.PORT, help="default: PORT, or 8000")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all")

    def handle(self, *, demo: bool, port: int, host: str, **options):
        if port != settings.PORT:
            # PUBLIC_URL and all that follows from it are read from the environment: begin again with the right one.
            os.environ["PORT"] = str(port)
            os.execv(sys.executable, [sys.executable, *sys.argv])
        if demo and "WHAPI_BASE_URL" not in os.environ:
            os.environ["WHAPI_BASE_URL"] = settings.WHAPI_BASE_URL = simulator_url()
        if demo and "WAHA_PRIVATE_HOSTS" not in os.environ:
            os.environ["WAHA_PRIVATE_HOSTS"] = f"127.0.0.1:{simulator_port('waha')}"
        refuse_taken_port(host, port, "PORT")
        if demo:
            for provider in demo_providers():
                refuse_taken_port("127.0.0.1", simulator_port(provider), "SIMULATOR_PORT")
        self.prepare(demo)
        self.supervise(demo, port, host)

    def prepare(self, demo: bool) -> None:
        self.tell("Preparing the database.")
        call_command("migrate", verbosity=0, interactive=False)
        if not settings.DEBUG:
            call_command("collectstatic", verbosity=0, interactive=False)
        if demo:
            call_command("seed_demo", verbosity=0)
        connection.close()

    def supervise(self, demo: bool, port: int, host: str) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stop.set())
        embedded = None if os.environ.get("DATABASE_URL") else embedded_folder(settings.DATA_DIR)
        supervisor = Supervisor(keeper_argv=keeper_argv(embedded), env=child_environment(port), say=self.tell)
        try:
            if demo:
                for provider in demo_providers():
                    supervisor.start(simulator(provider))
                if self.wait_for(simulators_answer, supervisor, stop):
                    introduce_numbers()
                    connection.close()
            for program in programs(host=host, port=port):
                supervisor.start(program)
            if self.wait_for(lambda: web_answers(host, port), supervisor, stop):
                self.tell(banner(demo))
            while not stop.wait(0.25):
                supervisor.tend()
        finally:
            self.tell("Stopping.")
            supervisor.stop()
            self.tell("Stopped. Your data is kept in " + str(settings.DATA_DIR) + "." if embedded else "Stopped.")

    def wait_for(self, answers: Callable[[], bool], supervisor: Supervisor, stop: threading.Event) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while not stop.is_set():
            if answers():
                return True
            if time.monotonic() > deadline:
                self.tell(f"No answer within {START_SECONDS:.0f} s; the lines above say why.")
                return False
            supervisor.tend()
            stop.wait(0.1)
        return False

    def tell(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def manage(*words: str) -> list[str]:
    return [sys.executable, str(settings.ROOT / "manage.py"), *words]


def simulator(provider: str) -> Program:
    state = str(Path(settings.DATA_DIR).resolve() / f"simulator-{provider}.json")
    port = str(simulator_port(provider))
    options = ("--provider", provider, "--demo", "--port", port, "--state", state)
    return Program(provider, manage("simulate_provider", *options))


def programs(*, host: str, port: int) -> list[Program]:
    """In the order of their start. Each is an ordinary command that a service manager could run as well."""
    web = [sys.executable, "-m", "daphne", "-v", "0", "-b", host, "-p", str(port), "config.asgi:application"]
    return [
        Program("web", web, {"DATABASE_POOL_SIZE": WEB_POOL_SIZE}),
        Program("relay", manage("drain_outbox", "--follow")),
        Program("schedules", manage("qcluster")),
    ]


def child_environment(port: int) -> dict[str, str]:
    """One embedded server, held by this process alone: the others are told its address."""
    path = os.pathsep.join([str(settings.ROOT), str(settings.ROOT / "platform"), os.environ.get("PYTHONPATH", "")])
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(Path(settings.DATA_DIR).resolve()),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PORT": str(port),
        "PYTHONPATH": path.rstrip(os.pathsep),
        "PYTHONUNBUFFERED": "1",
    }


def database_url() -> str:
    given = os.environ.get("DATABASE_URL", "").strip()
    if given:
        return given
    database = settings.DATABASES["default"]
    return (
        f"postgresql://{database['USER']}:@/{database['NAME']}?host={database['HOST'] or database['OPTIONS']['host']}"
    )


def refuse_taken_port(host: str, port: int, setting: str) -> None:
    """Raises CommandError with one sentence when something already listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise CommandError(
                f"Port {port} cannot be used ({reason}). Stop what runs there, or choose another with {setting}=…."
            ) from error


def web_answers(host: str, port: int) -> bool:
    target = "127.0.0.1" if host == "0.0.0.0" else host
    caller = http.client.HTTPConnection(target, port, timeout=2)
    try:
        caller.request("GET", "/healthz")
        return caller.getresponse().status == 200
    except OSError:
        return False
    finally:
        caller.close()


def banner(demo: bool) -> str:
    lines = ["", f"Waybill {settings.VERSION} runs at {settings.PUBLIC_URL}"]
    if demo:
        lines += [""]
        lines += [
            f"  sign in as  {person.email}  with the password  {password_of(person)}   ({person.role})"
            for person in ACME.people[:2]
        ]
        lines += [
            "",
            "  Try this:",
            "  1. Open the chat with Mia Sample and write something: one tick, two ticks, an answer.",
            "  2. Sign in as Ben in a private window beside it: both see every change at once.",
            "  3. Pause a channel under Outbox, write, watch it wait, and resume it.",
            "",
            f"  The providers are simulators, the first on {simulator_url()}; nothing leaves this machine.",
        ]
    lines += ["", "Ctrl-C stops everything.", ""]
    return "\n".join(lines)
