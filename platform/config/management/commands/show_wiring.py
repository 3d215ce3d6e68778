"""Prints what is connected to what at run time: facts and who hears them, kinds and who performs them, schedules."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from config.schedules import PLAN
from kernel.events import subscriptions
from outbox.registry import kinds


class Command(BaseCommand):
    help = "Show which facts are heard by whom, who performs which kind of outbox item, and what runs by the clock."
    requires_system_checks = []

    def handle(self, **options):
        self.stdout.write("Facts")
        for fact, listeners in sorted(subscriptions().items(), key=lambda pair: place(pair[0])):
            self.stdout.write(f"  {place(fact)}")
            for moment, listener in listeners:
                self.stdout.write(f"    {moment.value:<18} {place(listener)}")
        self.stdout.write("Kinds of outbox items")
        for name, kind in sorted(kinds().items()):
            again = ", may be repeated" if kind.repeatable else ""
            self.stdout.write(f"  {name:<26} {place(kind.perform)}{again}")
        self.stdout.write("Schedules")
        for planned in PLAN:
            self.stdout.write(f"  {planned.name:<26} every {planned.minutes} min: {planned.func} ({planned.why})")


def place(thing: Callable[..., Any] | type) -> str:
    return f"{thing.__module__}.{getattr(thing, '__qualname__', type(thing).__name__)}"
