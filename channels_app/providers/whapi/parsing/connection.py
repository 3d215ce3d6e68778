"""The channel's own state: health, QR code, linked and unlinked users."""

from typing import Any

from channels_app.providers.base import Health, Ignored, Inbound, InboundConnection
from channels_app.providers.whapi.parsing import reading
from channels_app.providers.whapi.parsing.reading import mapping, text
from channels_app.states import ChannelStatus

STATES = {
    "NOT_INIT": (ChannelStatus.DISCONNECTED, "Whapi has not started the channel yet."),
    "INIT": (ChannelStatus.CONNECTING, "Whapi is starting the channel."),
    "LAUNCH": (ChannelStatus.CONNECTING, "Whapi is connecting to WhatsApp."),
    "QR": (ChannelStatus.QR_PENDING, "The phone must scan the QR code."),
    "AUTH": (ChannelStatus.CONNECTED, ""),
    "ERROR": (ChannelStatus.ERROR, "Whapi reports an error of the channel."),
    "SYNC_ERROR": (ChannelStatus.DEGRADED, "WhatsApp did not synchronise. Log out and link the phone again."),
    "STOP": (ChannelStatus.DISCONNECTED, "Whapi has stopped the channel. Check the subscription there."),
}
"""By the text of the status; its code is not dependable."""


def health_of(data: dict[str, Any]) -> Health | None:
    """None for a state that is not known."""
    state = text(mapping(data, "status"), "text", 40).upper()
    if state not in STATES:
        return None
    status, detail = STATES[state]
    own = reading.wa_id(mapping(data, "user").get("id")) if status == ChannelStatus.CONNECTED else ""
    return Health(status.value, detail, own, text(data, "channel_id", 80))


def connection_values(kind: str, key: str, data: dict[str, Any]) -> list[Inbound]:
    """Of the keys health, qr and user, which hold one object each."""
    channel_id = text(data, "channel_id", 80)
    if key == "health":
        found = health_of(mapping(data, "health"))
        if found is None:
            return [Ignored("Waybill does not know this state of a channel.")]
        name = reading.name(mapping(mapping(data, "health"), "user"), "name") if found.own_wa_id else ""
        return [InboundConnection(found.status, found.detail, found.own_wa_id, name, channel_id)]
    if key == "qr":
        status, detail = STATES["QR"]
        return [InboundConnection(status.value, detail, provider_channel_id=channel_id)]
    return _user(kind, mapping(data, "user"), channel_id)


def _user(kind: str, user: dict[str, Any], channel_id: str) -> list[Inbound]:
    if kind == "users.post":
        own, name = reading.wa_id(user.get("id")), reading.name(user, "name")
        return [InboundConnection(ChannelStatus.CONNECTED.value, "", own, name, channel_id)]
    if kind == "users.delete":
        detail = "The number was unlinked, here or on the phone."
        return [InboundConnection(ChannelStatus.LOGGED_OUT.value, detail, provider_channel_id=channel_id)]
    return [Ignored("The event does not say whether the number was linked or unlinked.")]
