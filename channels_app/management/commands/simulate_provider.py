"""Runs a provider's simulator on loopback until it is stopped."""

import signal
import threading
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels_app.providers import simulated, simulator_named
from channels_app.providers.simulating.options import Options

DEMO_SCAN_SECONDS = 8.0


class Command(BaseCommand):
    requires_system_checks = []  # needs neither the database nor the pages
    help = "Simulate a provider on 127.0.0.1. Its control API is under /_sim/."

    def add_arguments(self, parser):
        parser.add_argument("--provider", choices=simulated(), default="whapi")
        parser.add_argument("--port", type=int, default=settings.SIMULATOR_PORT, help="0 takes a free one")
        parser.add_argument("--webhook-url", default="", help="for channels that register no webhook")
        parser.add_argument("--demo", action="store_true", help="customers answer, type and write by themselves")
        parser.add_argument("--echo-before", type=float, default=0.0, help="share of echoes before the answer")
        parser.add_argument("--backoff-ms", type=int, default=None, help="step of the retry delay of webhooks")
        parser.add_argument("--state", default="", help="file that keeps channels and settings over a restart")

    def handle(self, *args, **options):
        chosen = Options(
            demo=options["demo"],
            echo_before=options["echo_before"],
            backoff_ms=options["backoff_ms"],
            webhook_url=options["webhook_url"],
        )
        if options["demo"]:
            chosen.sent_seconds, chosen.delivered_seconds, chosen.read_seconds = 0.3, 0.9, 2.2
            chosen.auto_link_seconds = DEMO_SCAN_SECONDS
        try:
            state = Path(options["state"]) if options["state"] else None
            simulator = simulator_named(options["provider"])(options["port"], chosen, state)
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} on 127.0.0.1 cannot be used ({error.strerror}). Choose another with --port."
            ) from None
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        simulator.start()
        self.stdout.write(f"{simulator.title} simulator on {simulator.base_url}")
        self.stdout.flush()
        stopped.wait()
        simulator.stop()
