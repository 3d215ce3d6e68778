"""Quick replies as they would be sent in a chat: their variables filled, and what is missing named."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from inbox.models import Chat, QuickReply
from inbox.policy import phone_number_of
from workspaces.access import Actor, author_of, name_of

REPLIES_MAX = 300

VARIABLES = {
    "name": gettext_lazy("The customer's name"),
    "first_name": gettext_lazy("The first word of the customer's name"),
    "phone": gettext_lazy("The customer's number"),
    "agent": gettext_lazy("Your name"),
    "agent_first_name": gettext_lazy("The first word of your name"),
    "channel": gettext_lazy("The name of the number that you answer from"),
    "workspace": gettext_lazy("The name of your workspace"),
}
"""What may stand in {{double braces}}, and what it means."""

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Filled:
    """`pieces` are (text, kind): kind is "" for plain words, "filled" or "missing" for a variable."""

    shortcut: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return "".join(words for words, _ in self.pieces)

    @property
    def missing(self) -> list[str]:
        return [words for words, kind in self.pieces if kind == "missing"]


def quick_replies_for(actor: Actor, chat: Chat) -> list[Filled]:
    """All of the workspace, by shortcut. One query."""
    values = values_of(actor, chat)
    found = QuickReply.objects.filter(workspace_id=chat.workspace_id).order_by("shortcut")[:REPLIES_MAX]
    return [Filled(reply.shortcut, filled(reply.text, values)) for reply in found]


def values_of(actor: Actor, chat: Chat) -> dict[str, str]:
    """What the variables mean here; "" where nobody knows. A group has no name of a person."""
    direct = chat.kind == "direct"
    name = chat.contact.display_name if direct and chat.contact is not None else ""
    agent = name_of(actor) if author_of(actor) is not None else ""
    return {
        "name": name,
        "first_name": name.split(" ")[0],
        "phone": phone_number_of(chat.wa_chat_id) if direct else "",
        "agent": agent,
        "agent_first_name": agent.split(" ")[0],
        "channel": chat.channel.name,
        "workspace": actor.workspace.name,
    }


def filled(text: str, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The text in pieces. A variable without a value, or with a name that means nothing, stays as it was typed."""
    pieces, at = [], 0
    for found in _VARIABLE.finditer(text):
        if found.start() > at:
            pieces.append((text[at : found.start()], ""))
        value = values.get(found[1].lower(), "")
        pieces.append((value, "filled") if value else (f"{{{{{found[1]}}}}}", "missing"))
        at = found.end()
    if at < len(text):
        pieces.append((text[at:], ""))
    return tuple(pieces)
