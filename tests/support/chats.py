"""Chats with customers, and a provider that a test scripts; numbers are the ones reserved for fiction."""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_app.models import Channel
from channels_app.providers.base import InboundMessage, Outgoing, SentMessage
from channels_app.services import gateway
from inbox.jobs import Draft
from inbox.models import Chat, Contact, ContactAddress, Message, MessageFact
from inbox.services.sending import send_message
from outbox.models import Item
from outbox.registry import Settled, kind_named
from outbox.services.relaying import owning
from outbox.services.relaying.sending import attempt
from tests.support.outbox import HandRelay
from workspaces.access import Actor

_numbers = itertools.count(1)


def number(line: int) -> str:
    return f"1555010{line:04}@s.whatsapp.net"


def make_chat(channel: Channel, name: str = "Carla Customer", line: int | None = None, **fields: Any) -> Chat:
    wa_id = number(line if line is not None else next(_numbers))
    contact = Contact.objects.create(workspace_id=channel.workspace_id, name=name)
    ContactAddress.objects.create(workspace_id=channel.workspace_id, contact=contact, wa_id=wa_id)
    fields.setdefault("last_message_at", timezone.now() - timedelta(days=1))
    return Chat.objects.create(
        workspace_id=channel.workspace_id, channel=channel, wa_chat_id=wa_id, kind="direct", contact=contact, **fields
    )


def customer_writes(chat: Chat, text: str = "Hello", **fields: Any) -> Message:
    """A message of the customer, as ingestion leaves it."""
    at = fields.pop("at", timezone.now())
    message = Message.objects.create(
        workspace_id=chat.workspace_id,
        channel_id=chat.channel_id,
        chat=chat,
        direction="inbound",
        type=fields.pop("type", "text"),
        text=text,
        original_text=text,
        wa_message_id=fields.pop("wa_message_id", f"in-{uuid.uuid4()}"),
        sender_contact=chat.contact,
        sender_wa_id=chat.wa_chat_id,
        status="received",
        sort_at=at,
        sent_at=at,
        **fields,
    )
    Chat.objects.filter(pk=chat.pk).update(last_message_id=message.pk, last_message_at=at)
    return message


def echo_of(chat: Chat, text: str, wa_message_id: str, **fields: Any) -> Message:
    """A bubble that ingestion made from an echo whose message it did not know."""
    return Message.objects.create(
        workspace_id=chat.workspace_id,
        channel_id=chat.channel_id,
        chat=chat,
        direction="outbound",
        type="text",
        text=text,
        wa_message_id=wa_message_id,
        source="api",
        status="sent",
        sort_at=timezone.now(),
        sent_at=timezone.now(),
        **fields,
    )


def write(actor: Actor, chat: Chat, text: str = "Good morning", client_id: str | None = None, **draft: Any) -> Message:
    return send_message(
        actor=actor, chat=chat, client_id=client_id or str(uuid.uuid4()), draft=Draft(text=text, **draft)
    )


def report(message: Message, word: str, at: datetime | None = None, **value: Any) -> MessageFact:
    """What the provider says of a message, stored as a fact and not folded."""
    return fact(message.channel, message.wa_message_id, "status", f"{word}:", at=at, value=value)


def fact(channel: Channel, wa_message_id: str, kind: str, key: str, **fields: Any) -> MessageFact:
    fields["at"] = fields.get("at") or timezone.now()
    return MessageFact.objects.create(
        workspace_id=channel.workspace_id, channel=channel, wa_message_id=wa_message_id, kind=kind, key=key, **fields
    )


def item_of(message: Message, kind: str = "message.send") -> Item:
    return Item.objects.filter(subject_id=message.pk, kind=kind).latest("id")


def settle(*messages: tuple[Message, str, dict[str, Any]]) -> None:
    """Tell the kind of their sends how they ended, all at once, without a relay."""
    kind_named("message.send").settle([settled(message, state, **values) for message, state, values in messages])


def settled(message: Message, state: str, **values: Any) -> Settled:
    item = item_of(message)
    defaults = {
        "item_id": item.pk,
        "workspace_id": item.workspace_id,
        "lane_id": item.lane_id,
        "order_key": item.order_key,
        "subject_id": message.pk,
        "kind": item.kind,
        "state": state,
        "provider_id": "",
        "data": {},
        "error_code": "",
        "error": "",
        "attempts": 1,
        "due_at": None,
        "at": timezone.now(),
    }
    return Settled(**{**defaults, **values})


@dataclass
class FakeProvider:
    """Stands where the gateway is. `ends` are taken one after another, raised or returned; then all succeeds."""

    calls: list[tuple[str, tuple]] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    past: list[InboundMessage] = field(default_factory=list)
    during: Callable[[], None] = lambda: None
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def sent(self) -> list[Outgoing]:
        return [arguments[0] for name, arguments in self.calls if name == "send"]

    def _called(self, name: str, *arguments: Any) -> Any:
        self.calls.append((name, arguments))
        self.during()
        if self.ends:
            end = self.ends.pop(0)
            if isinstance(end, BaseException):
                raise end
            return end
        return SentMessage(wa_message_id=f"wa-{next(self._ids)}")

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "FakeProvider":
        monkeypatch.setattr(gateway, "send", lambda channel_id, message, *, deadline: self._called("send", message))
        monkeypatch.setattr(
            gateway, "history", lambda channel_id, chat, *, since, from_me=None, deadline: list(self.past)
        )
        for name in ("edit", "revoke", "react", "mark_read"):
            monkeypatch.setattr(
                gateway,
                name,
                lambda channel_id, *arguments, deadline, name=name: self._called(name, *arguments),
            )
        return self


class _Relay(HandRelay):
    def under_way(self) -> list[str]:
        return [one.job.kind for one in self.begun]


def drain() -> None:
    """Everything that is due, through a relay that is stepped here and gone afterwards."""
    relay = _Relay()
    relay.look_again()
    while relay.begun:
        relay.scheduler.events.put(attempt(relay.begun.pop(0), lambda: True))
        relay.look_again()
    owning.retire(relay.worker_id)
