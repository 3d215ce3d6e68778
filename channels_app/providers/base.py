"""What every vendor's adapter promises: values in, values out, one typed error. Adapters see no rows and save nothing.

WhatsApp ids have one form for all vendors: `<digits>@s.whatsapp.net`, `<digits>@g.us`, `<digits>@lid`, `<id>@bsuid`.
Times are aware datetimes in UTC. Texts never hold NUL characters (PostgreSQL cannot store them).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

# --- What we ask for ----------------------------------------------------------------------------------------------


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


# --- What providers tell us: pure values from parsing -----------------------------------------------------------------


@dataclass(frozen=True)
class InboundMedia:
    """A file that a message carries. `provider_media_id` fetches it through the vendor's API; `link` may be empty."""

    kind: str  # image | video | audio | voice | document | sticker
    provider_media_id: str = ""
    link: str = field(default="", repr=False)
    mime_type: str = ""
    file_name: str = ""
    size: int | None = None
    seconds: int | None = None
    sha256: str = ""


@dataclass(frozen=True)
class InboundMessage:
    """A message in a chat, from the customer or from our own number (an echo: `from_me`)."""

    wa_message_id: str
    wa_chat_id: str
    from_me: bool
    sender_wa_id: str  # author; our own number when from_me; may be ""
    at: datetime
    type: str  # a message type of the contract
    text: str = ""
    sender_name: str = ""
    chat_name: str = ""  # group subject or saved contact name, where given
    source: str = ""  # api | mobile | web | system | … as the vendor says; "api" marks echoes of API sends
    status: str = ""  # own messages only: pending | sent | delivered | read | played | failed, where given
    quoted_wa_id: str = ""
    media: InboundMedia | None = None
    location: dict[str, Any] | None = None
    contacts: list[dict[str, Any]] | None = None
    poll: dict[str, Any] | None = None  # {question, options: [{text, votes}], multiple}
    button: dict[str, Any] | None = None  # {id, title, payload}
    extra: dict[str, Any] = field(default_factory=dict)  # {forwarded, referral, raw}
    client_reference: str = ""


@dataclass(frozen=True)
class InboundStatus:
    """A delivery report. `viewer_wa_id` is set in groups. `at` is None when the vendor gave no time.

    `extra` is what the vendor says beside it, e.g. what the message costs.
    """

    wa_message_id: str
    status: str  # pending | sent | delivered | read | played | failed | deleted
    at: datetime | None
    wa_chat_id: str = ""
    viewer_wa_id: str = ""
    error_code: str = ""
    error_detail: str = ""
    client_reference: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InboundEdit:
    target_wa_id: str
    wa_chat_id: str
    text: str
    at: datetime | None


@dataclass(frozen=True)
class InboundRevoke:
    target_wa_id: str
    wa_chat_id: str
    by_wa_id: str
    at: datetime | None


@dataclass(frozen=True)
class InboundReaction:
    """`emoji` "" takes the reaction back. Later wins, by `at` and then by `event_wa_id`."""

    target_wa_id: str
    wa_chat_id: str
    by_wa_id: str
    by_name: str
    emoji: str
    at: datetime | None
    event_wa_id: str = ""
    from_me: bool = False


@dataclass(frozen=True)
class InboundVote:
    """All options that one voter now has chosen."""

    target_wa_id: str
    wa_chat_id: str
    by_wa_id: str
    options: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True)
class InboundChat:
    """Facts about a chat without a message: name, mute, until when anything may be written."""

    wa_chat_id: str
    name: str = ""
    name_at: datetime | None = None
    muted_until: datetime | None = None
    window_expires_at: datetime | None = None


@dataclass(frozen=True)
class InboundContact:
    wa_id: str
    name: str = ""  # as saved on the phone
    push_name: str = ""  # as the person calls themself


@dataclass(frozen=True)
class Participant:
    wa_id: str
    rank: str = "member"  # member | admin | creator


@dataclass(frozen=True)
class InboundIdentity:
    """Two ids of one person. `wa_id` is the hidden or business-scoped one, `number` `<digits>@s.whatsapp.net`."""

    wa_id: str
    number: str


@dataclass(frozen=True)
class InboundGroup:
    """A group. `complete` when `participants` is the whole list (a synchronisation), not only what an event named."""

    wa_chat_id: str
    name: str = ""
    name_at: datetime | None = None
    participants: tuple[Participant, ...] = ()
    complete: bool = False
    only_admins_write: bool | None = None


@dataclass(frozen=True)
class ListedGroups:
    """`whole`: the number is in no other group. Never where something could not be read, or the vendor lists none."""

    groups: tuple[InboundGroup, ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class InboundParticipants:
    wa_chat_id: str
    action: str  # add | remove | promote | demote
    wa_ids: tuple[str, ...]


@dataclass(frozen=True)
class InboundPresence:
    wa_id: str
    status: str  # online | offline | typing | recording


@dataclass(frozen=True)
class InboundConnection:
    """The channel's own state. `own_wa_id` when the vendor names the linked number.

    passkey: the code was scanned, and WhatsApp asks for a passkey; `detail` says what the person has to do.
    """

    status: str  # a ChannelStatus value
    detail: str = ""
    own_wa_id: str = ""
    own_name: str = ""
    provider_channel_id: str = ""
    passkey: bool = False


@dataclass(frozen=True)
class InboundTemplate:
    """News of one template. "" says nothing about a field."""

    name: str
    language: str
    status: str = ""
    category: str = ""
    provider_template_id: str = ""


@dataclass(frozen=True)
class InboundNotice:
    """One sentence about the number or its account that moves nothing, and that an admin wants to have seen."""

    text: str


@dataclass(frozen=True)
class Ignored:
    """Genuine, and nothing to do; kept in the log with the reason."""

    reason: str


Inbound = (
    InboundMessage
    | InboundStatus
    | InboundEdit
    | InboundRevoke
    | InboundReaction
    | InboundVote
    | InboundChat
    | InboundContact
    | InboundIdentity
    | InboundGroup
    | InboundParticipants
    | InboundPresence
    | InboundConnection
    | InboundTemplate
    | InboundNotice
    | Ignored
)


@dataclass(frozen=True)
class Parsed:
    """What one webhook body says: its kind for the log (e.g. "messages.post") and the values, in the body's order.

    `homes` is empty where everything is about the channel that was called. Otherwise it says for each value whose it
    is: a setting of channels and its value, e.g. ("phone_number_id", "123"), or None for the channel that was called.
    """

    kind: str
    values: tuple[Inbound, ...]
    homes: tuple[tuple[str, str] | None, ...] = ()


# --- The promise --------------------------------------------------------------------------------------------------


class Adapter(Protocol):
    """Every method but `parse` does its HTTP calls within `deadline` seconds in total, and raises ProviderError."""

    repeatable_sends: bool  # whether the vendor de-duplicates sends by client_reference

    def send(self, credentials: Credentials, message: Outgoing, *, deadline: float) -> SentMessage: ...

    def edit(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, text: str, *, deadline: float
    ) -> SentMessage: ...

    def revoke(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None: ...

    def react(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, emoji: str, *, deadline: float
    ) -> None: ...

    def mark_read(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None: ...

    def show_typing(
        self, credentials: Credentials, wa_chat_id: str, last_inbound_wa_id: str, *, deadline: float
    ) -> None:
        """Let the chat see that somebody writes. `last_inbound_wa_id` names their newest message, or is "".

        Where the vendor shows it only to the writer of that message, the message counts as read from now on.
        """
        ...

    def history(
        self, credentials: Credentials, wa_chat_id: str, *, since: datetime, from_me: bool | None, deadline: float
    ) -> list[InboundMessage]:
        """Messages of the chat at the provider since a time, oldest first."""
        ...

    def fetch_media(
        self, credentials: Credentials, media: InboundMedia, path: str, *, limit_bytes: int, deadline: float
    ) -> FetchedMedia:
        """Stream the file into the local file `path`. Raises ProviderError(permanent) when larger or gone."""
        ...

    def health(self, credentials: Credentials, *, deadline: float) -> Health: ...

    def qr_code(self, credentials: Credentials, *, deadline: float) -> QrCode: ...

    def pairing_code(self, credentials: Credentials, phone_number: str, *, deadline: float) -> str: ...

    def log_out(self, credentials: Credentials, *, deadline: float) -> None: ...

    def restart(self, credentials: Credentials, *, deadline: float) -> None:
        """Take up a lost connection with the session that the vendor has. Only asked where the description says so."""
        ...

    def register_webhook(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> None:
        """`secret` is what the description names as `webhook_secret`. Doing it again changes nothing."""
        ...

    def webhook_is_registered(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> bool:
        """Whether the vendor would call `url` now. One who does not show the secret is believed to have it."""
        ...

    def leave(self, credentials: Credentials, url: str, *, deadline: float) -> None:
        """The channel is being removed: the vendor shall call `url` no more. What other programs use stays as it is.

        Doing it again changes nothing.
        """
        ...

    def groups(self, credentials: Credentials, *, deadline: float) -> ListedGroups: ...

    def parse(self, *, method: str, suffix: str, body: bytes) -> Parsed:
        """Pure: what a webhook request says. `suffix` is the path after the channel id. Raises Unreadable."""
        ...


@runtime_checkable
class KeepsHistory(Protocol):
    """A vendor that can be asked what was said lately in all chats."""

    def recent(self, credentials: Credentials, *, since: datetime, deadline: float) -> list[InboundMessage]:
        """Messages of all chats at the provider since a time, oldest first. Raises ProviderError."""
        ...


@runtime_checkable
class OffersTemplates(Protocol):
    """A vendor that has templates."""

    def templates(self, credentials: Credentials, *, deadline: float) -> list[Template]:
        """All of them, in every state. Raises ProviderError."""
        ...

    def blanks(self, components: list[dict[str, Any]]) -> list[Blank]:
        """Pure: what has to be given, in the order of reading."""
        ...

    def filled(
        self, name: str, language: str, components: list[dict[str, Any]], values: Mapping[str, str]
    ) -> FilledTemplate:
        """Pure. The value "" of a blank with a `file` means the message's file. Raises KeyError for a missing value."""
        ...
