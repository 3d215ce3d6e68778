"""The session's own state: from its event, and as the API tells it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from channels_app.providers import reading
from channels_app.providers.base import Health, Ignored, Inbound, InboundConnection
from channels_app.providers.reading import mapping, moment, sequence, text
from channels_app.providers.waha.parsing.told import Told
from channels_app.states import ChannelStatus

PASSKEY = (
    "WhatsApp asks for the passkey of this account. Open WAHA's dashboard, follow “Passkey” for this session in the "
    "browser that holds it, and come back."
)
PASSKEY_CODE = (
    "WhatsApp shows a code on the phone. Compare it in WAHA's dashboard with the one there, confirm it, and come back."
)
STATES = {
    "STOPPED": (ChannelStatus.DISCONNECTED, "The session is stopped at WAHA."),
    "STARTING": (ChannelStatus.CONNECTING, "WAHA is connecting to WhatsApp."),
    "SCAN_QR_CODE": (ChannelStatus.QR_PENDING, "The phone must scan the QR code."),
    "PASSKEY_REQUIRED": (ChannelStatus.QR_PENDING, PASSKEY),
    "PASSKEY_CONFIRMATION_REQUIRED": (ChannelStatus.QR_PENDING, PASSKEY_CODE),
    "WORKING": (ChannelStatus.CONNECTED, ""),
    "FAILED": (ChannelStatus.ERROR, "The session failed at WAHA. Connect it again."),
}
UNLINKED = "WhatsApp ended the session: the number was unlinked, on the phone or by WhatsApp."


def state_of(session: dict[str, Any]) -> str:
    """The session's state in WAHA's words; "" for one that is not known."""
    state = text(session, "status", 40).upper()
    return state if state in STATES else ""


def health_of(session: dict[str, Any]) -> Health | None:
    """None for a state that is not known. A number that WhatsApp restricts is `degraded`."""
    state = state_of(session)
    if not state:
        return None
    status, detail = STATES[state]
    me = mapping(session, "me")
    own = reading.wa_id(me.get("id")) if state == "WORKING" else ""
    lock = mapping(me, "reachoutTimelock")
    if state == "WORKING" and lock.get("isActive") is True:
        status, detail = ChannelStatus.DEGRADED, _restricted(moment(lock, "timeEnforcementEnds"))
    return Health(status.value, detail, own, text(session, "name", 80))


def _restricted(until: datetime | None) -> str:
    detail = "WhatsApp does not let this number write to new people"
    return f"{detail} until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC." if until else f"{detail} at the moment."


def connection_values(item: dict[str, Any], around: Told) -> Iterable[Inbound]:
    """A step of the session. WAHA has no state of its own for a number that was unlinked: a session that fails out of
    work, and not while it was connecting, is one."""
    state = state_of(item)
    if not state:
        return [Ignored("Waybill does not know this state of a session.")]
    status, detail = STATES[state]
    if state == "FAILED" and _before(item) == "WORKING":
        status, detail = ChannelStatus.LOGGED_OUT, UNLINKED
    session = text(item, "name", 80) or around.session
    if state != "WORKING":
        passkey = state.startswith("PASSKEY")
        return [InboundConnection(status.value, detail, provider_channel_id=session, passkey=passkey)]
    return [InboundConnection(status.value, detail, around.own_wa_id, around.own_name, session)]


def _before(item: dict[str, Any]) -> str:
    """The state before this one, from the short history that the event brings."""
    states = [text(point, "status", 40).upper() for point in sequence(item, "statuses") if isinstance(point, dict)]
    if states and states[-1] == "FAILED":
        states.pop()
    return states[-1] if states else ""
