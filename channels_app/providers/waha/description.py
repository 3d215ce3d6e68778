"""WAHA, as people meet it."""

from django.utils.translation import gettext_lazy as _

from channels_app.providers.description import Asked, Description

DESCRIPTION = Description(
    name="WAHA",
    summary=_("A gateway that you run yourself. A phone is linked by QR code, as WhatsApp Web is."),
    where=_("WAHA runs on a server of yours; its API key is the WAHA_API_KEY that it was started with."),
    next=_(
        "Waybill encrypts the key, makes the session, registers its webhook, and shows a QR code. Have the phone with "
        "this number at hand: a code lasts about twenty seconds, and new ones follow for five minutes."
    ),
    asks=(
        Asked(
            "base_url",
            _("Address"),
            _("Where WAHA's API is. An address in a private network must be allowed with WAHA_PRIVATE_HOSTS."),
            pattern=r"https?://[!-~]+",
            complaint=_("Write the whole address, with http:// or https:// in front."),
            placeholder="https://waha.example.org",
        ),
        Asked(
            "token",
            _("API key"),
            _("Encrypted before it is stored, and never shown again."),
            secret=True,
            complaint=_("Paste the key exactly as WAHA was given it."),
        ),
        Asked(
            "session",
            _("Session"),
            _("The name of this number's session at WAHA. It is made when it does not exist."),
            pattern=r"[A-Za-z0-9_-]{1,54}",
            complaint=_("Up to 54 letters, digits, dashes and underscores."),
            initial="default",
        ),
        Asked("hmac_key", _("HMAC key"), _("WAHA signs its webhooks with it."), secret=True, made=True),
    ),
    webhook_secret="hmac_key",
    by_hand=_(
        "In WAHA's dashboard, open the session's configuration and add a webhook with this address, the HMAC key and "
        "the events message.any, message.ack, message.ack.group, message.reaction, message.edited, message.revoked, "
        "poll.vote, group.v2.*, presence.update, call.received and session.status."
    ),
    pairing_codes=True,
    restarts=True,
)
