"""The demo: people, channels on the provider simulator, chats with a history."""

import json

from django.core.management.base import BaseCommand

from config.demo.seeding import seed


class Command(BaseCommand):
    help = "Make the demo workspaces where they are missing. Running it again changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print ids, logins and secrets for programs")

    def handle(self, *, json: bool, verbosity: int, **options):
        demo = seed()
        if json:
            self.stdout.write(as_json(demo))
        elif verbosity:
            self.stdout.write(f"The demo is at {demo['url']}/w/{demo['workspace']['slug']}/inbox/")
            for member in demo["members"]:
                self.stdout.write(f"  {member['email']}  {member['password']}  ({member['role']})")


def as_json(demo: dict) -> str:
    return json.dumps(demo, indent=2)
