"""Applies stored webhook bodies to the inbox, until told to stop; or what is pending now, with --once."""

import gc
import signal
import threading

from django.core.management.base import BaseCommand

from webhooks.services.applier import Applier
from webhooks.services.applying import sweep_pending


class Command(BaseCommand):
    help = "Apply stored webhook bodies to the inbox. Web processes do this too; several may run at the same time."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="apply what is pending now, then end")

    def handle(self, *args, once: bool, **options):
        if once:
            self.stdout.write(f"{sweep_pending()} webhook bodies were applied, ignored or parked.")
            return
        applier = Applier()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: applier.stop())
        gc.collect()
        gc.freeze()  # what is loaded by now stays: a third of a round went into looking through it again
        # Two rounds at a time: one computes while the other waits for PostgreSQL.
        neighbour = threading.Thread(target=applier.run, name="waybill-applier-2", daemon=True)
        neighbour.start()
        applier.run()
        neighbour.join()
