"""Keeps the promise of providers/base.Adapter for WAHA. Source of facts: README.md beside this file."""

import contextlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from channels_app.providers.base import (
    Credentials,
    FetchedMedia,
    Health,
    InboundGroup,
    InboundMedia,
    InboundMessage,
    ListedGroups,
    Outgoing,
    Parsed,
    QrCode,
    SentMessage,
)
from channels_app.providers.calling import segment
from channels_app.providers.errors import ProviderError
from channels_app.providers.files import whole
from channels_app.providers.listing import listed_groups
from channels_app.providers.reading import mapping, moment, sequence, text
from channels_app.providers.waha import files, finding, history, limits, parsing, sessions
from channels_app.providers.waha.client import Client, as_list, as_object
from channels_app.providers.waha.composing import endpoint_and_body
from channels_app.providers.waha.ids import Key, id_of, key_of, long_id, theirs
from channels_app.providers.waha.parsing.connection import PASSKEY, PASSKEY_CODE, health_of, state_of
from channels_app.providers.waha.parsing.groups import group_of
from channels_app.providers.waha.parsing.told import told
from channels_app.states import ChannelStatus


class WahaAdapter:
    """The newest engines take a message id from the caller, but nobody promises that a second one is dropped."""

    # --- Messages ---

    def send(self, credentials: Credentials, message: Outgoing, *, deadline: float) -> SentMessage:
        client = Client(credentials, deadline)
        endpoint_and_body(message)  # what is impossible is refused before anything is read or asked
        data = files.base64_of(message.media) if message.media else ""
        path, body = endpoint_and_body(message, data, finding.quoted(client, message))
        answer = client.ask("POST", path, {"session": client.session, **body})
        return _sent(answer, message.to)

    def edit(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, text: str, *, deadline: float
    ) -> SentMessage:
        """The answer names the edit, not the message; the id stays the message's."""
        client = Client(credentials, deadline)
        target = finding.ours(client, wa_chat_id, wa_message_id)
        client.act("PUT", client.at(finding.path_of(wa_chat_id, target)), {"text": text})
        return SentMessage(wa_message_id, None, wa_chat_id)

    def revoke(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
        client = Client(credentials, deadline)
        target = finding.ours(client, wa_chat_id, wa_message_id)
        client.act("DELETE", client.at(finding.path_of(wa_chat_id, target)))

    def react(
        self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, emoji: str, *, deadline: float
    ) -> None:
        client = Client(credentials, deadline)
        target = finding.anybodys(client, wa_chat_id, wa_message_id)
        client.act("PUT", "/api/reaction", {"session": client.session, "messageId": target, "reaction": emoji})

    def mark_read(self, credentials: Credentials, wa_chat_id: str, wa_message_id: str, *, deadline: float) -> None:
        """In a group the receipt must name the author, whom only a look-up tells."""
        client = Client(credentials, deadline)
        in_group = wa_chat_id.endswith("@g.us")
        target = (
            finding.anybodys(client, wa_chat_id, wa_message_id)
            if in_group
            else long_id(Key(wa_message_id, wa_chat_id, from_me=False))
        )
        seen: dict[str, Any] = {"session": client.session, "chatId": theirs(wa_chat_id), "messageIds": [target]}
        if in_group and (key := key_of(target)) and key.participant:
            seen["participant"] = theirs(key.participant)
        client.act("POST", "/api/sendSeen", seen, repeatable=True)

    def show_typing(
        self, credentials: Credentials, wa_chat_id: str, last_inbound_wa_id: str, *, deadline: float
    ) -> None:
        """WhatsApp takes it back by itself after some seconds, or with the next message."""
        client = Client(credentials, deadline)
        typing = {"session": client.session, "chatId": theirs(wa_chat_id)}
        client.act("POST", "/api/startTyping", typing, repeatable=True)

    def history(
        self, credentials: Credentials, wa_chat_id: str, *, since: datetime, from_me: bool | None, deadline: float
    ) -> list[InboundMessage]:
        """Oldest first. A chat that WAHA does not know has no history.

        WAHA may list a person's two chats, by number and by hidden id, as one: all is told of the chat asked for.
        """
        path = f"/chats/{segment(theirs(wa_chat_id))}/messages"
        found = history.listed(Client(credentials, deadline), path, since, from_me)
        return [replace(message, wa_chat_id=wa_chat_id) for message in found]

    def recent(self, credentials: Credentials, *, since: datetime, deadline: float) -> list[InboundMessage]:
        return history.listed(Client(credentials, deadline), "/chats/all/messages", since, None)

    def fetch_media(
        self, credentials: Credentials, media: InboundMedia, path: str, *, limit_bytes: int, deadline: float
    ) -> FetchedMedia:
        """By its address; when WAHA has deleted the file, after letting WAHA download it again. Leaves no half file."""
        client = Client(credentials, deadline)
        with whole(path) as sink:
            answer = files.fetched(client, media, sink, limit_bytes)
        return FetchedMedia(mime_type=answer.headers.get("Content-Type", "") or media.mime_type, size=answer.size)

    # --- The session ---

    def health(self, credentials: Credentials, *, deadline: float) -> Health:
        session = self._session(Client(credentials, deadline))
        if session is None:
            return Health(ChannelStatus.DISCONNECTED.value, "WAHA has no session of this name. Connect to make it.")
        found = health_of(session)
        if found is None:
            raise ProviderError("unreadable_answer", "WAHA reports a state of the session that Waybill does not know.")
        return found

    def qr_code(self, credentials: Credentials, *, deadline: float) -> QrCode:
        """Makes and starts the session where that is needed; for one that failed, see `_started`."""
        client = Client(credentials, deadline)
        state = self._started(client)
        if state == "WORKING":
            return QrCode("already_connected")
        if state == "PASSKEY_REQUIRED":
            return QrCode("passkey", detail=PASSKEY)
        if state == "PASSKEY_CONFIRMATION_REQUIRED":
            return QrCode("passkey", detail=PASSKEY_CODE)
        if state != "SCAN_QR_CODE":
            return QrCode("pending")
        try:
            return QrCode("ready", client.picture(client.at("/auth/qr?format=image")), limits.QR_SECONDS)
        except ProviderError as error:
            if error.http_status == 422:  # it went on meanwhile
                return QrCode("pending")
            raise

    def pairing_code(self, credentials: Credentials, phone_number: str, *, deadline: float) -> str:
        digits = "".join(c for c in phone_number if c in "0123456789")
        if not 7 <= len(digits) <= 15:
            raise ProviderError("invalid_recipient", "The phone number needs 7 to 15 digits.", permanent=True)
        client = Client(credentials, deadline)
        if self._started(client) not in ("SCAN_QR_CODE", "STARTING"):
            raise ProviderError("not_ready", "WAHA is starting the session. Try again in a few seconds.")
        answer = client.act("POST", client.at("/auth/request-code"), {"phoneNumber": digits}, repeatable=True)
        code = text(answer, "code", 40) if isinstance(answer, dict) else ""
        if not code:
            raise ProviderError("unreadable_answer", "WAHA gave no pairing code. Try again.")
        return code

    def log_out(self, credentials: Credentials, *, deadline: float) -> None:
        client = Client(credentials, deadline)
        with _without_a_session():
            client.act("POST", f"{client.session_path}/logout", repeatable=True)

    def restart(self, credentials: Credentials, *, deadline: float) -> None:
        client = Client(credentials, deadline)
        client.act("POST", f"{client.session_path}/restart", repeatable=True)

    def register_webhook(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> None:
        """Makes the session where there is none. One that has our webhook is left alone, because WAHA restarts a
        session whose configuration changes."""
        client = Client(credentials, deadline)
        session = self._session(client)
        if session is None:
            config = sessions.with_webhook(sessions.NEW_SESSION, url, secret)
            session = as_object(self._make(client, config, start=False))
        elif not sessions.has_webhook(mapping(session, "config"), url, secret):
            config = sessions.with_webhook(mapping(session, "config"), url, secret)
            session = as_object(client.act("PUT", client.session_path, {"config": config}, repeatable=True))
        if not sessions.has_webhook(mapping(session, "config"), url, secret):
            raise ProviderError("webhook_not_registered", "WAHA did not keep the webhook.", permanent=True)

    def webhook_is_registered(self, credentials: Credentials, url: str, secret: str, *, deadline: float) -> bool:
        session = self._session(Client(credentials, deadline))
        return session is not None and sessions.has_webhook(mapping(session, "config"), url, secret)

    def leave(self, credentials: Credentials, url: str, *, deadline: float) -> None:
        """A session to which nobody else listens is stopped: the phone stays linked, the next start needs no code."""
        client = Client(credentials, deadline)
        session = self._session(client)
        if session is None:
            return
        before = mapping(session, "config")
        config = sessions.without_webhook(before, url)
        if not config["webhooks"]:
            client.act("POST", f"{client.session_path}/stop", repeatable=True)
        if config["webhooks"] != sequence(before, "webhooks"):
            client.act("PUT", client.session_path, {"config": config}, repeatable=True)

    def groups(self, credentials: Credentials, *, deadline: float) -> ListedGroups:
        client = Client(credentials, deadline)
        around = told(self._session(client) or {})

        def page_of(offset: int) -> list[Any]:
            answer = client.get(client.at("/groups"), limit=limits.GROUPS_PAGE, offset=offset)
            return list(answer.values()) if isinstance(answer, dict) else as_list(answer)  # by id in some engines

        def read(entry: Any) -> list[InboundGroup]:
            return [group_of(entry if isinstance(entry, dict) else {}, around)]

        return listed_groups(page_of, read, page_size=limits.GROUPS_PAGE, pages=limits.GROUPS_PAGES)

    def parse(self, *, method: str, suffix: str, body: bytes) -> Parsed:
        return parsing.parse(method=method, suffix=suffix, body=body)

    # --- Steps ---

    def _session(self, client: Client) -> dict[str, Any] | None:
        try:
            return as_object(client.get_small(client.session_path))
        except ProviderError as error:
            if error.http_status == 404:
                return None
            raise

    def _started(self, client: Client) -> str:
        """The session's state in WAHA's words, after making or starting it where it does not run.

        One that failed is started again and told as an error, so that callers come back later each time: whatever made
        it fail may do so again.
        """
        session = self._session(client)
        if session is None:
            self._make(client, sessions.NEW_SESSION, start=True)
            return "STARTING"
        state = state_of(session)
        if state == "FAILED":
            client.act("POST", f"{client.session_path}/restart", repeatable=True)
            raise ProviderError("session_failed", "The session failed at WAHA, and is being started again.")
        if state == "STOPPED":
            client.act("POST", f"{client.session_path}/start", repeatable=True)
            return "STARTING"
        return state

    def _make(self, client: Client, config: dict[str, Any], *, start: bool) -> Any:
        wanted = {"name": client.session, "start": start, "config": config}
        return client.act("POST", "/api/sessions", wanted, repeatable=True)


def _sent(answer: dict[str, Any], to: str) -> SentMessage:
    """Each engine answers in its own form; a success without an id leaves it open what happened.

    The engine may have sent to the person's hidden id: the chat stays the one that was asked for.
    """
    inside = mapping(answer, "_data")
    places = (answer.get("id"), mapping(answer, "key").get("id"), inside.get("id"))
    wa_message_id = next(filter(None, map(id_of, places)), "")
    if not wa_message_id:
        detail = "WAHA accepted the message but gave no id."
        raise ProviderError("no_message_id", detail, outcome_unknown=True, http_status=201)
    return SentMessage(wa_message_id, moment(answer), to)


@contextlib.contextmanager
def _without_a_session():
    """Where a session that is not there is as good as one that was logged out."""
    try:
        yield
    except ProviderError as error:
        if error.http_status != 404:
            raise
