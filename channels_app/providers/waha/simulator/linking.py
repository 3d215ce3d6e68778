"""The session's connection: start, QR code, passkey, scan, log-out, loss, another number."""

import secrets
import time
from typing import Any

import segno

from channels_app.providers.simulating.exchange import Refusal
from channels_app.providers.simulating.timing import Timetable
from channels_app.providers.waha.simulator.state import HISTORY_LENGTH, STATUSES, Session, State
from channels_app.providers.waha.simulator.webhooks import WahaWebhooks, told


class Linking:
    """Walks a session from status to status, and tells each step by webhook."""

    def __init__(self, state: State, webhooks: WahaWebhooks, timetable: Timetable):
        self._state = state
        self._webhooks = webhooks
        self._timetable = timetable

    def walk(self, session: Session, to: str, number: str = "") -> None:
        """`to`: qr | linked | lost | banned | re-paired | logged-out | restricted | free, or a status in small letters
        (passkey_required, passkey_confirmation_required, starting, stopped, failed). Raises ValueError."""
        steps = {
            "qr": self._to_qr,
            "linked": lambda s: self._link(s, number or s.number),
            "re-paired": lambda s: self._re_pair(s, number or _next_number(s.number)),
            "lost": lambda s: self.become(s, "STARTING"),
            "stop": lambda s: self.become(s, "STOPPED"),
            "banned": lambda s: self.become(s, "FAILED"),
            "logged-out": lambda s: self.become(s, "FAILED"),
            "restricted": lambda s: setattr(s, "restricted_until", int(time.time()) + 3600),
            "free": lambda s: setattr(s, "restricted_until", 0),
            **{status.lower(): lambda s, status=status: self.become(s, status) for status in STATUSES},
        }
        if to not in steps:
            raise ValueError(f"state is one of {', '.join(steps)}.")
        steps[to](session)
        self._state.save()

    def start(self, session: Session) -> None:
        """A session whose phone is still linked works again; any other shows a QR code."""
        if session.status == "WORKING":
            return
        if not session.linked:
            self._to_qr(session)
            return
        for status in ("STARTING", "WORKING"):
            self.become(session, status)

    def restart(self, session: Session) -> None:
        session.status = "STOPPED"
        self.start(session)

    def log_out(self, session: Session) -> None:
        """WAHA starts the session again, which then waits for a scan."""
        if session.status != "STOPPED":
            self.become(session, "STOPPED")
            self._to_qr(session)

    def become(self, session: Session, status: str) -> None:
        session.status = status
        session.linked = {"WORKING": True, "SCAN_QR_CODE": False, "FAILED": False}.get(status, session.linked)
        session.qr_shown = False
        session.statuses = [*session.statuses, {"status": status, "timestamp": int(time.time() * 1000)}]
        session.statuses = session.statuses[-HISTORY_LENGTH:]
        payload = {"name": session.name, "status": status, "statuses": list(session.statuses), "data": _data(status)}
        self._webhooks.tell(session, [told("session.status", payload)])

    def qr(self, session: Session, *, raw: bool = False) -> dict[str, Any]:
        """A QR code; in the demo somebody scans it after a while."""
        self._showing(session)
        value = f"https://wa.me/settings/linked_devices#2@{secrets.token_urlsafe(60)},{secrets.token_urlsafe(32)}"
        if raw:
            return {"value": value}
        image = segno.make(value, error="l").png_data_uri(scale=5)
        return {"mimetype": "image/png", "data": image.partition(",")[2]}

    def pairing_code(self, session: Session, number: str) -> dict[str, str]:
        if not number.isdecimal() or not 7 <= len(number) <= 15:
            raise Refusal(400, "", body={"statusCode": 400, "message": ["phoneNumber must be digits"]})
        self._showing(session)
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        four = ["".join(secrets.choice(letters) for _ in range(4)) for _ in range(2)]
        return {"code": "-".join(four)}

    def _showing(self, session: Session) -> None:
        if session.status != "SCAN_QR_CODE":
            body = {
                "error": "Session status is not as expected. Try again later or restart the session",
                "session": session.name,
                "status": session.status,
                "expected": ["SCAN_QR_CODE"],
            }
            raise Refusal(422, "", body=body)
        if not session.qr_shown and self._state.options.auto_link_seconds is not None:
            session.qr_shown = True
            self._timetable.after(self._state.options.auto_link_seconds, lambda: self._scanned(session))

    def _scanned(self, session: Session) -> None:
        if session.status == "SCAN_QR_CODE":
            self._link(session, session.number)
            self._state.save()

    def _to_qr(self, session: Session) -> None:
        for status in ("STARTING", "SCAN_QR_CODE"):
            self.become(session, status)
        self._state.save()

    def _re_pair(self, session: Session, number: str) -> None:
        """The linked number is unlinked on the phone, and another one scans."""
        self._link(session, session.number)
        self.become(session, "FAILED")
        self._to_qr(session)
        self._link(session, number)

    def _link(self, session: Session, number: str) -> None:
        session.number = number
        self.become(session, "WORKING")


def _data(status: str) -> Any:
    """The extra information that two of the states bring."""
    if status == "PASSKEY_REQUIRED":
        return {"challenge": secrets.token_urlsafe(24), "rpId": "whatsapp.com", "timeout": 60_000}
    return {"code": "AB12-CD34"} if status == "PASSKEY_CONFIRMATION_REQUIRED" else None


def _next_number(number: str) -> str:
    return f"155501001{(int(number[-2:]) + 50) % 100:02d}"
