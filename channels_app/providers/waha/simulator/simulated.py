"""The make-believe WAHA as a whole."""

from pathlib import Path
from typing import Any

from channels_app.providers.simulating.control import Control
from channels_app.providers.simulating.exchange import Done, Request
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.server import Simulator
from channels_app.providers.simulating.talking import Reached, Talking
from channels_app.providers.waha.simulator import payloads
from channels_app.providers.waha.simulator.api import Api
from channels_app.providers.waha.simulator.control import SessionControl
from channels_app.providers.waha.simulator.customers import Customers
from channels_app.providers.waha.simulator.linking import Linking
from channels_app.providers.waha.simulator.sending import Sending
from channels_app.providers.waha.simulator.state import Session, State, nest_error
from channels_app.providers.waha.simulator.webhooks import WahaWebhooks


class WahaSimulator(Simulator):
    title = "WAHA"

    def __init__(self, port: int = 0, options: Options | None = None, state_path: Path | None = None):
        super().__init__(port, options, state_path)
        self._state = State(self.options, state_path)
        self.webhooks = WahaWebhooks(self.options, self.timetable)
        linking = Linking(self._state, self.webhooks, self.timetable)
        customers = Customers(self._state, self.webhooks, lambda: self.base_url)
        self._talking = Talking(
            self.options,
            self.timetable,
            lambda name, deed: customers.act(self._state.sessions[name], deed),
            self._linked,
        )
        sending = Sending(self._state, self.webhooks, lambda: self.base_url)
        sending.reached.append(lambda session, message: self._talking.reached(_reached(session, message)))
        self._api = Api(self._state, sending, linking, lambda: self.base_url)
        deeds = SessionControl(self._state, customers, linking).deeds()
        self.control = Control(self.options, self.rules, self.arrivals, self.webhooks, deeds)

    def start(self) -> None:
        super().start()
        self._talking.start()

    def answer(self, request: Request, rule: Rule) -> Done:
        return self._api.serve(request, rule)

    def recipient(self, request: Request) -> str:
        return str(_field(request, "chatId"))

    def token(self, request: Request) -> str:
        return request.headers.get("x-api-key", "")

    def channel_id(self, request: Request) -> str:
        """In the path, or in the body."""
        parts = request.path.split("/")
        named = parts[3:4] if parts[1:3] in (["api", "sessions"], ["api", "files"]) else parts[2:3]
        known = [name for name in named if self._state.find(name) is not None and name]
        return known[0] if known else str(_field(request, "session"))

    def error(self, status: int) -> Any:
        return nest_error(status, f"simulated {status}")

    def _linked(self) -> list[str]:
        with self._state.lock:
            sessions = list(self._state.sessions.values())
        return [s.name for s in sessions if s.status == "WORKING" and s.hooks(self.options.webhook_url)]


def _field(request: Request, name: str) -> Any:
    if request.method not in ("POST", "PUT") or not request.body:
        return ""
    try:
        return request.json().get(name) or ""
    except (ValueError, AttributeError):
        return ""


def _reached(session: Session, message: dict[str, Any]) -> Reached:
    chat, proto = message["from"], message["_data"]["Message"]
    kind = next((kind for kind, name in payloads.MEDIA.items() if name in proto), "text")
    poll = proto.get("pollCreationMessageV3")
    members = [payloads.digits(p["PhoneNumber"]) for p in session.groups.get(chat, {}).get("Participants", [])]
    phone = message["_data"]["Info"]["RecipientAlt"] or chat
    return Reached(
        number=session.name,
        id=message["_data"]["Info"]["ID"],
        chat_id=chat,
        type="poll" if poll else kind,
        text=message["body"],
        options=tuple(option["optionName"] for option in poll["options"]) if poll else (),
        people=tuple(m for m in members if m != session.number) if members else (payloads.digits(phone),),
    )
