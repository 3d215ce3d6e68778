"""The make-believe Whapi as a whole."""

from pathlib import Path

from channels_app.providers.simulating.control import Control
from channels_app.providers.simulating.exchange import Done, Refusal, Request
from channels_app.providers.simulating.faults import Rule
from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.server import Simulator
from channels_app.providers.simulating.talking import Reached, Talking
from channels_app.providers.whapi.simulator import payloads
from channels_app.providers.whapi.simulator.api import Api, token_of
from channels_app.providers.whapi.simulator.control import ChannelControl
from channels_app.providers.whapi.simulator.customers import Customers
from channels_app.providers.whapi.simulator.linking import Linking
from channels_app.providers.whapi.simulator.sending import Sending
from channels_app.providers.whapi.simulator.state import Channel, State
from channels_app.providers.whapi.simulator.webhooks import WhapiWebhooks


class WhapiSimulator(Simulator):
    title = "Whapi"

    def __init__(self, port: int = 0, options: Options | None = None, state_path: Path | None = None):
        super().__init__(port, options, state_path)
        self._state = State(self.options, state_path)
        self.webhooks = WhapiWebhooks(self.options, self.timetable)
        linking = Linking(self._state, self.webhooks, self.timetable)
        customers = Customers(self._state, self.webhooks, lambda: self.base_url)
        self._talking = Talking(
            self.options,
            self.timetable,
            lambda token, deed: customers.act(self._state.channels[token], deed),
            self._linked,
        )
        sending = Sending(self._state, self.webhooks, lambda: self.base_url)
        sending.reached.append(lambda channel, message: self._talking.reached(_reached(channel, message)))
        self._api = Api(self._state, self.webhooks, sending, linking)
        deeds = ChannelControl(self._state, customers, linking).deeds()
        self.control = Control(self.options, self.rules, self.arrivals, self.webhooks, deeds)

    def start(self) -> None:
        super().start()
        self._talking.start()

    def answer(self, request: Request, rule: Rule) -> Done:
        return self._api.serve(self._api.channel(request), request, rule)

    def recipient(self, request: Request) -> str:
        if request.method != "POST" or not request.path.startswith("/messages/"):
            return ""
        try:
            return str(request.json()["to"])
        except (ValueError, KeyError, TypeError):
            return ""

    def token(self, request: Request) -> str:
        return token_of(request)

    def channel_id(self, request: Request) -> str:
        token = token_of(request)
        channel = self._state.find(token) if token else None
        return channel.channel_id if channel else ""

    def open_answer(self, request: Request) -> Done | None:
        if not request.path.startswith("/files/"):
            return None
        file = self._state.file(request.path.removeprefix("/files/"))
        if file is None:
            raise Refusal(404, "specified media not found")
        return Done(file)

    def _linked(self) -> list[str]:
        with self._state.lock:
            channels = list(self._state.channels.values())
        return [c.token for c in channels if c.state == "AUTH" and c.webhooks(self.options.webhook_url)]


def _reached(channel: Channel, message: dict) -> Reached:
    chat_id, content = message["chat_id"], message.get(message["type"], {})
    group = channel.groups.get(chat_id, {}).get("participants", [])
    people = tuple(p["id"] for p in group if p["id"] != channel.number)
    return Reached(
        number=channel.token,
        id=message["id"],
        chat_id=chat_id,
        type=message["type"],
        text=str(content.get("body", "")),
        options=tuple(content.get("options", ())),
        people=people if chat_id.endswith("@g.us") else (payloads.digits(chat_id),),
    )
