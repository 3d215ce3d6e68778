"""What the control API can do with sessions: add them, walk their connection, let customers act, list messages."""

from typing import Any

from channels_app.providers.simulating.control import Deed
from channels_app.providers.simulating.exchange import Refusal
from channels_app.providers.waha.simulator import payloads
from channels_app.providers.waha.simulator.customers import Customers
from channels_app.providers.waha.simulator.linking import Linking
from channels_app.providers.waha.simulator.state import Session, State

EVENTS = [
    "message.any",
    "message.ack",
    "message.ack.group",
    "message.reaction",
    "message.edited",
    "message.revoked",
    "poll.vote",
    "group.v2.join",
    "group.v2.leave",
    "group.v2.update",
    "group.v2.participants",
    "presence.update",
    "call.received",
    "session.status",
]
"""Of a webhook that says nothing of its events: all that the simulator tells, but for `message`, which would be told
twice."""

STATES = {"AUTH": "WORKING", "QR": "SCAN_QR_CODE"}
"""Words that the simulators share."""


class SessionControl:
    """The deeds that a simulator of WAHA adds to the control API."""

    def __init__(self, state: State, customers: Customers, linking: Linking):
        self._state = state
        self._customers = customers
        self._linking = linking

    def deeds(self) -> dict[tuple[str, str], Deed]:
        return {
            ("POST", "inbound"): lambda query, values: {
                "messages": self._customers.act(self._session(values), values),
            },
            ("GET", "messages"): self._messages,
            ("POST", "connection"): self._connection,
            ("GET", "channels"): lambda query, values: {"channels": self._channels()},
            ("POST", "channels"): self._add,
        }

    def _session(self, values: dict[str, Any]) -> Session:
        session = self._state.find(values.pop("channel", None))
        if session is None:
            raise Refusal(404, "there is no such session; add one with POST /_sim/channels")
        return session

    def _messages(self, query: dict[str, str], values: Any) -> Any:
        with self._state.lock:
            chosen = [self._state.find(query["channel"])] if "channel" in query else self._state.sessions.values()
            found = [m for session in chosen if session is not None for m in session.messages.values()]
        chat = payloads.chat_id_of(query["chat_id"]) if "chat_id" in query else None
        return {"messages": [m for m in found if chat in (None, m["from"])]}

    def _connection(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        session = self._session(values)
        self._linking.walk(session, values["state"], values.get("number", ""))
        return session.info()

    def _channels(self) -> list[dict[str, Any]]:
        with self._state.lock:
            return [
                {
                    "channel_id": session.name,
                    "number": session.number,
                    "name": session.push_name,
                    "state": session.status,
                    "webhooks": [{"url": hook["url"]} for hook in session.config.get("webhooks") or []],
                }
                for session in self._state.sessions.values()
            ]

    def _add(self, query: dict[str, str], values: dict[str, Any]) -> Any:
        """session (or token), and optionally webhook_url, secret, events, retries, number, name, state."""
        chosen = {"number": values["number"]} if "number" in values else {}
        if "name" in values:
            chosen["push_name"] = values["name"]
        if "state" in values:
            chosen["status"] = STATES.get(values["state"], values["state"])
            chosen["linked"] = chosen["status"] in ("WORKING", "STARTING", "STOPPED")
        session = self._state.add(values.get("session") or values["token"], **chosen)
        if "webhook_url" in values:
            hook = {"url": values["webhook_url"], "events": values.get("events", EVENTS)}
            if values.get("secret"):
                hook["hmac"] = {"key": values["secret"]}
            if "retries" in values:
                hook["retries"] = values["retries"]
            session.config = {**session.config, "webhooks": [hook]}
        self._state.save()
        return {"channel_id": session.name, "number": session.number, "state": session.status}
