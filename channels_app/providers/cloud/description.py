"""The Cloud API, as people meet it."""

from django.utils.translation import gettext_lazy as _

from channels_app.providers.description import Asked, Description

DIGITS = r"\d{5,30}"

DESCRIPTION = Description(
    name="WhatsApp Cloud API",
    summary=_("Meta's own service, without a phone in between. Needs an approved number in the WhatsApp Manager."),
    where=_(
        "On developers.facebook.com, in your app under WhatsApp › API Setup; the app secret is under App settings."
    ),
    next=_(
        "Waybill encrypts the secrets, asks Meta how the number is, and registers its webhook. There is no QR code: "
        "with a good token the number is connected at once."
    ),
    asks=(
        Asked(
            "token",
            _("Access token"),
            _("Of a system user that does not expire, with whatsapp_business_messaging and _management. Encrypted."),
            secret=True,
            complaint=_("Paste the token exactly as Meta shows it."),
        ),
        Asked(
            "phone_number_id",
            _("Phone number ID"),
            _("Not the phone number: the id beside it."),
            pattern=DIGITS,
            complaint=_("An id of digits, as API Setup shows it."),
            placeholder="100000000000001",
        ),
        Asked(
            "waba_id",
            _("WhatsApp Business account ID"),
            _("For templates and the webhook."),
            pattern=DIGITS,
            complaint=_("An id of digits, as API Setup shows it."),
            placeholder="200000000000001",
        ),
        Asked(
            "app_secret",
            _("App secret"),
            _("Proves that webhooks come from Meta. Encrypted before it is stored, and never shown again."),
            secret=True,
            pattern=r"[!-~]{8,}",
            complaint=_("Paste the app secret exactly as Meta shows it."),
        ),
        Asked(
            "verify_token", _("Verify token"), _("Meta shows it when it tries the address of the webhook."), made=True
        ),
    ),
    webhook_secret="verify_token",
    by_hand=_(
        "In your app on developers.facebook.com under WhatsApp › Configuration, enter this address as the callback URL "
        "with the verify token, and subscribe to the field “messages”."
    ),
    links_by_phone=False,
    templates=True,
    changes=False,
)
