"""What a vendor is to people: its name, what it asks for, how its numbers are linked. One `DESCRIPTION` per folder."""

import re
from dataclasses import dataclass
from typing import Any

Words = Any  # a text, or a lazy translation of one

LIMIT_CHARACTERS = 4096


@dataclass(frozen=True)
class Asked:
    """One value that the vendor's adapter needs.

    `token` and `base_url` reach it as those fields of base.Credentials; any other name as `extra[name]`. A secret is
    sealed and write-only; other values are shown. What is `made` is a secret that Waybill makes and shows once.
    `pattern` is what the whole value must be, `complaint` what to say when it is not.
    """

    name: str
    label: Words
    help_text: Words = ""
    secret: bool = False
    made: bool = False
    required: bool = True
    pattern: str = r"[!-~]+"  # one visible word
    complaint: Words = ""
    placeholder: str = ""
    initial: str = ""

    def fits(self, value: str) -> bool:
        return len(value) <= LIMIT_CHARACTERS and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True)
class Description:
    """`webhook_secret` names the value of `asks` that `Adapter.register_webhook` gets as its `secret`.

    links_by_phone: a phone scans a QR code (or types a pairing code); otherwise the token alone is the connection.
    restarts: `Adapter.restart` takes up a lost connection without a new link.
    templates: outside a writing window only approved templates can be sent; the adapter lists and fills them.
    changes: what was sent can be edited, and deleted for everybody.
    registers_webhooks: the adapter can register and look up its webhook; otherwise `by_hand` says what to do.
    """

    name: str
    summary: Words  # one sentence beside the name
    where: Words  # where to find what is asked for
    next: Words  # what happens after the form
    asks: tuple[Asked, ...]
    webhook_secret: str = "webhook_secret"  # noqa: S105  a name
    by_hand: Words = ""  # how to set the webhook at the vendor by hand, beside its address and secret
    links_by_phone: bool = True
    pairing_codes: bool = False
    restarts: bool = False
    registers_webhooks: bool = True
    templates: bool = False
    changes: bool = True

    def asked(self, name: str) -> Asked | None:
        return next((one for one in self.asks if one.name == name), None)

    @property
    def given(self) -> tuple[Asked, ...]:
        """What a person types."""
        return tuple(one for one in self.asks if not one.made)

    @property
    def secrets(self) -> tuple[Asked, ...]:
        return tuple(one for one in self.asks if one.secret or one.made)
