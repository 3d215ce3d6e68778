"""Times as people read them; static/js/app.js keeps them current and turns them to the reader's own zone.

No time (None, or what a template could not find) is a word.
"""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils.dateformat import format as date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from kernel import clock

register = template.Library()


def span_text(span: timedelta) -> str:
    """A length of time in its largest two units that matter: `12 s`, `2 m 31 s`, `6 h 4 m`, `3 d 2 h`."""
    seconds = max(0, int(span.total_seconds()))
    for big, per_big, small, per_small in (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= per_big:
            rest = seconds % per_big // per_small
            return f"{seconds // per_big} {big} {rest} {small}" if rest else f"{seconds // per_big} {big}"
    return f"{seconds} s"


def rough_text(span: timedelta) -> str:
    """The same in one unit: `6 h`."""
    return " ".join(span_text(span).split()[:2])


@register.simple_tag
def ago(at: datetime | None, never: str | None = None) -> SafeString | str:
    """How long ago: `2 m ago`; `never` when there is no time."""
    if not at:
        return gettext("never") if never is None else never
    return _time(at, "ago", gettext("%(span)s ago") % {"span": rough_text(clock.now() - at)})


@register.simple_tag
def age(at: datetime | None, none: str = "–") -> SafeString | str:
    """How old: `6 h 4 m`."""
    return _time(at, "age", span_text(clock.now() - at)) if at else none


@register.simple_tag
def countdown(until: datetime) -> SafeString:
    """What is left: `4:32`, or `1:04:32`."""
    seconds = max(0, round((until - clock.now()).total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    text = f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    return _time(until, "until", text)


@register.simple_tag
def stamp(at: datetime | None, none: str = "–") -> SafeString | str:
    """The day and the second: `21 Nov 14:08:41`, in UTC until the browser turns it."""
    return _time(at, "stamp", date_format(at.astimezone(UTC), "j M H:i:s")) if at else none


@register.simple_tag
def day(at: datetime | None, none: str = "–") -> SafeString | str:
    """The date: `21 Nov 2026`."""
    return _time(at, "date", date_format(at.astimezone(UTC), "j M Y")) if at else none


def _time(at: datetime, form: str, text: str) -> SafeString:
    moment = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-time="{}" title="{} UTC">{}</time>',
        moment.isoformat(timespec="milliseconds"),
        form,
        f"{moment:%Y-%m-%d %H:%M:%S}",
        text,
    )
