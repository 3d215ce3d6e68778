"""What runs by the clock, on django-q2: safety nets and look-outs, each a function that something else runs too."""

from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django_q.models import Schedule

from config.checks import living_workers
from outbox.services.relaying import drain_once

PREFIX = "waybill: "
DRAIN_SECONDS = 50


@dataclass(frozen=True)
class Planned:
    name: str
    func: str
    minutes: int
    why: str


PLAN = (
    Planned(
        "drain the outbox",
        "config.schedules.drain_when_no_relay_lives",
        1,
        "messages go out also where no relay was started, or where it died",
    ),
    Planned(
        "apply webhooks",
        "webhooks.services.applying.sweep_pending",
        1,
        "what a crash left between storing and applying",
    ),
    Planned(
        "check channels",
        "channels_app.services.health.check_channels",
        1,
        "a connection that the provider lost without telling",
    ),
    Planned(
        "expire QR codes",
        "channels_app.services.linking.expire_qr_codes",
        1,
        "a code is a secret, and useless after its time",
    ),
    Planned(
        "forget removed channels",
        "channels_app.services.leaving.forget_removed",
        60,
        "secrets of channels whose providers could not be told of their end",
    ),
    Planned("wake snoozed chats", "inbox.services.shelving.wake_snoozed", 1, "a snooze ends by the clock"),
    Planned(
        "look for missing messages",
        "inbox.services.recovering.look_for_missing",
        10,
        "webhooks that never came: the provider's history of the last half hour is compared",
    ),
    Planned(
        "give waiting chats",
        "inbox.services.giving.give_everywhere",
        1,
        "round robin, for what a crash left between a message and its turn, and when somebody comes back",
    ),
    Planned(
        "answer outside the hours",
        "inbox.services.being_away.answer_outside_hours",
        1,
        "what a crash left between a message and the away text",
    ),
    Planned(
        "read templates",
        "channels_app.services.templates.read_old_templates",
        60,
        "templates change at the provider, and not every change is told",
    ),
    Planned("forget uploads", "inbox.services.uploading.forget_uploads", 24 * 60, "files that no message took"),
    Planned(
        "prune the outbox",
        "outbox.services.pruning.prune",
        60,
        "items that were over long ago, with their attempts, in small transactions",
    ),
    Planned("forget sessions", "config.schedules.forget_sessions", 24 * 60, "sessions that ended"),
)


def register(**signal: Any) -> None:
    """Make the stored schedules equal to PLAN; runs after every migrate. A changed next run is kept."""
    names = [PREFIX + planned.name for planned in PLAN]
    Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=names).delete()
    for planned in PLAN:
        Schedule.objects.update_or_create(
            name=PREFIX + planned.name,
            defaults={"func": planned.func, "schedule_type": Schedule.MINUTES, "minutes": planned.minutes},
        )


def drain_when_no_relay_lives() -> str:
    """What `manage.py drain_outbox --once` does, unless a relay does it already."""
    if living_workers():
        return "A relay is running; nothing to do."
    return str(drain_once(max_seconds=DRAIN_SECONDS))


def forget_sessions() -> None:
    call_command("clearsessions")
