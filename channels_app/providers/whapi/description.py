"""Whapi, as people meet it."""

from django.utils.translation import gettext_lazy as _

from channels_app.providers.description import Asked, Description

DESCRIPTION = Description(
    name="Whapi",
    summary=_("A gateway in the cloud. A phone is linked by QR code, as WhatsApp Web is."),
    where=_("On panel.whapi.cloud, open the channel and copy “API token”."),
    next=_(
        "Waybill encrypts the token, tries it at once, registers its webhook, and shows a QR code. Have the phone with "
        "this number at hand: a code lasts about twenty seconds, and new ones follow for five minutes."
    ),
    asks=(
        Asked(
            "token",
            _("Token"),
            _("Encrypted before it is stored, and never shown again."),
            secret=True,
            complaint=_("Paste the token exactly as the provider shows it."),
        ),
        Asked("webhook_secret", _("Webhook secret"), made=True),
    ),
    by_hand=_(
        "On panel.whapi.cloud, in the channel's settings, add this address as a webhook in mode “body”, with the "
        "secret in the header X-Webhook-Secret (through the API: the panel has no headers)."
    ),
    pairing_codes=True,
    restarts=True,
)
