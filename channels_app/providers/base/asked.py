"""What we ask of vendors, and what they answer: frozen values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Credentials:
    """What one channel needs at its vendor, opened for the time of one call. Its repr shows no secret.

    `extra` has everything else that the vendor's description asks for, secret or not, by its name: app_secret,
    verify_token, hmac_key, webhook_secret, phone_number_id, waba_id, session …
    """

    base_url: str  # without a slash at its end; may be "", for the vendor's own
    token: str = field(repr=False)
    extra: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class OutgoingMedia:
    """A file to send. `path` names a file in Django's default storage."""

    path: str
    mime_type: str
    file_name: str = ""
    size: int = 0
    seconds: int | None = None


@dataclass(frozen=True)
class Outgoing:
    """One message to send. JSON-able (`to_dict`, `from_dict`), because it is the payload of its outbox item."""

    to: str  # wa_chat_id
    # text | image | video | audio | voice | document | sticker | location | contacts | poll | interactive | template
    type: str
    text: str = ""  # also the caption of media, and what a template says once it is filled
    media: OutgoingMedia | None = None
    quoted_wa_id: str = ""
    location: dict[str, Any] | None = None  # {latitude, longitude, name, address}
    contacts: list[dict[str, Any]] | None = None  # [{name, phones: [str]}]
    poll: dict[str, Any] | None = None  # {question, options: [str], multiple: bool}
    interactive: dict[str, Any] | None = None  # {buttons: [{id, title}]} | {button, rows: [{id, title, description}]}
    template: dict[str, Any] | None = None  # {name, language, components: as the vendor wants them}; may use `media`
    mentions: list[str] = field(default_factory=list)
    client_reference: str = ""  # our message id, for vendors that carry one

    def to_dict(self) -> dict[str, Any]:
        data = {name: value for name, value in vars(self).items() if value not in ("", None, [])}
        if self.media is not None:
            data["media"] = dict(vars(self.media))
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Outgoing":
        media = data.get("media")
        return cls(**{**data, "media": OutgoingMedia(**media) if media else None})


@dataclass(frozen=True)
class SentMessage:
    """The provider's acceptance."""

    wa_message_id: str
    at: datetime | None = None
    wa_chat_id: str = ""  # as the provider normalised it; may differ from what was asked for


@dataclass(frozen=True)
class QrCode:
    """`png_data_uri` is a secret: whoever scans it becomes the number. None while the provider prepares it.

    passkey: WhatsApp wants to see a passkey before it links the phone; `detail` says what the person has to do.
    """

    status: str  # pending | ready | passkey | already_connected | unavailable
    png_data_uri: str | None = field(default=None, repr=False)
    expires_in_seconds: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Health:
    """What the provider says of the connection. `status` is a ChannelStatus value."""

    status: str
    detail: str = ""
    own_wa_id: str = ""
    provider_channel_id: str = ""


@dataclass(frozen=True)
class FetchedMedia:
    mime_type: str
    size: int


@dataclass(frozen=True)
class Template:
    """A text that the vendor has approved beforehand. `components` in the vendor's own form."""

    name: str
    language: str
    category: str = ""
    status: str = ""  # approved | pending | rejected | paused | disabled | …, in lower case
    components: list[dict[str, Any]] = field(default_factory=list)
    provider_template_id: str = ""


@dataclass(frozen=True)
class Blank:
    """A place in a template that needs a value. `example` may be "".

    `file`: image | video | document, where the message's file may stand in place of a link.
    """

    key: str
    example: str = ""
    file: str = ""


@dataclass(frozen=True)
class FilledTemplate:
    """`text` is what the customer will read, `sent` becomes Outgoing.template."""

    text: str
    sent: dict[str, Any]
