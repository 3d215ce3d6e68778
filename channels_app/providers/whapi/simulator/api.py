"""The provider's routes: method and path to deed. What is not here answers 404 as the provider does."""

import copy
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from channels_app.providers.simulating.exchange import Done, File, Refusal, Request
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.simulating.webhooks import Event, Webhooks
from channels_app.providers.whapi.simulator import payloads
from channels_app.providers.whapi.simulator.customers import new_group, new_group_id
from channels_app.providers.whapi.simulator.linking import Linking
from channels_app.providers.whapi.simulator.sending import REQUIRED, Sending
from channels_app.providers.whapi.simulator.state import DEFAULT_SETTINGS, Channel, State

EVENT_TYPES = {
    "messages": ("post", "put", "patch", "delete"),
    "statuses": ("post", "put"),
    "chats": ("post", "put", "patch", "delete"),
    "contacts": ("post", "patch"),
    "groups": ("post", "put", "patch"),
    "presences": ("post",),
    "channel": ("post", "patch"),
    "users": ("post", "delete"),
    "labels": ("post", "delete"),
    "calls": ("post",),
    "service": ("post",),
}


Deed = Callable[..., Any]


class Api:
    """Answers as the provider. Raises Refusal."""

    def __init__(self, state: State, webhooks: Webhooks, sending: Sending, linking: Linking):
        self._state = state
        self._webhooks = webhooks
        self._sending = sending
        self._linking = linking
        self._routes: list[tuple[str, re.Pattern[str], Deed]] = [
            (method, re.compile(pattern), deed) for method, pattern, deed in self._table()
        ]

    def _table(self) -> list[tuple[str, str, Deed]]:
        types = "|".join(REQUIRED)
        return [
            ("POST", rf"/messages/({types})", self._send),
            ("GET", r"/messages/list(?:/(.+))?", self._list),
            ("PUT", r"/messages/([^/]+)/reaction", self._react),
            ("DELETE", r"/messages/([^/]+)/reaction", self._unreact),
            ("GET", r"/messages/([^/]+)", self._message),
            ("PUT", r"/messages/([^/]+)", lambda c, r, rule, i: self._sending.mark_read(c, i, rule)),
            ("DELETE", r"/messages/([^/]+)", lambda c, r, rule, i: self._sending.delete(c, i, rule)),
            ("GET", r"/health", self._health),
            ("GET", r"/settings", lambda c, r, rule: c.settings),
            ("PATCH", r"/settings", self._change_settings),
            ("DELETE", r"/settings", self._reset_settings),
            ("GET", r"/settings/events", self._event_types),
            ("GET", r"/users/login", lambda c, r, rule: self._linking.qr(c)),
            ("GET", r"/users/login/rowdata", lambda c, r, rule: self._linking.qr(c, raw=True)),
            ("GET", r"/users/login/(\d+)", lambda c, r, rule, number: self._linking.pairing_code(c, number)),
            ("POST", r"/users/logout", self._log_out),
            ("GET", r"/users/profile", lambda c, r, rule: c.user()),
            ("GET", r"/groups", self._groups),
            ("POST", r"/groups", self._new_group),
            ("GET", r"/groups/([^/]+)", self._group),
            ("POST", r"/media", self._upload),
            ("GET", r"/media/([^/]+)", self._file),
            ("DELETE", r"/media/([^/]+)", lambda c, r, rule, i: {"success": c.files.pop(i, None) is not None}),
            ("PUT", r"/presences/([^/]+)", lambda c, r, rule, who: {"success": True}),
            ("POST", r"/contacts", self._check_contacts),
            ("HEAD", r"/contacts/([^/]+)", lambda c, r, rule, who: {}),
            ("GET", r"/limits", lambda c, r, rule: {"messages": 150, "chats": [], "checks": 30, "requests": 1000}),
        ]

    def channel(self, request: Request) -> Channel:
        """The token's channel. A new token becomes known with its settings, unless it starts with `bad`.

        In the demo such a channel waits for its QR code to be scanned.
        """
        token = token_of(request)
        channel = self._state.known(token)
        if channel is None and token and not token.startswith("bad") and request.path == "/settings":
            channel = self._state.add(token, state="QR" if self._state.options.demo else "AUTH")
        if channel is None:
            raise Refusal(404, "Channel not found")
        return channel

    def serve(self, channel: Channel, request: Request, rule: Rule) -> Done:
        for method, pattern, deed in self._routes:
            found = pattern.fullmatch(request.path) if method == request.method else None
            if found:
                result = deed(channel, request, rule, *map(_unquoted, found.groups()))
                return result if isinstance(result, Done) else Done(result)
        raise Refusal(404, f"{request.path} not found")

    # --- Messages ---

    def _send(self, channel: Channel, request: Request, rule: Rule, type: str) -> Done:
        return self._sending.send(channel, type, _json(request), rule)

    def _react(self, channel: Channel, request: Request, rule: Rule, message_id: str) -> Done:
        return self._sending.react(channel, message_id, str(_json(request).get("emoji", "")), rule)

    def _unreact(self, channel: Channel, request: Request, rule: Rule, message_id: str) -> Done:
        return self._sending.react(channel, message_id, "", rule)

    def _message(self, channel: Channel, request: Request, rule: Rule, message_id: str) -> Any:
        if message_id not in channel.messages:
            raise Refusal(404, "specified message not found")
        return channel.messages[message_id]

    def _list(self, channel: Channel, request: Request, rule: Rule, chat_id: str | None) -> Any:
        """Newest first, unless sort=asc."""
        query = request.query
        count, offset = int(query.get("count", 100)), int(query.get("offset", 0))
        since, until = float(query.get("time_from", 0)), float(query.get("time_to", "inf"))
        from_me = {"true": True, "false": False}.get(query.get("from_me", ""))
        with self._state.lock:
            messages = list(channel.messages.values())
        found = [
            message
            for message in messages
            if chat_id in (None, message["chat_id"])
            and since <= message["timestamp"] <= until
            and from_me in (None, message["from_me"])
        ]
        found.sort(key=lambda message: message["timestamp"], reverse=query.get("sort", "desc") == "desc")
        page = found[offset : offset + count]
        return {"messages": page, "count": len(page), "total": len(found), "offset": offset}

    # --- Channel ---

    def _health(self, channel: Channel, request: Request, rule: Rule) -> Any:
        if request.query.get("wakeup", "true") == "true":
            self._linking.wake(channel)
        return channel.health()

    def _change_settings(self, channel: Channel, request: Request, rule: Rule) -> Any:
        """Fields that are absent stay; `webhooks` is replaced as a whole."""
        values = _json(request)
        if not isinstance(values, dict):
            raise Refusal(400, "Wrong settings format")
        before = copy.deepcopy(channel.settings)
        channel.settings.update(values)
        self._state.save()
        changes = [name for name in values if before.get(name) != values[name]]
        return {"before_update": before, "after_update": channel.settings, "changes": changes}

    def _reset_settings(self, channel: Channel, request: Request, rule: Rule) -> Any:
        channel.settings = copy.deepcopy(DEFAULT_SETTINGS)
        self._state.save()
        return {"success": True}

    def _event_types(self, channel: Channel, request: Request, rule: Rule) -> Any:
        return [{"type": t, "method": m} for t, methods in EVENT_TYPES.items() for m in methods]

    def _log_out(self, channel: Channel, request: Request, rule: Rule) -> Any:
        self._linking.log_out(channel)
        self._state.save()
        return {"success": True}

    # --- Groups, contacts, files ---

    def _groups(self, channel: Channel, request: Request, rule: Rule) -> Any:
        count, offset = int(request.query.get("count", 100)), int(request.query.get("offset", 0))
        groups = [{**g, "participants_count": len(g["participants"])} for g in channel.groups.values()]
        page = groups[offset : offset + count]
        return {"groups": page, "count": len(page), "total": len(groups), "offset": offset}

    def _group(self, channel: Channel, request: Request, rule: Rule, group_id: str) -> Any:
        if group_id not in channel.groups:
            raise Refusal(404, "specified group not found")
        return channel.groups[group_id]

    def _new_group(self, channel: Channel, request: Request, rule: Rule) -> Any:
        values = _json(request)
        group = new_group(new_group_id(), str(values.get("subject", "")))
        people = [{"id": payloads.digits(str(p)), "rank": "member"} for p in values.get("participants", [])]
        group["participants"] = [{"id": channel.number, "rank": "creator"}, *people]
        channel.groups[group["id"]] = group
        self._state.save()
        self._webhooks.tell(channel, [Event("groups", "post", "groups", [group])], rule.webhooks)
        return {**group, "unprocessed_participants": []}

    def _check_contacts(self, channel: Channel, request: Request, rule: Rule) -> Any:
        answers = []
        for number in _json(request).get("contacts", []):
            plain = re.sub(r"\D", "", str(number))
            valid = 9 <= len(plain) <= 15
            found = {"status": "valid", "wa_id": plain} if valid else {"status": "invalid"}
            answers.append({"input": number, **found})
        return {"contacts": answers}

    def _upload(self, channel: Channel, request: Request, rule: Rule) -> Any:
        mime_type = request.headers.get("content-type", "application/octet-stream")
        if mime_type == "application/json":
            media = _json(request).get("media", "")
            return {"media": [{"id": self._sending.file(channel, media, "", "").id}]}
        if not request.body:
            raise Refusal(400, "wrong request parameters", "/body/media must have required property 'media'")
        return {"media": [{"id": self._state.keep_file(channel, mime_type, request.body).id}]}

    def _file(self, channel: Channel, request: Request, rule: Rule, file_id: str) -> File:
        if file_id not in channel.files:
            raise Refusal(404, "specified media not found")
        return channel.files[file_id]


def token_of(request: Request) -> str:
    """In the header, or in the query: the second form is documented but said to be going away."""
    return request.bearer or request.query.get("token", "")


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise Refusal(400, "wrong request parameters", "body must be JSON") from None


def _unquoted(value: str | None) -> str | None:
    return value if value is None else unquote(value)
