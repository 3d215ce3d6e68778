"""Phone numbers as people type them."""

from django.utils.translation import gettext as _

from kernel.errors import Invalid

PHONE_DIGITS = range(7, 16)


def clean_phone_number(phone_number: str) -> str:
    """A leading + and the digits, or "". Raises Invalid."""
    digits = "".join(sign for sign in phone_number if sign not in " +-()./\t")
    if not digits:
        return ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) in PHONE_DIGITS):
        raise Invalid(
            _("That is not a phone number. Write it with the country code, e.g. +1 555 0100."),
            fields={"phone_number": [_("Digits with the country code, e.g. +1 555 0100.")]},
        )
    return f"+{digits}"
