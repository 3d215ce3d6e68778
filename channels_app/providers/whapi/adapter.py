"""Keeps the promise of providers/base.Adapter for Whapi. Source of facts: README.md beside this file."""

import base64
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

import segno

from channels_app.providers import files
from channels_app.providers.base import (
    Credentials,
    FetchedMedia,
    Health,
    InboundGroup,
    InboundMedia,
    InboundMessage,
    ListedGroups,
    Outgoing,
    OutgoingMedia,
    Parsed,
    QrCode,
    SentMessage,
)
from channels_app.providers.calling import segment
from channels_app.providers.errors import ProviderError
from channels_app.providers.listing import listed_groups
from channels_app.providers.whapi import history, limits, parsing
from channels_app.providers.whapi.client import Client, as_object
from channels_app.providers.whapi.composing import endpoint_and_body
from channels_app.providers.whapi.parsing.chats import group_values
from channels_app.providers.whapi.parsing.connection import health_of
from channels_app.providers.whapi.parsing.reading import (
    integer,
    is_conversation,
    mapping,
    message_id,
    moment,
    sequence,
    text,
)
from channels_app.providers.whapi.parsing.reading import wa_id as normal_wa_id

WEBHOOK_EVENTS = [
    {"type": kind, "method": method}
    for kind, methods in (
        ("messages", ("post", "put", "patch", "delete")),
        ("statuses", ("post", "put")),
        ("chats", ("post", "put", "patch", "delete")),
        ("contacts", ("post", "patch")),
        ("groups", ("post", "put", "patch")),
        ("presences", ("post",)),
        ("calls", ("post",)),
        ("channel", ("post", "patch")),
        ("users", ("post", "delete")),
        ("service", ("post",)),
    )
    for method in methods
]
"""Named one by one, because the provider's default list holds retired names."""

WEBHOOK_PATH = "/api/webhooks/whapi/"


class WhapiAdapter:
    """Whapi has no idempotency key: a send that got no answer may have been done."""

    def send(self, credentials: Credentials, message: Outgoing, *, deadline: float) -> SentMessage:
        client = Client(credentials, deadline)
        endpoint_and_body(message, "checked-0")  # what is impossible is refused before a file travels
        media_id = self._uploaded(client, message.media) if message.media else ""
        path, body = endpoint_and_body(message, media_id)
        return _sent(client.act("POST", path, body))

    def edit(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, text: str, *, deadline: float
    ) -> SentMessage:
        """Repeating an edit does no harm, but the outcome is told as it is."""
        body = {"to": wa_chat_id, "body": text, "edit": wa_message_id}
        return _sent(Client(credentials, deadline).act("POST", "/messages/text", body))

    def revoke(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
        Client(credentials, deadline).act("DELETE", f"/messages/{segment(wa_message_id)}")

    def react(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, emoji: str, *, deadline: float
    ) -> None:
        path = f"/messages/{segment(wa_message_id)}/reaction"
        client = Client(credentials, deadline)
        if emoji:
            client.act("PUT", path, {"emoji": emoji})
        else:
            client.act("DELETE", path)

    def mark_read(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
        Client(credentials, deadline).act("PUT", f"/messages/{segment(wa_message_id)}")

    def show_typing(
        self, credentials: Credentials, wa_chat_id: str, last_inbound_wa_id: str, *, deadline: float
    ) -> None:
        path = f"/presences/{segment(wa_chat_id)}"
        Client(credentials, deadline).act("PUT", path, {"presence": "typing"}, repeatable=True)

    def history(
        self, credentials: Credentials, wa_chat_id: str, *, since: datetime, from_me: bool | None, deadline: float
    ) -> list[InboundMessage]:
        """Oldest first. A chat that the provider does not know has no history."""
        return history.listed(Client(credentials, deadline), f"/messages/list/{segment(wa_chat_id)}", since, from_me)

    def recent(self, credentials: Credentials, *, since: datetime, deadline: float) -> list[InboundMessage]:
        found = history.listed(Client(credentials, deadline), "/messages/list", since, None)
        return [message for message in found if is_conversation(message.wa_chat_id)]

    def fetch_media(
        self, credentials: Credentials, media: InboundMedia, path: str, *, limit_bytes: int, deadline: float
    ) -> FetchedMedia:
        """By id; by link where there is no id or the provider has lost the file. Leaves no half file behind."""
        client = Client(credentials, deadline)
        with files.whole(path) as sink:
            answer = _media_answer(client, media, sink, limit_bytes)
        return FetchedMedia(mime_type=answer.headers.get("Content-Type", "") or media.mime_type, size=answer.size)

    def health(self, credentials: Credentials, *, deadline: float) -> Health:
        """Asks without waking: the default would start a channel that was stopped on purpose."""
        found = health_of(as_object(Client(credentials, deadline).get_small("/health", wakeup="false")))
        if found is None:
            raise ProviderError("unreadable_answer", "Whapi reports a state of the channel that Waybill does not know.")
        return found

    def qr_code(self, credentials: Credentials, *, deadline: float) -> QrCode:
        try:
            answer = as_object(Client(credentials, deadline).get_small("/users/login", wakeup="true"))
        except ProviderError as error:
            if error.http_status == 409:
                return QrCode("already_connected")
            if error.http_status == 406:
                return QrCode("unavailable")
            raise
        image = _png_data_uri(answer)
        if image:
            return QrCode("ready", image, integer(answer, "expire"))
        return QrCode("unavailable" if text(answer, "status", 20) == "ERROR" else "pending")

    def pairing_code(self, credentials: Credentials, phone_number: str, *, deadline: float) -> str:
        digits = "".join(c for c in phone_number if c in "0123456789")
        if not 7 <= len(digits) <= 15:
            raise ProviderError("invalid_recipient", "The phone number needs 7 to 15 digits.", permanent=True)
        answer = as_object(Client(credentials, deadline).get_small(f"/users/login/{digits}"))
        code = text(answer, "code", 40)
        if not code:
            raise ProviderError("unreadable_answer", "Whapi gave no pairing code. Try again.")
        return code

    def log_out(self, credentials: Credentials, *, deadline: float) -> None:
        try:
            Client(credentials, deadline).act("POST", "/users/logout", repeatable=True)
        except ProviderError as error:
            if error.http_status != 409:  # logged out already
                raise

    def register_webhook(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> None:
        """Adds ours to the channel's webhooks and takes our older ones away; those of other programs stay.

        The provider replaces the whole list at once, drops events without `callback_persist`, and was seen to lose
        both after a ban: register again after every new link.
        """
        client = Client(credentials, deadline)
        ours = {
            "url": url,
            "mode": "body",
            "events": WEBHOOK_EVENTS,
            "headers": {"X-Webhook-Secret": secret},
        }
        kept = [hook for hook in _webhooks(as_object(client.get_small("/settings"))) if not _is_ours(hook, url)]
        settings = {
            "callback_persist": True,
            "callback_backoff_delay_ms": limits.BACKOFF_MS,
            "max_callback_backoff_delay_ms": limits.MOST_BACKOFF_MS,
            "webhooks": [*kept, ours],
        }
        answer = client.act("PATCH", "/settings", settings, repeatable=True)
        after = mapping(answer, "after_update")
        if after and all(hook.get("url") != url for hook in _webhooks(after)):
            raise ProviderError("webhook_not_registered", "Whapi did not keep the webhook.", permanent=True)

    def webhook_is_registered(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> bool:
        settings = as_object(Client(credentials, deadline).get_small("/settings"))
        wanted = {(event["type"], event["method"]) for event in WEBHOOK_EVENTS}
        return settings.get("callback_persist") is True and any(
            hook.get("url") == url
            and mapping(hook, "headers").get("X-Webhook-Secret", secret) == secret
            and wanted <= {(text(event, "type", 40), text(event, "method", 10)) for event in _objects(hook, "events")}
            for hook in _webhooks(settings)
        )

    def leave(self, credentials: Credentials, url: str, *, deadline: float) -> None:
        client = Client(credentials, deadline)
        there = _webhooks(as_object(client.get_small("/settings")))
        kept = [hook for hook in there if not _is_ours(hook, url)]
        if kept != there:
            client.act("PATCH", "/settings", {"webhooks": kept}, repeatable=True)

    def restart(self, credentials: Credentials, *, deadline: float) -> None:
        """Asking for the health with `wakeup` starts a channel that sleeps or has lost its connection."""
        Client(credentials, deadline).get_small("/health", wakeup="true")

    def groups(self, credentials: Credentials, *, deadline: float) -> ListedGroups:
        client = Client(credentials, deadline)

        def page_of(offset: int) -> list[Any]:
            return sequence(as_object(client.get("/groups", count=limits.GROUPS_PAGE, offset=offset)), "groups")

        def read(entry: Any) -> Iterable[InboundGroup]:
            return (value for value in group_values(entry) if isinstance(value, InboundGroup))

        return listed_groups(page_of, read, page_size=limits.GROUPS_PAGE, pages=limits.GROUPS_PAGES)

    def parse(self, *, method: str, suffix: str, body: bytes) -> Parsed:
        return parsing.parse(method=method, suffix=suffix, body=body)

    def _uploaded(self, client: Client, media: OutgoingMedia) -> str:
        """The provider's id of the file: uploaded first, so that only the small second request can be uncertain."""
        with files.opened(media) as file:
            if media.mime_type.split(";")[0].strip() in limits.RAW_UPLOAD_TYPES:
                answer = client.upload(file, media.mime_type)
            else:
                encoded = base64.b64encode(file.read()).decode()
                uri = f"data:{media.mime_type};base64,{encoded}"
                answer = client.act("POST", "/media", {"media": uri}, repeatable=True)
        found = next((m for m in sequence(answer, "media") if isinstance(m, dict)), {})
        media_id = text(found, "id", 300)
        if not media_id:
            raise ProviderError("unreadable_answer", "Whapi took the file but gave no id for it.")
        return media_id


def _sent(answer: dict[str, Any]) -> SentMessage:
    """`sent: false` was not sent; a success without an id leaves it open what happened."""
    if answer.get("sent") is False:
        raise ProviderError("not_sent", "Whapi says that the message was not sent.", http_status=200)
    message = mapping(answer, "message")
    wa_message_id = message_id(message, "id")
    if not wa_message_id:
        raise ProviderError(
            "no_message_id", "Whapi accepted the message but gave no id.", outcome_unknown=True, http_status=200
        )
    return SentMessage(wa_message_id, moment(message), normal_wa_id(message.get("chat_id")))


def _media_answer(client: Client, media: InboundMedia, sink: BinaryIO, limit_bytes: int) -> Any:
    if media.provider_media_id:
        try:
            return client.download(f"/media/{segment(media.provider_media_id)}", sink, limit_bytes)
        except ProviderError as error:
            if error.code != "not_found":
                raise
            if not media.link:
                raise ProviderError(
                    "media_gone", "Whapi no longer has the file; it keeps files for 30 days.", permanent=True
                ) from error
            sink.seek(0)
            sink.truncate()
    if not media.link:
        raise ProviderError("media_gone", "Whapi named no file to fetch.", permanent=True)
    return client.fetch_link(media.link, sink, limit_bytes)


def _png_data_uri(answer: dict[str, Any]) -> str | None:
    """The image may come with or without its data prefix, or only as the text to draw."""
    image = text(answer, "base64", 1_000_000)
    if image:
        return image if image.startswith("data:") else f"data:image/png;base64,{image}"
    rowdata = text(answer, "rowdata", 2000)
    if not rowdata:
        return None
    drawn = BytesIO()
    segno.make(rowdata, error="l").save(drawn, kind="png", scale=5)
    return "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()


def _webhooks(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return _objects(settings, "webhooks")


def _objects(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [one for one in sequence(data, key) if isinstance(one, dict)]


def _is_ours(hook: dict[str, Any], url: str) -> bool:
    """The same address, or the same channel of ours under another public URL."""
    there = text(hook, "url", 2000)
    return there == url or (WEBHOOK_PATH in url and there.endswith(WEBHOOK_PATH + url.split(WEBHOOK_PATH)[-1]))
