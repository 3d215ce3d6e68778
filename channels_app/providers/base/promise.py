"""The methods that every vendor's adapter has, and those that some have."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from channels_app.providers.base.asked import (
    Blank,
    Credentials,
    FetchedMedia,
    FilledTemplate,
    Health,
    Outgoing,
    QrCode,
    SentMessage,
    Template,
)
from channels_app.providers.base.told import InboundMedia, InboundMessage, ListedGroups, Parsed


class Adapter(Protocol):
    """Every method but `parse` does its HTTP calls within `deadline` seconds in total, and raises ProviderError."""

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
