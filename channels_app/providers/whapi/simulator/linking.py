"""The channel's connection: launch, QR code, scan, log-out, loss, ban, another number."""

import secrets
import time
from typing import Any

import segno

from channels_app.providers.simulating.exchange import Refusal
from channels_app.providers.simulating.timing import Timetable
from channels_app.providers.simulating.webhooks import Event, Webhooks
from channels_app.providers.whapi.simulator.state import Channel, State

QR_SECONDS = 20


class Linking:
    """Walks a channel from state to state, and tells each step by webhook."""

    def __init__(self, state: State, webhooks: Webhooks, timetable: Timetable):
        self._state = state
        self._webhooks = webhooks
        self._timetable = timetable

    def walk(self, channel: Channel, to: str, number: str = "") -> None:
        """`to`: qr | linked | lost | banned | re-paired | logged-out | init | launch | error | sync_error | stop.

        A ban also wipes the webhook and the persistence, as was seen at the provider. Raises ValueError.
        """
        steps = {
            "qr": self._to_qr,
            "linked": lambda c: self._link(c, number or c.number),
            "re-paired": lambda c: self._link(c, number or _next_number(c.number)),
            "lost": lambda c: self._become(c, "LAUNCH"),
            "banned": self._ban,
            "logged-out": self.log_out,
            **{
                name.lower(): lambda c, name=name: self._become(c, name)
                for name in ("INIT", "LAUNCH", "ERROR", "SYNC_ERROR", "STOP", "NOT_INIT")
            },
        }
        if to not in steps:
            raise ValueError(f"state is one of {', '.join(steps)}.")
        steps[to](channel)
        self._state.save()

    def wake(self, channel: Channel) -> None:
        """What GET /health and the log-in calls do to a channel that sleeps."""
        if channel.state in ("STOP", "NOT_INIT", "INIT"):
            self._to_qr(channel)

    def qr(self, channel: Channel, *, raw: bool = False) -> dict[str, Any]:
        """A QR code; in the demo somebody scans it after a while."""
        if channel.state == "AUTH":
            raise Refusal(409, "channel already authenticated")
        if channel.state != "QR":
            self._to_qr(channel)
            return {"status": "WAITING"}
        if not channel.qr_shown and self._state.options.auto_link_seconds is not None:
            channel.qr_shown = True
            self._timetable.after(self._state.options.auto_link_seconds, lambda: self._scanned(channel))
        return _qr_code(raw)

    def pairing_code(self, channel: Channel, number: str) -> dict[str, str]:
        if not number.isdecimal() or not 7 <= len(number) <= 15:
            raise Refusal(400, "invalid phone number")
        if channel.state == "AUTH":
            raise Refusal(409, "channel already authenticated")
        if self._state.options.auto_link_seconds is not None:
            self._timetable.after(self._state.options.auto_link_seconds, lambda: self._scanned(channel))
        return {"code": f"{secrets.randbelow(1000):03d}-{secrets.randbelow(1000):03d}"}

    def log_out(self, channel: Channel) -> None:
        if channel.state == "QR":
            raise Refusal(409, "channel already logged out")
        self._webhooks.tell(channel, [Event("users", "delete", "user", {"id": channel.number, "name": channel.name})])
        self._to_qr(channel)

    def _scanned(self, channel: Channel) -> None:
        if channel.state == "QR":
            self._link(channel, channel.number)
            self._state.save()

    def _become(self, channel: Channel, state: str) -> None:
        channel.state = state
        self._webhooks.tell(channel, [Event("channel", "post", "health", channel.health())])

    def _to_qr(self, channel: Channel) -> None:
        channel.qr_shown = False
        channel.started_at = time.time()
        for state in ("INIT", "LAUNCH", "QR"):
            self._become(channel, state)
        self._webhooks.tell(channel, [Event("channel", "patch", "qr", _qr_code(raw=False))])
        self._state.save()

    def _link(self, channel: Channel, number: str) -> None:
        if channel.state == "AUTH" and channel.number != number:
            user = {"id": channel.number, "name": channel.name}
            self._webhooks.tell(channel, [Event("users", "delete", "user", user)])
        channel.number = number
        user = {"id": number, "name": channel.name}
        channel.state = "AUTH"
        self._webhooks.tell(channel, [Event("users", "post", "user", user)])
        self._become(channel, "AUTH")

    def _ban(self, channel: Channel) -> None:
        self._webhooks.tell(channel, [Event("users", "delete", "user", {"id": channel.number, "name": channel.name})])
        self._become(channel, "QR")
        channel.settings["callback_persist"] = False
        channel.settings["webhooks"] = []


def _next_number(number: str) -> str:
    return f"155501001{(int(number[-2:]) + 50) % 100:02d}"


def _qr_code(raw: bool) -> dict[str, Any]:
    rowdata = f"2@{secrets.token_urlsafe(60)},{secrets.token_urlsafe(32)}"
    if raw:
        return {"status": "OK", "rowdata": rowdata, "expire": QR_SECONDS}
    image = segno.make(rowdata, error="l").png_data_uri(scale=5)
    return {"status": "OK", "base64": image, "expire": QR_SECONDS}
