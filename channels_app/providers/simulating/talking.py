"""Talkative customers for the demo: they read, type and answer within a few seconds, and sometimes write first."""

import random
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from channels_app.providers.simulating.options import Options
from channels_app.providers.simulating.timing import Timetable

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
FILES = ("image", "video", "gif", "short", "audio", "voice", "document", "sticker")
ELSE = ("Okay!", "Good to know, thank you.", "Got it 👍", "One moment, please.", "Perfect.", "Alright, and what next?")
ON_FILE = ("Thank you, I got the file.", "Looks good!", "Can you send it a bit larger?")
FIRST_WORD_SECONDS = (40, 90)


@dataclass(frozen=True)
class Reached:
    """A message of ours as it reached a chat."""

    number: str  # which of the simulated numbers sent it; any word that tells them apart
    id: str
    chat_id: str  # as the deeds of the vendor's customers take it
    type: str
    text: str = ""
    options: tuple[str, ...] = ()  # of a poll
    people: tuple[str, ...] = ()  # digits of those who may answer; one in a chat with one person


def answer_to(type: str, text: str, chance: random.Random) -> str:
    """What a customer says to a message of ours."""
    if type in FILES:
        return chance.choice(ON_FILE)
    for pattern, answers in ANSWERS:
        if re.search(pattern, text, re.IGNORECASE):
            return chance.choice(answers)
    return chance.choice(ELSE)


class Talking:
    """Listens to what reaches customers. Silent unless the option `demo` is on; one answer at a time per chat."""

    def __init__(
        self,
        options: Options,
        timetable: Timetable,
        act: Callable[[str, dict[str, Any]], Any],
        linked: Callable[[], Iterable[str]],
    ):
        """`act(number, deed)` does what POST /_sim/inbound would; `linked` are the numbers that can hear customers."""
        self._options = options
        self._timetable = timetable
        self._act = act
        self._linked = linked
        self._answering: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._chance = random.Random()

    def start(self) -> None:
        self._timetable.after(self._chance.uniform(*FIRST_WORD_SECONDS), self._write_first)

    def reached(self, message: Reached) -> None:
        if not self._options.demo:
            return
        with self._lock:
            if (message.number, message.chat_id) in self._answering:
                return
            self._answering.add((message.number, message.chat_id))
        person = self._chance.choice(message.people or tuple(DEMO_CUSTOMERS))
        typing = self._options.read_seconds + self._chance.uniform(0.6, 1.2)
        seen = {"type": "typing", "from": person, "chat_id": message.chat_id}
        self._timetable.after(typing, lambda: self._act(message.number, seen))
        self._timetable.after(typing + self._chance.uniform(1.0, 2.0), lambda: self._answer(message, person))

    def _answer(self, message: Reached, person: str) -> None:
        with self._lock:
            self._answering.discard((message.number, message.chat_id))
        if message.number not in self._linked():
            return  # unlinked meanwhile: nothing arrives
        deed = {"from": person, "chat_id": message.chat_id, **_named(person)}
        if message.type == "poll":
            vote = self._chance.choice(message.options)
            self._act(message.number, {**deed, "type": "vote", "target": message.id, "options": [vote]})
            return
        if self._chance.random() < 0.2:
            emoji = self._chance.choice("👍❤😂🙏")
            self._act(message.number, {**deed, "type": "reaction", "target": message.id, "emoji": emoji})
        quoted = {"quoted": message.id} if self._chance.random() < 0.15 else {}
        self._act(message.number, {**deed, **quoted, "text": answer_to(message.type, message.text, self._chance)})

    def _write_first(self) -> None:
        self.start()
        linked = list(self._linked())
        if not self._options.demo or not linked:
            return
        number = self._chance.choice(linked)
        person = self._chance.choice(list(DEMO_CUSTOMERS))
        self._act(number, {"type": "typing", "from": person})
        deed = {"from": person, **_named(person), "text": self._chance.choice(OPENINGS)}
        self._timetable.after(1.5, lambda: self._act(number, deed))


def _named(person: str) -> dict[str, str]:
    """A name is only told for people of the demo; others keep theirs."""
    return {"name": DEMO_CUSTOMERS[person]} if person in DEMO_CUSTOMERS else {}
