"""Looks at every link of the chain and says, for each that is broken, what to do."""

import shutil
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand
from django_q.models import Schedule

from channels_app.models import Channel, Credential
from channels_app.states import SENDS
from config import checks
from config.checks import Finding
from kernel import clock, crypto

SCHEDULE_LATE = timedelta(minutes=3)
FREE_BYTES_WANTED = 1024**3


class Command(BaseCommand):
    help = "Check every link of the chain; ends with code 1 when one is broken."
    requires_system_checks = []

    def handle(self, **options):
        broken = 0
        for name, finding in checks.findings({**checks.READINESS, **MORE}).items():
            broken += not finding.ok
            mark = "OK    " if finding.ok else "BROKEN"
            self.stdout.write(f"{mark}  {name:<12} {finding.detail}")
            if not finding.ok and finding.advice:
                self.stdout.write(f"{'':<21} → {finding.advice}")
        if broken:
            raise SystemExit(1)
        self.stdout.write("Everything holds.")


def schedules() -> Finding:
    late = Schedule.objects.filter(next_run__lt=clock.now() - SCHEDULE_LATE).count()
    if not Schedule.objects.exists():
        return Finding(False, "none registered", "Run manage.py migrate.")
    return Finding(late == 0, f"{late} late" if late else "on time", "Start manage.py qcluster.")


def tokens() -> Finding:
    """Every stored secret opens with the present keys. Each costs a key derivation, so many channels take a while."""
    closed = 0
    for sealed in Credential.objects.values_list("sealed", flat=True).iterator():
        try:
            crypto.decrypt(sealed)
        except crypto.CannotDecrypt:
            closed += 1
    if closed:
        return Finding(
            False, f"{closed} secrets cannot be opened", "Put the key they were sealed with back into ENCRYPTION_KEYS."
        )
    return Finding(True, "all can be opened")


def channels() -> Finding:
    wanting = Channel.objects.living().filter(wants_connection=True).exclude(status__in=SENDS)
    names = ", ".join(f"{channel.name} ({channel.get_status_display().lower()})" for channel in wanting[:5])
    return Finding(not names, names or "all that should be are connected", "Open the Channels page and reconnect.")


def address() -> Finding:
    local = settings.PUBLIC_URL.startswith(("http://127.", "http://localhost"))
    if local and not settings.DEBUG:
        return Finding(False, settings.PUBLIC_URL, "Set PUBLIC_URL to the address that providers can reach.")
    return Finding(True, settings.PUBLIC_URL)


def disk() -> Finding:
    free = shutil.disk_usage(settings.DATA_DIR).free
    return Finding(free >= FREE_BYTES_WANTED, f"{free / 1024**3:.1f} GiB free", "Free some space under DATA_DIR.")


def secrets() -> Finding:
    """Demo secrets are public."""
    demo = settings.SECRET_KEY.startswith("demo-only") or "demo-only-encryption-key" in settings.ENCRYPTION_KEYS
    if demo and not settings.DEBUG:
        return Finding(False, "demo values", "Set SECRET_KEY and ENCRYPTION_KEYS to secrets of your own.")
    return Finding(True, "demo values, fine for trying out" if demo else "set")


MORE: dict[str, Callable[[], Finding]] = {
    "schedules": schedules,
    "tokens": tokens,
    "channels": channels,
    "address": address,
    "secrets": secrets,
    "disk": disk,
}
