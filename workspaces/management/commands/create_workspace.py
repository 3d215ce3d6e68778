"""Founds a workspace with its first owner."""

import sys
from getpass import getpass

from django.core.management.base import BaseCommand, CommandError

from kernel.errors import DomainError
from workspaces.models import User
from workspaces.services.founding import create_workspace


class Command(BaseCommand):
    help = "Found a workspace with its first owner. Asks for the password of a new person."

    def add_arguments(self, parser) -> None:
        parser.add_argument("name", help='e.g. "Acme"')
        parser.add_argument("--slug", required=True, help="the workspace's name in URLs, e.g. acme")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-name", default="", help="for a new person")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        parser.add_argument("--admin-site", action="store_true", help="let the owner use Django admin as well")

    def handle(self, **options) -> None:
        email = options["owner_email"].strip().lower()
        known = User.objects.filter(email=email).exists()
        password = "" if known else _password(options["password_stdin"])
        try:
            workspace = create_workspace(
                name=options["name"],
                slug=options["slug"],
                owner_email=email,
                owner_name=options["owner_name"] or email.partition("@")[0],
                password=password,
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["admin_site"]:
            User.objects.filter(email=email).update(is_staff=True, is_superuser=True)
        self.stdout.write(f"Workspace {workspace.name} is at /w/{workspace.slug}/inbox/. Its owner is {email}.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass("Password for the owner: ")
    if first != getpass("The same again: "):
        raise CommandError("The two passwords differ.")
    return first
