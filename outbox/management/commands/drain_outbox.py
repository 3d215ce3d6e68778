"""Sends what waits in the outbox: once (for cron), or as a process that stays."""

import json
import os
import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from outbox.services.relaying import Relay, drain_once

SWITCH_SECONDS = 0.001  # the scheduler must not wait 5 ms (Python's default) behind each busy sender thread


class Command(BaseCommand):
    help = "Send what waits in the outbox. --once (the default) drains and ends; --follow stays."
    requires_system_checks = ()  # the web process runs them; a relay must start fast

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="drain what is due, print a report and end (the default)")
        how.add_argument("--follow", action="store_true", help="stay, send what comes, end on SIGTERM or Ctrl-C")
        parser.add_argument("--max-seconds", type=float, help="end after so many seconds (with --once: 50)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["max_seconds"] is not None and options["max_seconds"] <= 0:
            self.stderr.write("--max-seconds must be more than 0.")
            raise SystemExit(2)
        if options["follow"]:
            self._follow(options["max_seconds"])
        else:
            report = drain_once(max_seconds=options["max_seconds"] or 50.0)
            self.stdout.write(json.dumps(report.as_dict()))

    def _follow(self, max_seconds: float | None) -> None:
        """A first signal lets sends end and hands the lanes over; a second one leaves at once."""
        sys.setswitchinterval(SWITCH_SECONDS)
        stop = threading.Event()

        def on_signal(number: int, frame: object) -> None:
            if stop.is_set():
                os._exit(1)
            stop.set()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, on_signal)
        if max_seconds is not None:
            timer = threading.Timer(max_seconds, stop.set)
            timer.daemon = True
            timer.start()
        self.stdout.write("The relay is running. Stop it with Ctrl-C or SIGTERM.")
        self.stdout.flush()
        Relay().run(stop)
        self.stdout.write("The relay has stopped; every lane is handed over.")
