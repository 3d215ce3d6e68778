"""What a channel's card says: the connection and the lane, told as one state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from channels_app.models import Channel
from channels_app.providers import description_of
from channels_app.services.moving import HELD
from channels_app.states import SENDS, ChannelStatus
from kernel.sayings import said
from outbox.selectors.lanes import LaneOverview

S = ChannelStatus
Words = Any  # a text, or a lazy translation of one

DOTS = {
    S.CONNECTED: "good",
    S.DEGRADED: "wait",
    S.CONNECTING: "wait",
    S.QR_PENDING: "wait",
    S.DISCONNECTED: "idle",
    S.LOGGED_OUT: "bad",
    S.ERROR: "bad",
}
SENTENCES = {
    S.DEGRADED: _("The provider limits this number at the moment."),
    S.CONNECTING: _("The provider is being asked for a connection."),
    S.QR_PENDING: _("The phone has to scan a code."),
    S.DISCONNECTED: _("Nothing is sent while the number is disconnected."),
    S.LOGGED_OUT: _("The phone is no longer linked."),
    S.ERROR: _("The provider refuses the connection."),
}
CURES = {  # (deed, words) of the one button that helps
    S.CONNECTING: ("open", _("Show the code")),
    S.QR_PENDING: ("open", _("Show the code")),
    S.DISCONNECTED: ("connect", _("Connect")),
    S.LOGGED_OUT: ("connect", _("Scan again")),
    S.ERROR: ("reconnect", _("Reconnect")),
}


def cure_of(channel: Channel) -> tuple[str, Words] | None:
    """The one button that helps with the state. A code is made for who asks for it, so nobody waiting means asking."""
    status = ChannelStatus(channel.status)
    if status == S.QR_PENDING and channel.linking_until is None:
        return ("connect", _("Show the code"))
    if status == S.CONNECTING and channel.linking_until is None:
        return ("reconnect", _("Reconnect"))
    if status == S.DEGRADED and channel.silent_since is not None:
        return ("reconnect", _("Reconnect"))
    return CURES.get(status)


@dataclass(frozen=True)
class Card:
    channel: Channel
    dot: str  # good | wait | bad | idle
    word: str
    tone: str  # of the banner: warn | bad | ""; "" with an empty sentence means that there is none
    sentence: str
    until: datetime | None
    cure: tuple[str, Words] | None
    waiting: str
    oldest_waiting_at: datetime | None
    paused: bool
    by_phone: bool  # linked by a phone, which can be unlinked


def card_of(channel: Channel, lane: LaneOverview | None) -> Card:
    """Worst news first: a lost connection, then a person's pause, then a hold that ends by itself."""
    waiting = lane.waiting if lane else 0
    held = lane is not None and lane.state == "held"
    paused = lane is not None and lane.lane.paused
    common = {
        "channel": channel,
        "waiting": waiting_text(waiting),
        "oldest_waiting_at": lane.oldest_waiting_at if lane else None,
        "paused": paused,
        "by_phone": description_of(channel.provider).links_by_phone,
    }
    status = ChannelStatus(channel.status)
    if status not in SENDS:
        dot = DOTS[status]
        sentence = said(channel.status_detail) or SENTENCES[status]
        return Card(
            dot=dot,
            word=status.label,
            tone="bad" if dot == "bad" else "warn",
            sentence=f"{_ended(sentence)}{_wait(waiting)}",
            until=None,
            cure=cure_of(channel),
            **common,
        )
    if channel.former_wa_id:
        return Card(
            dot="wait",
            word=_("Held"),
            tone="warn",
            sentence=f"{said(HELD)}{_wait(waiting)}",
            until=None,
            cure=("open", _("Decide")),
            **common,
        )
    if paused:
        reason = said(lane.lane.paused_reason) or _("Paused by a person.")
        sentence = f"{_ended(reason)}{_wait(waiting)}"
        return Card(
            dot="wait",
            word=_("Paused"),
            tone="warn",
            sentence=sentence,
            until=None,
            cure=("resume", _("Resume")),
            **common,
        )
    if held:
        sentence = _ended(said(lane.reason) or SENTENCES[S.DEGRADED])
        cure = ("resume-now", _("Resume now"))
        return Card(dot="wait", word=_("Paused"), tone="warn", sentence=sentence, until=lane.until, cure=cure, **common)
    sentence = "" if status == S.CONNECTED else _ended(said(channel.status_detail) or SENTENCES[status])
    return Card(
        dot=DOTS[status],
        word=status.label,
        tone="warn" if sentence else "",
        sentence=sentence,
        until=None,
        cure=cure_of(channel),
        **common,
    )


def waiting_text(waiting: int) -> str:
    return "1,000+" if waiting >= 1000 else f"{waiting}"


def _ended(sentence: str) -> str:
    sentence = str(sentence)
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _wait(waiting: int) -> str:
    if not waiting:
        return ""
    words = ngettext("1 message waits safely.", "%(n)s messages wait safely.", waiting)
    return " " + words % {"n": waiting_text(waiting)}
