"""The make-believe Cloud API as a whole."""

from pathlib import Path
from typing import Any

from channels_app.providers.cloud.simulator.api import VERSION, Api
from channels_app.providers.cloud.simulator.control import NumberControl
from channels_app.providers.cloud.simulator.customers import Customers
from channels_app.providers.cloud.simulator.errors import error_body
from channels_app.providers.cloud.simulator.sending import PLACEHOLDER, Sending
from channels_app.providers.cloud.simulator.state import Number, State
from channels_app.providers.cloud.simulator.webhooks import CloudWebhooks
from channels_app.providers.simulating.control import Control
from channels_app.providers.simulating.exchange import Done, Request
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.server import Simulator
from channels_app.providers.simulating.talking import Reached, Talking

CODES = {401: 190, 403: 10, 429: 130429, 500: 131000, 503: 2}


class CloudSimulator(Simulator):
    title = "Cloud API"

    def __init__(self, port: int = 0, options: Options | None = None, state_path: Path | None = None):
        super().__init__(port, options, state_path)
        self._state = State(self.options, state_path)
        self.webhooks = CloudWebhooks(self.options, self.timetable)
        customers = Customers(self._state, self.webhooks)
        self._talking = Talking(
            self.options,
            self.timetable,
            lambda number, deed: customers.act(self._state.numbers[number], _by_digits(deed)),
            self._linked,
        )
        sending = Sending(self._state, self.webhooks)
        sending.reached.append(lambda number, message: self._talking.reached(_reached(number, message)))
        self._api = Api(self._state, sending, lambda: self.base_url)
        deeds = NumberControl(self._state, self.webhooks, customers).deeds()
        self.control = Control(self.options, self.rules, self.arrivals, self.webhooks, deeds)

    def start(self) -> None:
        super().start()
        self._talking.start()

    def answer(self, request: Request, rule: Rule) -> Done:
        return self._api.serve(request, rule)

    def recipient(self, request: Request) -> str:
        try:
            values = request.json() if request.path.endswith("/messages") else {}
            return str(values.get("to") or values.get("recipient") or "")
        except (ValueError, AttributeError):
            return ""

    def channel_id(self, request: Request) -> str:
        """The id in the path, where it is a number's; else the first number of the token."""
        first = VERSION.sub("", request.path, count=1).strip("/").split("/")[0]
        number = self._state.find(first) if first else None
        number = number or (self._state.find(request.bearer) if request.bearer else None)
        return number.phone_number_id if number else ""

    def error(self, status: int) -> Any:
        return error_body(CODES.get(status, 100 if status < 500 else 131000), f"simulated {status}")

    def _linked(self) -> list[str]:
        with self._state.lock:
            numbers = list(self._state.numbers.values())
        heard = [n for n in numbers if n.subscribed and (n.webhook_url or self.options.webhook_url)]
        return [n.phone_number_id for n in heard if n.state == "CONNECTED" and not n.token_expired]


def _by_digits(deed: dict[str, Any]) -> dict[str, Any]:
    """A group's customers write into it; there is no other chat id than the writer."""
    chat_id = deed.pop("chat_id", "")
    return deed if not chat_id or chat_id == deed["from"] else {**deed, "group_id": chat_id}


def _reached(number: Number, message: dict[str, Any]) -> Reached:
    content = message.get(message["type"], {})
    text = str(content.get("body", "")) if isinstance(content, dict) else ""
    return Reached(
        number=number.phone_number_id,
        id=message["id"],
        chat_id=message["to"],
        type="voice" if isinstance(content, dict) and content.get("voice") else message["type"],
        text=PLACEHOLDER.sub("", text),
        people=() if message.get("group_id") else (message["to"],),
    )
