"""What the control API can do with sessions: add them, walk their connection, let customers act, list messages."""

from typing import Any

from channels_app.providers.simulating.control import NumberDeeds
from channels_app.providers.waha.sessions import EVENTS
from channels_app.providers.waha.simulator import payloads
from channels_app.providers.waha.simulator.customers import Customers
from channels_app.providers.waha.simulator.linking import Linking
from channels_app.providers.waha.simulator.state import Session, State

STATES = {"AUTH": "WORKING", "QR": "SCAN_QR_CODE"}
"""Words that the simulators share."""


class SessionControl(NumberDeeds):
    """The deeds that a simulator of WAHA adds to the control API."""

    def __init__(self, state: State, customers: Customers, linking: Linking):
        super().__init__(state.find, customers)
        self._state = state
        self._linking = linking

    def messages(self, query: dict[str, str]) -> list[Any]:
        with self._state.lock:
            chosen = [self._state.find(query["channel"])] if "channel" in query else self._state.sessions.values()
            found = [m for session in chosen if session is not None for m in session.messages.values()]
        chat = payloads.chat_id_of(query["chat_id"]) if "chat_id" in query else None
        return [m for m in found if chat in (None, m["from"])]

    def walk(self, session: Session, values: dict[str, Any]) -> Any:
        self._linking.walk(session, values["state"], values.get("number", ""))
        return session.info()

    def numbers(self) -> list[dict[str, Any]]:
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

    def add(self, values: dict[str, Any]) -> Any:
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
