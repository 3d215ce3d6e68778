"""The states of a channel's connection and the moves between them."""

from django.db import models


class ChannelStatus(models.TextChoices):
    DISCONNECTED = "disconnected", "Disconnected"
    CONNECTING = "connecting", "Connecting"
    QR_PENDING = "qr_pending", "Waiting for the QR scan"
    CONNECTED = "connected", "Connected"
    DEGRADED = "degraded", "Limited"
    LOGGED_OUT = "logged_out", "Logged out"
    ERROR = "error", "Error"


S = ChannelStatus

MOVES: dict[str, frozenset[str]] = {
    S.DISCONNECTED: frozenset({S.CONNECTING, S.CONNECTED, S.QR_PENDING, S.LOGGED_OUT, S.ERROR}),
    S.CONNECTING: frozenset({S.QR_PENDING, S.CONNECTED, S.DISCONNECTED, S.LOGGED_OUT, S.ERROR}),
    S.QR_PENDING: frozenset({S.CONNECTING, S.CONNECTED, S.DISCONNECTED, S.LOGGED_OUT, S.ERROR}),
    S.CONNECTED: frozenset({S.CONNECTING, S.DEGRADED, S.QR_PENDING, S.DISCONNECTED, S.LOGGED_OUT, S.ERROR}),
    S.DEGRADED: frozenset({S.CONNECTED, S.CONNECTING, S.QR_PENDING, S.DISCONNECTED, S.LOGGED_OUT, S.ERROR}),
    S.LOGGED_OUT: frozenset({S.CONNECTING, S.QR_PENDING, S.CONNECTED, S.DISCONNECTED, S.ERROR}),
    S.ERROR: frozenset({S.CONNECTING, S.QR_PENDING, S.CONNECTED, S.DISCONNECTED, S.LOGGED_OUT}),
}

SENDS = frozenset({S.CONNECTED, S.DEGRADED})
"""States in which the lane is open. In all others what is written waits, safely, in the outbox."""


class ProviderKind(models.TextChoices):
    WHAPI = "whapi", "Whapi"
    CLOUD = "cloud", "WhatsApp Cloud API"
    WAHA = "waha", "WAHA"
