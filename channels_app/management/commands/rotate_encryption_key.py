"""Seals all stored tokens with the newest key of ENCRYPTION_KEYS."""

from django.core.management.base import BaseCommand, CommandError

from channels_app.services.rotation import rotate_credentials


class Command(BaseCommand):
    help = (
        "Seal all stored tokens with the newest key. Put the new key before the old one in ENCRYPTION_KEYS, restart "
        "every process, run this, then take the old key out. It may be stopped and run again."
    )

    def handle(self, **options) -> None:
        report = rotate_credentials()
        self.stdout.write(f"{report.resealed} sealed with the newest key, {report.current} were already.")
        for credential in report.unreadable:
            self.stderr.write(f"No key opens the {credential}.")
        if report.unreadable:
            raise CommandError(
                f"{len(report.unreadable)} secrets are unreadable: put back their key, or paste them again."
            )
