"""What was said before the first visitor came, as the webhook bodies in which a provider would have told it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from config.demo.cast import Number

US = "us"


@dataclass(frozen=True)
class Line:
    """One message. `by` is US or the digits of who wrote it; `name` lets later lines point at it."""

    minutes_ago: float
    by: str
    text: str
    name: str = ""
    quotes: str = ""
    type: str = "text"
    content: dict[str, Any] | None = None
    status: str = "read"
    reactions: tuple[tuple[str, str], ...] = ()  # (by, emoji)
    edited_to: str = ""


@dataclass(frozen=True)
class Conversation:
    """A chat with one person (`people` has one entry) or, with `group` set, with several."""

    people: dict[str, str]  # digits → name
    lines: tuple[Line, ...]
    group: str = ""
    group_id: str = ""

    @property
    def wa_chat_id(self) -> str:
        return self.group_id or f"{next(iter(self.people))}@s.whatsapp.net"


MIA, OMAR, LENA, KOFI, YUKI, NOOR, PAU = (f"155501001{number}" for number in range(50, 57))
DAY = 24 * 60

CONVERSATIONS: dict[str, tuple[Conversation, ...]] = {
    "acme-shop": (
        Conversation(
            {MIA: "Mia Sample"},
            (
                Line(3 * DAY, MIA, "Hi! Is the walnut desk still in stock?"),
                Line(3 * DAY - 4, US, "Hello Mia, yes: two left. Shall I put one aside for you?"),
                Line(3 * DAY - 9, MIA, "Yes please 🙏 until Friday?", reactions=((US, "👍"),)),
                Line(55, MIA, "I could come by today instead. Until when are you open?", name="open"),
                Line(48, US, "Until seven. Park behind the house, it is quicker.", quotes="open"),
                Line(
                    41,
                    MIA,
                    "",
                    type="location",
                    content={"latitude": 0.0, "longitude": 0.0, "name": "Sample Square", "address": "1 Sample Square"},
                ),
                Line(40, MIA, "I start from here. Half an hour, I think."),
                Line(12, MIA, "Could somebody help me carry it to the car?"),
            ),
        ),
        Conversation(
            {OMAR: "Omar Example"},
            (
                Line(DAY + 130, OMAR, "The lamp came with a broken switch."),
                Line(DAY + 121, US, "I am sorry, Omar. A new switch or the money back?"),
                Line(DAY + 118, OMAR, "A new switch is fine, thank you", reactions=((US, "❤"),)),
                Line(DAY + 60, US, "It is on its way: order 1042.", edited_to="It is on its way: order 1043."),
                Line(190, OMAR, "Arrived and works. You are quick!"),
            ),
        ),
        Conversation(
            {LENA: "Lena Placeholder"},
            (
                Line(
                    2 * DAY,
                    US,
                    "Which day suits you for the delivery?",
                    type="poll",
                    name="poll",
                    content={
                        "title": "Which day suits you for the delivery?",
                        "options": ["Tuesday", "Thursday", "Saturday"],
                        "vote_limit": 1,
                        "total": 0,
                    },
                ),
                Line(2 * DAY - 30, LENA, "Saturday would be best. I am at home from nine."),
                Line(2 * DAY - 34, US, "Noted: Saturday, between nine and eleven."),
                Line(300, LENA, "My neighbour can take it too, here is her card:"),
                Line(
                    299,
                    LENA,
                    "",
                    type="contact",
                    content={
                        "name": "Nora Neighbour",
                        "vcard": "BEGIN:VCARD\nVERSION:3.0\nN:Neighbour;Nora;;;\nFN:Nora Neighbour\n"
                        "TEL;type=CELL;waid=15550100179:+1 555 010 0179\nEND:VCARD",
                    },
                ),
            ),
        ),
        Conversation(
            {KOFI: "Kofi Testperson", YUKI: "Yuki Fixture"},
            (
                Line(5 * DAY, KOFI, "Welcome to the showroom group!"),
                Line(5 * DAY - 20, US, "Thank you both. The plan for Saturday is below."),
                Line(
                    5 * DAY - 22,
                    US,
                    "Doors open at ten, coffee from half past nine.",
                    reactions=((KOFI, "👍"), (YUKI, "☕")),
                ),
                Line(95, YUKI, "Can I bring a friend?"),
                Line(90, KOFI, "The more the better 🙂"),
            ),
            group="Showroom Saturday",
            group_id="120363000000000101@g.us",
        ),
    ),
    "acme-support": (
        Conversation(
            {NOOR: "Noor Demo"},
            (
                Line(4 * DAY, NOOR, "How do I reset the timer?"),
                Line(4 * DAY - 6, US, "Hold both buttons for five seconds, until it blinks."),
                Line(4 * DAY - 15, NOOR, "Perfect, thanks!"),
            ),
        ),
        Conversation(
            {PAU: "Pau Mockup"},
            (
                Line(34, PAU, "Hello? The app shows error 17 since this morning."),
                Line(33, PAU, "I have restarted it twice already."),
            ),
        ),
        Conversation(
            {MIA: "Mia Sample"},
            (
                Line(6 * DAY, MIA, "Is there a manual as PDF?"),
                Line(6 * DAY - 3, US, "There is: https://example.com/manual", status="delivered"),
            ),
        ),
    ),
    "acme-workshop": (
        Conversation(
            {KOFI: "Kofi Testperson"},
            (
                Line(3 * DAY + 200, KOFI, "Can you sharpen two chisels by Thursday?", name="chisels"),
                Line(3 * DAY + 190, US, "Yes: bring them in before noon.", quotes="chisels"),
                Line(3 * DAY + 188, KOFI, "Will do, thanks!", reactions=((US, "👍"),)),
            ),
        ),
        Conversation(
            {YUKI: "Yuki Fixture", NOOR: "Noor Demo"},
            (
                Line(2 * DAY, YUKI, "Who has the key of the paint room?"),
                Line(2 * DAY - 5, US, "It hangs beside the door."),
                Line(80, NOOR, "The compressor is loud again.", reactions=((YUKI, "😬"),)),
            ),
            group="Workshop crew",
            group_id="120363000000000102@g.us",
        ),
    ),
    "acme-bookings": (
        Conversation(
            {OMAR: "Omar Example"},
            (
                Line(170, OMAR, "Can I move my appointment to Wednesday?", name="move"),
                Line(161, US, "Wednesday at ten is free. Shall I book it?", quotes="move"),
                Line(158, OMAR, "Ten is perfect", reactions=((US, "👍"),)),
            ),
        ),
        Conversation(
            {LENA: "Lena Placeholder"},
            (
                Line(3 * DAY, LENA, "Do you also measure at home?"),
                Line(3 * DAY - 12, US, "We do, on Fridays. We will write to you when a place is free."),
                Line(3 * DAY - 15, LENA, "That would be nice, thank you", reactions=((US, "❤"),)),
            ),
        ),
    ),
    "zoe-studio": (
        Conversation(
            {"15550100160": "Tara Testcase"},
            (
                Line(26 * 60, "15550100160", "Is the Tuesday class full?"),
                Line(25 * 60, US, "One place is left. Shall I write your name down?"),
                Line(70, "15550100160", "Yes, please!"),
            ),
        ),
    ),
}


def bodies(number: Number, now: datetime) -> Iterator[bytes]:
    """The webhook bodies of Whapi for all conversations of a number, in the order in which they would have come."""
    for conversation in CONVERSATIONS.get(number.key, ()):
        yield from _Telling(number, conversation, now).bodies()


@dataclass
class _Telling:
    number: Number
    conversation: Conversation
    now: datetime
    ids: dict[str, str] = field(default_factory=dict)

    def bodies(self) -> Iterator[bytes]:
        if self.conversation.group:
            yield self.body("groups", "groups", [self.group()])
        for position, line in enumerate(self.conversation.lines):
            wa_id = self.wa_id(position)
            self.ids[line.name] = wa_id
            yield self.body("messages", "messages", [self.message(line, wa_id), *self.afterwards(line, wa_id)])

    def message(self, line: Line, wa_id: str) -> dict[str, Any]:
        kind, content = line.type, line.content or {"body": line.text}
        message = {"id": wa_id, "type": kind, kind: content, **self.envelope(line.by, line.minutes_ago)}
        if line.by == US:
            message["status"] = line.status
        if line.quotes:
            message["context"] = {"quoted_id": self.ids[line.quotes]}
        return message

    def afterwards(self, line: Line, wa_id: str) -> Iterator[dict[str, Any]]:
        for number, (by, emoji) in enumerate(line.reactions):
            action = {"target": wa_id, "type": "reaction", "emoji": emoji}
            yield self.action(action, f"{wa_id}:{number}", by, line.minutes_ago - 1)
        if line.edited_to:
            action = {
                "target": wa_id,
                "type": "edit",
                "edited_type": "text",
                "edited_content": {"body": line.edited_to},
            }
            yield self.action(action, f"{wa_id}:edit", line.by, line.minutes_ago - 2)

    def action(self, action: dict[str, Any], seed: str, by: str, minutes_ago: float) -> dict[str, Any]:
        return {"id": message_id(seed), "type": "action", "action": action, **self.envelope(by, minutes_ago)}

    def envelope(self, by: str, minutes_ago: float) -> dict[str, Any]:
        ours = by == US
        envelope = {
            "from_me": ours,
            "chat_id": self.conversation.wa_chat_id,
            "timestamp": self.at(minutes_ago),
            "source": "mobile",
            "from": self.number.phone_number.lstrip("+") if ours else by,
            "from_name": self.number.name if ours else self.conversation.people[by],
        }
        return envelope | ({"chat_name": self.conversation.group} if self.conversation.group else {})

    def group(self) -> dict[str, Any]:
        since = self.at(self.conversation.lines[0].minutes_ago + 60)
        own = self.number.phone_number.lstrip("+")
        others = [{"id": digits, "rank": "member"} for digits in self.conversation.people]
        return {
            "id": self.conversation.group_id,
            "name": self.conversation.group,
            "type": "group",
            "timestamp": since,
            "name_at": since,
            "created_at": since,
            "created_by": own,
            "participants": [{"id": own, "rank": "creator"}, *others],
        }

    def body(self, kind: str, key: str, items: list[dict[str, Any]]) -> bytes:
        return json.dumps({key: items, "event": {"type": kind, "event": "post"}, "channel_id": "DEMO"}).encode()

    def at(self, minutes_ago: float) -> int:
        return int((self.now - timedelta(minutes=minutes_ago)).timestamp())

    def wa_id(self, position: int) -> str:
        return message_id(f"{self.number.key}:{self.conversation.wa_chat_id}:{position}")


def message_id(seed: str) -> str:
    """Looks like the provider's ids, and is the same at every call."""
    mark = hashlib.sha256(seed.encode()).hexdigest()
    return f"Demo{mark[:14]}-{mark[14:24]}"
