"""WAHA's routes: method and path to deed. What is not here answers 404 as WAHA does."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from channels_app.providers.simulating.exchange import Done, File, Refusal, Request
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.waha.simulator import payloads
from channels_app.providers.waha.simulator.linking import Linking
from channels_app.providers.waha.simulator.sending import REQUIRED, Sending, bare, working
from channels_app.providers.waha.simulator.state import Session, State, nest_error

NAME = re.compile(r"[A-Za-z0-9_-]{1,54}")
Deed = Callable[..., Any]


class Api:
    """Answers as WAHA. Raises Refusal."""

    def __init__(self, state: State, sending: Sending, linking: Linking, base_url: Callable[[], str]):
        self._state = state
        self._sending = sending
        self._linking = linking
        self._base_url = base_url
        self._routes: list[tuple[str, re.Pattern[str], Deed]] = [
            (method, re.compile(pattern), deed) for method, pattern, deed in self._table()
        ]

    def _table(self) -> list[tuple[str, str, Deed]]:
        one = r"/api/sessions/([^/]+)"
        message = r"/api/([^/]+)/chats/([^/]+)/messages/([^/]+)"
        return [
            ("POST", rf"/api/({'|'.join(REQUIRED)})", self._send),
            ("POST", r"/api/sendSeen", self._seen),
            ("POST", r"/api/(start|stop)Typing", self._typing),
            ("PUT", r"/api/reaction", self._react),
            ("GET", message, self._message),
            ("PUT", message, self._edit),
            ("DELETE", message, self._revoke),
            ("GET", r"/api/([^/]+)/chats/([^/]+)/messages", self._history),
            ("GET", r"/api/sessions", lambda r, rule: [s.info() for s in self._state.sessions.values()]),
            ("POST", r"/api/sessions", self._make),
            ("GET", one, lambda r, rule, name: self._state.session(name).info()),
            ("PUT", one, self._change),
            ("DELETE", one, self._delete),
            ("POST", rf"{one}/(start|stop|restart|logout)", self._step),
            ("GET", r"/api/([^/]+)/auth/qr", self._qr),
            ("POST", r"/api/([^/]+)/auth/request-code", self._pairing_code),
            ("GET", r"/api/([^/]+)/groups", self._groups),
            ("GET", r"/api/([^/]+)/groups/([^/]+)", self._group),
            ("GET", r"/api/files/([^/]+)/([^/]+)", self._file),
        ]

    def serve(self, request: Request, rule: Rule) -> Done:
        if not request.headers.get("x-api-key") or request.headers["x-api-key"].startswith("bad"):
            raise Refusal(401, "", body={"message": "Unauthorized", "statusCode": 401})
        for method, pattern, deed in self._routes:
            found = pattern.fullmatch(request.path) if method == request.method else None
            if found:
                result = deed(request, rule, *map(unquote, found.groups()))
                return result if isinstance(result, Done) else Done(result)
        raise Refusal(404, "", body=nest_error(404, f"Cannot {request.method} {request.path}"))

    # --- Messages ---

    def _send(self, request: Request, rule: Rule, endpoint: str) -> Done:
        data = _object(request)
        return self._sending.send(self._state.session(str(data.get("session", ""))), endpoint, data, rule)

    def _seen(self, request: Request, rule: Rule) -> Done:
        data = _object(request)
        session = self._state.session(str(data.get("session", "")))
        return self._sending.seen(session, [str(i) for i in data.get("messageIds", [])], rule)

    def _typing(self, request: Request, rule: Rule, step: str) -> Any:
        working(self._state.session(str(_object(request).get("session", ""))))
        return {"result": True}

    def _react(self, request: Request, rule: Rule) -> Done:
        data = _object(request)
        session = self._state.session(str(data.get("session", "")))
        return self._sending.react(session, str(data["messageId"]), str(data.get("reaction", "")), rule)

    def _message(self, request: Request, rule: Rule, name: str, chat: str, message_id: str) -> Any:
        session = self._state.session(name)
        working(session)
        found = session.messages.get(bare(message_id))
        if found is None:
            raise Refusal(404, "", body=nest_error(404, "Message not found"))
        if request.query.get("downloadMedia") == "true" and found["hasMedia"]:
            return {**found, "media": self._downloaded(session, found)}
        return found

    def _downloaded(self, session: Session, found: dict[str, Any]) -> Any:
        message_id = found["_data"]["Info"]["ID"]
        file = next((f for f in session.files.values() if f.id.startswith(f"{message_id}.")), None)
        return payloads.file_media(session, file, self._base_url()) if file else None

    def _edit(self, request: Request, rule: Rule, name: str, chat: str, message_id: str) -> Done:
        return self._sending.edit(self._state.session(name), message_id, str(_object(request).get("text", "")), rule)

    def _revoke(self, request: Request, rule: Rule, name: str, chat: str, message_id: str) -> Done:
        return self._sending.revoke(self._state.session(name), message_id, rule)

    def _history(self, request: Request, rule: Rule, name: str, chat: str) -> Any:
        """Newest first, unless sortOrder=asc; files are not downloaded again."""
        session, query = self._state.session(name), request.query
        working(session)
        since, until = float(query.get("filter.timestamp.gte", 0)), float(query.get("filter.timestamp.lte", "inf"))
        from_me = {"true": True, "false": False}.get(query.get("filter.fromMe", ""))
        both = {chat, session.lids.get(payloads.digits(chat), chat)}
        with self._state.lock:
            known = list(session.messages.values())
        found = [
            {**message, "media": None}
            for message in known
            if (chat == "all" or message["from"] in both)
            and since <= message["timestamp"] <= until
            and from_me in (None, message["fromMe"])
        ]
        found.sort(key=lambda message: message["timestamp"], reverse=query.get("sortOrder", "desc") == "desc")
        offset = int(query.get("offset", 0))
        return found[offset : offset + int(query["limit"])]

    # --- Sessions ---

    def _make(self, request: Request, rule: Rule) -> Any:
        data = _object(request)
        name = str(data.get("name", "default"))
        if not NAME.fullmatch(name):
            raise Refusal(400, "", body=nest_error(400, ["name must match /^[a-zA-Z0-9_-]*$/"]))
        if self._state.find(name) is not None:
            said = f"Session '{name}' already exists. Use PUT to update it."
            raise Refusal(422, "", body=nest_error(422, said))
        session = self._state.add(name, status="STOPPED", linked=False, config=data.get("config") or {})
        if data.get("start", True):
            self._linking.start(session)
        self._state.save()
        return session.info()

    def _change(self, request: Request, rule: Rule, name: str) -> Any:
        """The whole configuration is replaced, and a session that runs is started again."""
        session = self._state.session(name)
        session.config = _object(request).get("config") or {}
        if session.status != "STOPPED":
            self._linking.restart(session)
        self._state.save()
        return session.info()

    def _delete(self, request: Request, rule: Rule, name: str) -> Any:
        self._state.session(name)
        self._state.sessions.pop(name, None)
        self._state.save()
        return {}

    def _step(self, request: Request, rule: Rule, name: str, step: str) -> Any:
        session = self._state.session(name)
        {
            "start": self._linking.start,
            "stop": lambda s: self._linking.become(s, "STOPPED"),
            "restart": self._linking.restart,
            "logout": self._linking.log_out,
        }[step](session)
        self._state.save()
        return session.info()

    def _qr(self, request: Request, rule: Rule, name: str) -> Any:
        found = self._linking.qr(self._state.session(name), raw=request.query.get("format") == "raw")
        return found

    def _pairing_code(self, request: Request, rule: Rule, name: str) -> Any:
        return self._linking.pairing_code(self._state.session(name), str(_object(request).get("phoneNumber", "")))

    # --- Groups and files ---

    def _groups(self, request: Request, rule: Rule, name: str) -> Any:
        session = self._state.session(name)
        working(session)
        limit, offset = int(request.query.get("limit", 100)), int(request.query.get("offset", 0))
        return list(session.groups.values())[offset : offset + limit]

    def _group(self, request: Request, rule: Rule, name: str, group_id: str) -> Any:
        session = self._state.session(name)
        working(session)
        if group_id not in session.groups:
            raise Refusal(404, "", body=nest_error(404, "Group not found"))
        return session.groups[group_id]

    def _file(self, request: Request, rule: Rule, name: str, file_id: str) -> File:
        session = self._state.session(name)
        if file_id not in session.files:
            error = {"code": 404, "key": "FILE_NOT_FOUND", "message": "File not found"}
            raise Refusal(404, "", body={"error": error})
        return session.files[file_id]


def _object(request: Request) -> dict[str, Any]:
    try:
        value = request.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refusal(400, "", body=nest_error(400, "Unexpected token in JSON"))
    return value
