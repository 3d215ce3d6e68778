"""Applies stored webhook bodies again."""

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from webhooks.services.replaying import Wanted, count_wanted, replay_many
from webhooks.states import Result


def a_time(text: str) -> datetime:
    try:
        found = parse_datetime(text) or datetime.combine(parse_date(text), datetime.min.time())
    except (ValueError, TypeError):
        raise ArgumentTypeError(f"{text!r} is no time; write it like 2026-01-31 or 2026-01-31T08:00") from None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


class Command(BaseCommand):
    help = "Apply stored webhook bodies again. What they said before changes nothing a second time."

    def add_arguments(self, parser: ArgumentParser):
        parser.add_argument(
            "--id", dest="event_ids", type=uuid.UUID, action="append", help="one event; may be repeated"
        )
        parser.add_argument("--channel", dest="channel_id", type=uuid.UUID, help="events of this channel")
        results = [value for value in Result.values if value != Result.REFUSED]
        parser.add_argument("--result", choices=results, help="events that ended so, e.g. parked")
        parser.add_argument("--since", type=a_time, help="received at this time or later, UTC")
        parser.add_argument("--until", type=a_time, help="received before this time, UTC")
        parser.add_argument("--dry-run", action="store_true", help="only count what would be replayed")

    def handle(self, *args, event_ids, channel_id, result, since, until, dry_run: bool, **options):
        wanted = Wanted(tuple(event_ids) if event_ids else None, channel_id, result, since, until)
        if wanted == Wanted():
            raise CommandError("Say which events: --id, --channel, --result, --since or --until.")
        if dry_run:
            self.stdout.write(f"Would be replayed: {_counted(count_wanted(wanted))}.")
        else:
            self.stdout.write(f"Replayed: {_counted(replay_many(wanted))}.")


def _counted(results: Counter[str]) -> str:
    parts = ", ".join(f"{count} {result}" for result, count in sorted(results.items()))
    return f"{results.total()} ({parts})" if parts else "0"
