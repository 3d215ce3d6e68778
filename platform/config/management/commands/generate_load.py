"""A workspace with as many chats and messages as wanted."""

from django.core.management.base import BaseCommand, CommandError

from config.load.generating import EMAIL, SLUG, generate


class Command(BaseCommand):
    help = (
        "Make the workspace `load` with many chats and messages, to see how quick the inbox is in it. Running it again"
        " replaces that workspace; others are left alone. A million messages take about two minutes and 1 GB."
    )

    def add_arguments(self, parser):
        parser.add_argument("--chats", type=int, default=100_000)
        parser.add_argument("--messages", type=int, default=2_000_000)

    def handle(self, *, chats: int, messages: int, verbosity: int, **options):
        if chats < 1 or messages < 1:
            raise CommandError("Ask for at least one chat and one message.")
        load = generate(chats=chats, messages=messages, tell=self.stdout.write if verbosity else lambda line: None)
        if verbosity:
            self.stdout.write(f"Done: /w/{SLUG}/inbox/, signed in as {EMAIL} with {load.password}")
