"""Sums of the inbox: which WhatsApp id a person meant, what may be shown inline, which ids are older than a moment."""

import re
import unicodedata
import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings

from kernel.serving import UNKNOWN_TYPE
from kernel.sniffing import sniffed_type

PHONE_DIGITS = range(7, 16)
"""E.164 allows at most 15 digits; fewer than 7 is no number with a country code."""

PERSON = "s.whatsapp.net"
_JID = re.compile(r"(?P<name>[0-9]{5,31}|[0-9]{5,20}-[0-9]{5,20})@(?P<host>s\.whatsapp\.net|c\.us|g\.us|lid)")
_BSUID = re.compile(r"[A-Za-z0-9._-]{3,60}@bsuid")
_PHONE = re.compile(r"(?P<prefix>\+|00)?(?P<digits>[0-9][0-9 ().\-/]*)")

INLINE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/webm", "video/3gpp"}
    | {"audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr", "audio/webm", "audio/wav", "audio/x-wav"}
)
"""What a browser may show in place. Everything else, above all HTML and SVG, is only ever downloaded."""

COUNT_CAP = 100
"""Counts stop here: a badge says 99+, and the work behind it stays the same for any backlog."""

CLOCK_SLACK_SECONDS = 120
"""A provider's clock may run this much ahead of ours before we stop placing our messages after its messages."""


SCHEDULE_SOONEST, SCHEDULE_LATEST = timedelta(minutes=1), timedelta(days=366)
"""How far ahead a message may be scheduled. What is nearer can as well be sent now."""


def wa_chat_id_of(to: str) -> str | None:
    """The WhatsApp id that somebody typed as a phone number or an id, in the one form for all providers; else None."""
    to = to.strip()
    if jid := _JID.fullmatch(to.lower()):
        host = PERSON if jid["host"] == "c.us" else jid["host"]
        if "-" in jid["name"] and host != "g.us":
            return None
        if host == PERSON and len(jid["name"]) not in PHONE_DIGITS:
            return None
        return f"{jid['name']}@{host}"
    if _BSUID.fullmatch(to):
        return to
    if phone := _PHONE.fullmatch(to):
        digits = re.sub(r"\D", "", phone["digits"])
        if len(digits) in PHONE_DIGITS and not digits.startswith("0"):
            return f"{digits}@{PERSON}"
    return None


_NATIONAL_FORMS = (
    (re.compile(r"55([1-9][1-9])9([6-9]\d{7})"), r"55\1\2"),  # Brazil: the ninth digit of mobiles
    (re.compile(r"55([1-9][1-9])([6-9]\d{7})"), r"55\g<1>9\2"),
    (re.compile(r"521(\d{10})"), r"52\1"),  # Mexico: the 1 of mobiles, given up in 2019
    (re.compile(r"52([2-9]\d{9})"), r"521\1"),
    (re.compile(r"549(\d{10})"), r"54\1"),  # Argentina: the 9 of mobiles called from abroad
    (re.compile(r"54([1-8]\d{9})"), r"549\1"),
)


def other_form_of(wa_id: str) -> str:
    """The same mobile number as its country also writes it, and WhatsApp may; "" where there is one form only."""
    digits, _, host = wa_id.partition("@")
    if host != PERSON:
        return ""
    forms = (form.sub(other, digits) for form, other in _NATIONAL_FORMS if form.fullmatch(digits))
    return next((f"{other}@{PERSON}" for other in forms), "")


def phone_number_of(wa_id: str) -> str:
    """`+<digits>` for a person known by number, else ""."""
    name, _, host = wa_id.partition("@")
    return f"+{name}" if host == PERSON and name.isdigit() else ""


MEGABYTE = 1024 * 1024
KIND_LIMITS_BYTES = dict.fromkeys(("image", "video", "audio", "voice"), 16 * MEGABYTE) | {"sticker": MEGABYTE}
"""What WhatsApp shows in the chat itself; larger files travel as documents, up to MEDIA_LIMIT_BYTES."""


def media_kind_of(mime_type: str, size: int = 0) -> str:
    """How a file of this type and size in bytes is sent when nobody said otherwise."""
    main = mime_type.partition("/")[0]
    if mime_type not in INLINE_TYPES or size > KIND_LIMITS_BYTES.get(main, 0):
        return "document"
    return main if main in ("image", "video", "audio") else "document"


def type_of_file(head: bytes, claimed: str, kind: str = "") -> str:
    """The MIME type to keep for a file that begins with `head`: what the bytes prove before what somebody said.

    Bytes that prove nothing make no picture, film or sound, whatever they are called; a caller who names the `kind`
    answers for the type themself.
    """
    bare = bare_mime_type(claimed)
    seen = sniffed_type(head, bare)
    if kind and kind != "document":
        family = "audio" if kind == "voice" else "image" if kind == "sticker" else kind
        return seen if seen.startswith(family) and seen != bare else claimed
    if seen:
        return claimed if seen == bare else seen
    return UNKNOWN_TYPE if bare in INLINE_TYPES else claimed


def bare_mime_type(mime_type: str) -> str:
    """Without parameters, in lower case: `audio/ogg` for `audio/ogg; codecs=opus`."""
    return mime_type.partition(";")[0].strip().lower()


def smallest_id_at(at: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of the millisecond `at`: every id made later is greater (RFC 9562 §5.7)."""
    milliseconds = int(at.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))


def made_at(key: uuid.UUID) -> datetime:
    """The millisecond in which a UUIDv7 was made (RFC 9562 §5.7)."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, tz=UTC)


def text_limit() -> int:
    return settings.MESSAGE_TEXT_LIMIT_CHARACTERS


_MARKS = re.compile("[\u0300-\u036f]")


def folded(text: str) -> str:
    """Without accents, as `models.folding.Folded` makes it in the database; small and capital letters stay."""
    return _MARKS.sub("", unicodedata.normalize("NFD", text))


EVENING, MORNING = time(18), time(9)


def zone_named(name: str) -> str:
    """The name of a time zone as a browser tells it, or UTC."""
    return name if name in available_timezones() else "UTC"


def snooze_choices(moment: datetime, zone: str) -> list[tuple[str, datetime]]:
    """(name, when) of the ends that a snooze is offered, soonest first: hour, tonight (while it lasts), tomorrow, week.

    Evening and morning are those of the clock on the wall in `zone`.
    """
    here = moment.astimezone(ZoneInfo(zone))

    def at(days: int, clock: time) -> datetime:
        return datetime.combine(here.date() + timedelta(days=days), clock, tzinfo=here.tzinfo)

    choices = [
        ("hour", (moment + timedelta(hours=1)).replace(second=0, microsecond=0)),
        ("tonight", at(0, EVENING)),
        ("tomorrow", at(1, MORNING)),
        ("week", at(7 - here.weekday(), MORNING)),
    ]
    return [(name, when) for name, when in choices if name != "tonight" or when > moment + timedelta(hours=1)]


def is_open_at(moment: datetime, zone: str, hours: dict[str, list[str]]) -> bool:
    """Whether `moment` lies in the hours {weekday "0" (Monday) to "6": [from, to]} on the wall clock of `zone`."""
    here = moment.astimezone(ZoneInfo(zone))
    start, end = hours.get(str(here.weekday()), ("24:00", "24:00"))
    return start <= f"{here:%H:%M}" < end
