"""Messages of a chat, and the bubbles that the page, the API and the socket show."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects

from inbox.models import Attachment, Chat, Message, MessageFact
from inbox.policy import phone_number_of
from inbox.selectors.keyset import newest_page
from inbox.states import FactKind
from kernel.paging import Page


@dataclass(frozen=True)
class Reaction:
    emoji: str
    wa_id: str
    name: str


@dataclass(frozen=True)
class Bubble:
    """Everything a message shows. `poll` has its votes counted; `edits` are the earlier texts, oldest first."""

    message: Message
    sender_name: str
    sender_wa_id: str
    reactions: tuple[Reaction, ...]
    attachments: tuple[Attachment, ...]
    quoted: Message | None
    quoted_sender_name: str
    poll: dict[str, Any] | None  # {question, options: [{text, votes}], multiple}
    edits: tuple[str, ...]


def messages_page(chat: Chat, *, cursor: str | None = None, limit: int = 50) -> Page:
    """Page of Message with their people, newest first. What the team sees has its notes too: threads.thread_page.

    Raises Invalid.
    """
    messages = Message.objects.filter(chat=chat).with_people().defer("search")
    return newest_page(messages, "sort_at", cursor=cursor, limit=limit)


def messages_by_ids(chat_id: uuid.UUID, message_ids: Sequence[uuid.UUID]) -> list[Message]:
    """Those of the ids that are in the chat, in the chat's order."""
    found = Message.objects.filter(chat_id=chat_id, pk__in=message_ids).with_people().defer("search")
    return list(found.order_by("sort_at", "id"))


def bubbles(messages: Iterable[Message]) -> list[Bubble]:
    """The messages as shown, in the same order. Two queries for any number of messages that came `with_people`."""
    messages = list(messages)
    prefetch_related_objects(
        messages, "sender_member__user", "sender_contact", "quoted__sender_member__user", "quoted__sender_contact"
    )
    facts = _facts_of(messages)
    attachments = defaultdict(list)
    for attachment in Attachment.objects.filter(message__in=[message.pk for message in messages]).order_by("id"):
        attachments[attachment.message_id].append(attachment)
    return [
        _bubble(message, facts[message.channel_id, message.wa_message_id], attachments[message.pk])
        for message in messages
    ]


def sender_name_of(message: Message | None) -> str:
    """Who wrote it, as people would say it."""
    if message is None:
        return ""
    if message.sender_member is not None:
        return message.sender_member.user.name
    saved = message.sender_contact.display_name if message.sender_contact is not None else ""
    return saved or message.sender_name or phone_number_of(message.sender_wa_id)


def _facts_of(messages: list[Message]) -> dict[tuple, list[MessageFact]]:
    by_message = defaultdict(list)
    known = [message for message in messages if message.wa_message_id]
    facts = MessageFact.objects.filter(
        channel__in={message.channel_id for message in known},
        wa_message_id__in=[message.wa_message_id for message in known],
        kind__in=[FactKind.REACTION, FactKind.VOTE, FactKind.EDIT],
    )
    if known:
        for fact in facts.order_by("at", "tie", "id"):
            by_message[fact.channel_id, fact.wa_message_id].append(fact)
    return by_message


def _bubble(message: Message, facts: list[MessageFact], attachments: list[Attachment]) -> Bubble:
    reactions = tuple(
        Reaction(emoji=fact.value["emoji"], wa_id=fact.actor_wa_id, name=fact.actor_name)
        for fact in facts
        if fact.kind == FactKind.REACTION and fact.value.get("emoji")
    )
    votes = [fact for fact in facts if fact.kind == FactKind.VOTE]
    quoted = message.quoted
    return Bubble(
        message=message,
        sender_name=sender_name_of(message),
        sender_wa_id=message.sender_wa_id,
        reactions=reactions if message.deleted_at is None else (),
        attachments=tuple(attachments) if message.deleted_at is None else (),
        quoted=quoted,
        quoted_sender_name=sender_name_of(quoted),
        poll=_counted(message.poll, votes),
        edits=_texts_before(message, facts),
    )


def _counted(poll: dict[str, Any] | None, votes: list[MessageFact]) -> dict[str, Any] | None:
    """The poll with its votes: counted from the voters where we heard them, else as the provider last counted."""
    if poll is None:
        return None
    chosen = [option for vote in votes for option in vote.value.get("options", [])]
    options = [option if isinstance(option, dict) else {"text": option} for option in poll.get("options", [])]
    counted = [
        {"text": option["text"], "votes": chosen.count(option["text"]) if votes else option.get("votes", 0)}
        for option in options
    ]
    return {"question": poll.get("question", ""), "options": counted, "multiple": bool(poll.get("multiple"))}


def _texts_before(message: Message, facts: list[MessageFact]) -> tuple[str, ...]:
    if message.edited_at is None or message.deleted_at is not None:
        return ()
    texts = [message.original_text, *(fact.value.get("text", "") for fact in facts if fact.kind == FactKind.EDIT)]
    return tuple(text for text in dict.fromkeys(texts) if text != message.text)
