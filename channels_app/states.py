"""The states of a channel's connection and the moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelStatus(models.TextChoices):
    DISCONNECTED = "disconnected", _("Disconnected")
    CONNECTING = "connecting", _("Connecting")
    QR_PENDING = "qr_pending", _("Waiting for the QR scan")
    CONNECTED = "connected", _("Connected")
    DEGRADED = "degraded", _("Limited")
    LOGGED_OUT = "logged_out", _("Logged out")
    ERROR = "error", _("Error")


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

LINKING = frozenset({S.CONNECTING, S.QR_PENDING})
"""States in which a phone may be on its way."""

UNLINKED = frozenset({S.DISCONNECTED, S.LOGGED_OUT})


class ProviderKind(models.TextChoices):
    WHAPI = "whapi", "Whapi"
    CLOUD = "cloud", "WhatsApp Cloud API"
    WAHA = "waha", "WAHA"


class WebhookState(models.TextChoices):
    UNKNOWN = "unknown", _("Not checked yet")
    REGISTERED = "registered", _("Registered")
    MISSING = "missing", _("Not registered")
