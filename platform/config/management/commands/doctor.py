"""Looks at every link of the chain and says, for each that is broken, what to do."""

import base64
import os
import shutil
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.db import connection
from django_q.models import Schedule

from channels_app.models import Channel, Credential
from channels_app.states import SENDS, WebhookState
from config import checks
from config.checks import Finding
from kernel import clock, crypto, http

SCHEDULE_LATE = timedelta(minutes=3)
FREE_BYTES_WANTED = 1024**3
CLOCK_OFF_SECONDS = 5
PAGE_SECONDS = 5.0
NAMED = 5


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
    names = ", ".join(f"{channel.name} ({channel.get_status_display().lower()})" for channel in wanting[:NAMED])
    return Finding(not names, names or "all that should be are connected", "Open the Channels page and reconnect.")


def webhooks() -> Finding:
    """What the providers themselves said when they were last asked, at most an hour ago."""
    missing = Channel.objects.living().filter(wants_connection=True, webhook_state=WebhookState.MISSING)
    details = missing.values_list("name", "webhook_detail")[:NAMED]
    names = ", ".join(f"{name} ({detail or 'not registered'})" for name, detail in details)
    return Finding(not names, names or "none is known to be missing", "Open the number's page: it says what to do.")


def address() -> Finding:
    local = settings.PUBLIC_URL.startswith(("http://127.", "http://localhost"))
    if local and not settings.DEBUG:
        return Finding(False, settings.PUBLIC_URL, "Set PUBLIC_URL to the address that providers can reach.")
    return Finding(True, settings.PUBLIC_URL)


def sockets() -> Finding:
    """Whether what stands before the web server lets a socket through: to a stranger it is opened, and then closed."""
    if settings.DEBUG:
        return Finding(True, "not tried while debugging")
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Origin": settings.PUBLIC_URL,
    }
    url = f"{settings.PUBLIC_URL}/ws/w/doctor/inbox/"
    try:
        answer = http.request(
            "GET", url, headers=headers, deadline=PAGE_SECONDS, max_bytes=1_000_000, allow_private=True
        )
    except http.HttpFailure as failure:
        return Finding(False, str(failure), "See that the web server runs and that PUBLIC_URL leads to it.")
    return Finding(
        answer.status == 101,  # RFC 6455 §4.2.2
        "they are let through" if answer.status == 101 else f"the answer was {answer.status} instead of 101",
        "Let the proxy pass Upgrade and Connection on, and let an ASGI server answer /ws/.",
    )


def clocks() -> Finding:
    """Leases, waits and order go by the database's clock; signatures, codes and what people read by this host's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        ahead = (clock.now() - cursor.fetchone()[0]).total_seconds()
    where = "ahead of" if ahead > 0 else "behind"
    detail = f"this host is {abs(ahead):.0f} s {where} the database"
    right = abs(ahead) <= CLOCK_OFF_SECONDS
    return Finding(right, "agree" if right else detail, "Let this host and the database's be set by the same NTP.")


def files() -> Finding:
    try:
        default_storage.delete(default_storage.save("doctor", ContentFile(b"tried")))
    except OSError as error:
        return Finding(False, type(error).__name__, "Let the user that runs Waybill write to media/ under DATA_DIR.")
    return Finding(True, "can be written")


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
    "webhooks": webhooks,
    "address": address,
    "sockets": sockets,
    "secrets": secrets,
    "clocks": clocks,
    "files": files,
    "disk": disk,
}
