"""Talkative customers for the demo: they read, type and answer within a few seconds, and sometimes write first."""

import random
import re
import threading
from typing import Any

from channels_app.providers.whapi.simulator import payloads
from channels_app.providers.whapi.simulator.customers import Customers
from channels_app.providers.whapi.simulator.state import Channel, State
from channels_app.providers.whapi.simulator.timing import Timetable
from channels_app.providers.whapi.simulator.webhooks import Event, Webhooks

DEMO_CUSTOMERS = {
    "15550100201": "Dana Demo",
    "15550100202": "Sam Sample",
    "15550100203": "Tess Testcase",
    "15550100204": "Max Mustermann",
    "15550100205": "Pia Placeholder",
    "15550100206": "Ernest Example",
    "15550100207": "Mona Mockup",
    "15550100208": "Finn Fixture",
}
OPENINGS = (
    "Hi! Are you open on Saturday?",
    "Hello, my parcel has not arrived yet. Can you check?",
    "Do you still have the blue one in size M?",
    "Good morning! I would like to move my appointment.",
    "Quick question: do you deliver outside the city?",
    "I was charged twice, can somebody look?",
)
ANSWERS = (
    (r"\b(hi|hello|hey|good (morning|afternoon|evening)|hola)\b", ("Hi, thanks for the quick answer!", "Hello 👋")),
    (r"\b(thank|thanks|gracias|danke)\b", ("You are welcome!", "🙏", "Have a nice day!")),
    (r"\b(price|cost|how much|€|\$|euro)\b", ("That is fine for me.", "Hmm, is there a discount?", "Deal 👍")),
    (r"\b(order|parcel|delivery|deliver|ship|tracking)\b", ("The number is WB-1042.", "Great, when will it come?")),
    (r"\b(open|hours|saturday|monday|tomorrow|today|appointment|time|o'clock)\b", ("That works.", "See you then!")),
    (r"\b(sorry|apolog)\w*", ("No problem, it happens.", "It is all right.")),
    (r"\b(refund|invoice|paid|payment|charged)\b", ("Thank you, I will check my account.", "It was on Monday.")),
    (r"\?\s*$", ("Yes, please.", "No, thank you.", "Let me check and come back to you.", "I think so.")),
)
ELSE = ("Okay!", "Good to know, thank you.", "Got it 👍", "One moment, please.", "Perfect.", "Alright, and what next?")
ON_FILE = ("Thank you, I got the file.", "Looks good!", "Can you send it a bit larger?")
FIRST_WORD_SECONDS = (40, 90)


def answer_to(message: dict[str, Any], chance: random.Random) -> str:
    """What a customer says to a message of ours."""
    if message["type"] in payloads.MEDIA_TYPES:
        return chance.choice(ON_FILE)
    text = str(message.get(message["type"], {}).get("body", ""))
    for pattern, answers in ANSWERS:
        if re.search(pattern, text, re.IGNORECASE):
            return chance.choice(answers)
    return chance.choice(ELSE)


class Talking:
    """Listens to what reaches customers. Silent unless the option `demo` is on; one answer at a time per chat."""

    def __init__(self, state: State, webhooks: Webhooks, timetable: Timetable, customers: Customers):
        self._state = state
        self._webhooks = webhooks
        self._timetable = timetable
        self._customers = customers
        self._answering: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._chance = random.Random()

    def start(self) -> None:
        self._timetable.after(self._chance.uniform(*FIRST_WORD_SECONDS), self._write_first)

    def reached(self, channel: Channel, message: dict[str, Any]) -> None:
        if not self._state.options.demo:
            return
        chat_id = message["chat_id"]
        with self._lock:
            if (channel.token, chat_id) in self._answering:
                return
            self._answering.add((channel.token, chat_id))
        person = self._person(channel, chat_id)
        typing = self._state.options.read_seconds + self._chance.uniform(0.6, 1.2)
        self._timetable.after(typing, lambda: self._present(channel, person, "typing"))
        self._timetable.after(
            typing + self._chance.uniform(1.0, 2.0), lambda: self._answer(channel, chat_id, person, message)
        )

    def _person(self, channel: Channel, chat_id: str) -> str:
        people = [p["id"] for p in channel.groups.get(chat_id, {}).get("participants", []) if p["id"] != channel.number]
        if chat_id.endswith("@g.us"):
            return self._chance.choice(people or list(DEMO_CUSTOMERS))
        return payloads.digits(chat_id)

    def _present(self, channel: Channel, person: str, status: str) -> None:
        self._webhooks.tell(
            channel, [Event("presences", "post", "presences", [{"contact_id": person, "status": status}])]
        )

    def _answer(self, channel: Channel, chat_id: str, person: str, message: dict[str, Any]) -> None:
        with self._lock:
            self._answering.discard((channel.token, chat_id))
        if channel.state != "AUTH":
            return  # unlinked meanwhile: nothing arrives
        deed = {"from": person, "chat_id": chat_id, "name": self._name(channel, person)}
        if message["type"] == "poll":
            vote = self._chance.choice(message["poll"]["options"])
            self._customers.act(channel, {**deed, "type": "vote", "target": message["id"], "options": [vote]})
            return
        if self._chance.random() < 0.2:
            emoji = self._chance.choice("👍❤😂🙏")
            self._customers.act(channel, {**deed, "type": "reaction", "target": message["id"], "emoji": emoji})
        quoted = {"quoted": message["id"]} if self._chance.random() < 0.15 else {}
        self._customers.act(channel, {**deed, **quoted, "text": answer_to(message, self._chance)})

    def _name(self, channel: Channel, person: str) -> str:
        return channel.names.get(person) or DEMO_CUSTOMERS.get(person, "")

    def _write_first(self) -> None:
        self.start()
        linked = [c for c in self._state.channels.values() if c.state == "AUTH" and c.settings["webhooks"]]
        if not self._state.options.demo or not linked:
            return
        channel = self._chance.choice(linked)
        person = self._chance.choice(list(DEMO_CUSTOMERS))
        self._present(channel, person, "typing")
        deed = {"from": person, "name": self._name(channel, person), "text": self._chance.choice(OPENINGS)}
        self._timetable.after(1.5, lambda: self._customers.act(channel, deed))
