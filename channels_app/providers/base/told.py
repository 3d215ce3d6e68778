"""What vendors tell us, in webhooks and in lists: pure values from parsing."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
