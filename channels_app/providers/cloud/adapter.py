"""Keeps the promise of providers/base.Adapter for the Cloud API. Source of facts: README.md beside this file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels_app.providers import files
from channels_app.providers.base import (
    Blank,
    Credentials,
    FetchedMedia,
    FilledTemplate,
    Health,
    InboundMedia,
    InboundMessage,
    ListedGroups,
    Outgoing,
    OutgoingMedia,
    Parsed,
    QrCode,
    SentMessage,
    Template,
)
from channels_app.providers.calling import segment
from channels_app.providers.cloud import composing, filling, limits, parsing
from channels_app.providers.cloud.client import Client
from channels_app.providers.cloud.parsing.accounts import health_of
from channels_app.providers.cloud.parsing.templates import template_of
from channels_app.providers.errors import ProviderError, impossible
from channels_app.providers.reading import mapping, message_id, sequence, text
from channels_app.providers.reading import wa_id as normal_wa_id
from channels_app.states import ChannelStatus

PHONE_FIELDS = "id,display_phone_number,verified_name,status,quality_rating,throughput,messaging_limit_tier"
TEMPLATE_FIELDS = "id,name,language,status,category,components"


class CloudAdapter:
    """Meta has no idempotency key and no look-up: what settles a send without an answer is its first report.

    The message's own id travels along as `biz_opaque_callback_data` and comes back in every report.
    """

    def send(self, credentials: Credentials, message: Outgoing, *, deadline: float) -> SentMessage:
        client = Client(credentials, deadline)
        path = f"{_number(credentials)}/messages"
        composing.body_of(message, "checked")  # what is impossible is refused before a file travels
        media_id = ""
        if kind := composing.file_kind(message):
            composing.check_file(message, kind)
            media_id = self._uploaded(client, credentials, message.media)
        return _sent(client.act("POST", path, composing.body_of(message, media_id), repeatable=False))

    def edit(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, text: str, *, deadline: float
    ) -> SentMessage:
        raise impossible("edit_not_offered", "The Cloud API cannot change a message that was sent. Write another one.")

    def revoke(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
        raise impossible("revoke_not_offered", "The Cloud API cannot take back a message that was sent.")

    def react(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, emoji: str, *, deadline: float
    ) -> None:
        body = composing.reaction_body(wa_chat_id, wa_message_id, emoji)
        Client(credentials, deadline).act("POST", f"{_number(credentials)}/messages", body)

    def mark_read(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
        body = composing.read_body(wa_message_id)
        Client(credentials, deadline).act("POST", f"{_number(credentials)}/messages", body)

    def show_typing(
        self, credentials: Credentials, wa_chat_id: str, last_inbound_wa_id: str, *, deadline: float
    ) -> None:
        """For up to 25 seconds, to the writer of the inbound message, which counts as read from now on."""
        if not last_inbound_wa_id:
            return
        body = composing.read_body(last_inbound_wa_id, typing=True)
        Client(credentials, deadline).act("POST", f"{_number(credentials)}/messages", body)

    def history(
        self, credentials: Credentials, wa_chat_id: str, *, since: datetime, from_me: bool | None, deadline: float
    ) -> list[InboundMessage]:
        """Meta shows nobody what was sent: there is never anything to find."""
        return []

    def fetch_media(
        self, credentials: Credentials, media: InboundMedia, path: str, *, limit_bytes: int, deadline: float
    ) -> FetchedMedia:
        """In two steps: Meta names an address that lives five minutes. Leaves no half file behind."""
        client = Client(credentials, deadline)
        named = _named_file(client, credentials, media)
        url = text(named, "url", 4000)
        if not url.startswith(("https://", "http://")):
            raise ProviderError("unreadable_answer", "Meta named no address for the file.")
        with files.whole(path) as sink:
            answer = client.download(url, sink, limit_bytes)
        mime_type = text(named, "mime_type", 120) or media.mime_type or answer.headers.get("Content-Type", "")
        return FetchedMedia(mime_type=mime_type, size=answer.size)

    def health(self, credentials: Credentials, *, deadline: float) -> Health:
        """The number's own status. Also checks the token: one that is refused is an answer, and a bad one."""
        try:
            return health_of(Client(credentials, deadline).get(_number(credentials), fields=PHONE_FIELDS))
        except ProviderError as error:
            if not error.unauthorized:
                raise
            return Health(ChannelStatus.ERROR, error.detail)

    def qr_code(self, credentials: Credentials, *, deadline: float) -> QrCode:
        """There is nothing to scan: the token is the connection."""
        self.health(credentials, deadline=deadline)
        return QrCode("already_connected")

    def pairing_code(self, credentials: Credentials, phone_number: str, *, deadline: float) -> str:
        raise impossible("pairing_not_offered", "A number of the Cloud API is not linked by a phone.")

    def log_out(self, credentials: Credentials, *, deadline: float) -> None:
        """Meta has no session to end; from now on it does not call Waybill for this number any more."""
        body = {"webhook_configuration": {"override_callback_uri": ""}}
        Client(credentials, deadline).act("POST", _number(credentials), body)

    def restart(self, credentials: Credentials, *, deadline: float) -> None:
        self.health(credentials, deadline=deadline)

    def register_webhook(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> None:
        """Subscribes the app to the account and sends this number's events to `url`, whatever the app's own address.

        `secret` is the verify token: Meta calls `url` with it before it answers here.
        """
        client = Client(credentials, deadline)
        client.act("POST", f"{_account(credentials)}/subscribed_apps")
        body = {"webhook_configuration": {"override_callback_uri": url, "verify_token": secret}}
        client.act("POST", _number(credentials), body)

    def webhook_is_registered(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> bool:
        """The nearest address counts: the number's own, else the account's, else the app's."""
        client = Client(credentials, deadline)
        configured = self._configured(client, credentials)
        places = ("phone_number", "whatsapp_business_account", "application")
        nearest = next(filter(None, (text(configured, place, 2000) for place in places)), "")
        return nearest == url and bool(sequence(client.get(f"{_account(credentials)}/subscribed_apps"), "data"))

    def leave(self, credentials: Credentials, url: str, *, deadline: float) -> None:
        """Also where it is our address under another public URL. The account stays subscribed to the app: its other
        numbers need that."""
        there = text(self._configured(Client(credentials, deadline), credentials), "phone_number", 2000)
        if there.rpartition("/")[2] == url.rpartition("/")[2]:
            self.log_out(credentials, deadline=deadline)

    def groups(self, credentials: Credentials, *, deadline: float) -> ListedGroups:
        """Meta's groups become known by their messages."""
        return ListedGroups()

    def templates(self, credentials: Credentials, *, deadline: float) -> list[Template]:
        """Every template of the account, in all states."""
        client = Client(credentials, deadline)
        found: dict[tuple[str, str], Template] = {}
        after = ""
        for _ in range(limits.TEMPLATES_PAGES):
            page = {"fields": TEMPLATE_FIELDS, "limit": limits.TEMPLATES_PAGE, **({"after": after} if after else {})}
            answer = client.get(f"{_account(credentials)}/message_templates", **page)
            listed = filter(None, map(template_of, sequence(answer, "data")))
            found |= {(one.name, one.language): one for one in listed}
            paging = mapping(answer, "paging")
            after = text(mapping(paging, "cursors"), "after", 1000)
            if not after or not paging.get("next"):
                break
        return list(found.values())

    def blanks(self, components: list[dict[str, Any]]) -> list[Blank]:
        return filling.blanks_of(components)

    def filled(
        self, name: str, language: str, components: list[dict[str, Any]], values: Mapping[str, str]
    ) -> FilledTemplate:
        return filling.filled(name, language, components, values)

    def parse(self, *, method: str, suffix: str, body: bytes) -> Parsed:
        return parsing.parse(body)

    def _configured(self, client: Client, credentials: Credentials) -> dict[str, Any]:
        """The addresses that Meta calls for this number, by whose they are."""
        return mapping(client.get(_number(credentials), fields="webhook_configuration"), "webhook_configuration")

    def _uploaded(self, client: Client, credentials: Credentials, media: OutgoingMedia) -> str:
        """Meta's id of the file: uploaded first, so that only the small second request can be uncertain."""
        with files.opened(media) as file:
            answer = client.upload(
                f"{_number(credentials)}/media",
                file,
                size=file.size,
                mime_type=composing.bare(media.mime_type),
                file_name=media.file_name,
            )
        media_id = text(answer, "id", 300)
        if not media_id:
            raise ProviderError("unreadable_answer", "Meta took the file but gave no id for it.")
        return media_id


def _sent(answer: dict[str, Any]) -> SentMessage:
    """A success without an id leaves it open what happened."""
    message = next((one for one in sequence(answer, "messages") if isinstance(one, dict)), {})
    contact = next((one for one in sequence(answer, "contacts") if isinstance(one, dict)), {})
    wa_message_id = message_id(message, "id")
    if not wa_message_id:
        raise ProviderError(
            "no_message_id", "Meta accepted the message but gave no id.", outcome_unknown=True, http_status=200
        )
    user_id = text(contact, "user_id", 160)
    chat_id = normal_wa_id(contact.get("wa_id")) or (f"{user_id}@bsuid" if user_id else "")
    return SentMessage(wa_message_id, wa_chat_id=chat_id)


def _named_file(client: Client, credentials: Credentials, media: InboundMedia) -> dict[str, Any]:
    if not media.provider_media_id:
        raise ProviderError("media_gone", "Meta named no file to fetch.", permanent=True)
    try:
        path = f"/{segment(media.provider_media_id)}"
        return client.get(path, phone_number_id=_number(credentials).lstrip("/"))
    except ProviderError as error:
        if error.code not in ("unknown_object", "bad_request", "refused"):
            raise
        detail = "Meta no longer has the file; it keeps files of customers for 7 days."
        raise ProviderError("media_gone", detail, permanent=True, http_status=error.http_status) from error


def _number(credentials: Credentials) -> str:
    return _object_path(credentials, "phone_number_id", "The channel has no phone number id. Paste it to connect.")


def _account(credentials: Credentials) -> str:
    return _object_path(credentials, "waba_id", "The channel has no WhatsApp Business account id. Paste it to connect.")


def _object_path(credentials: Credentials, name: str, complaint: str) -> str:
    value = credentials.extra.get(name, "")
    if not value:
        raise ProviderError(f"{name}_missing", complaint, unauthorized=True)
    return f"/{segment(value)}"
