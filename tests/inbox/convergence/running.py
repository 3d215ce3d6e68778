"""A history, told to the inbox in batches, and what the team then sees."""

import random
from datetime import timedelta

from django.db import transaction

from inbox.jobs import SEND
from inbox.models import Chat, Contact, Message, MessageFact
from inbox.services.ingesting import Heard, Source, apply_values
from kernel import clock
from outbox.models import Attempt, Item, Worker
from outbox.services.settling import settled_from, tell_kinds
from tests.inbox.convergence.histories import GROUP, START, Response, Send
from tests.support.world import World


def run(world: World, sends: list[Send], batches: list[list]) -> dict:
    """Apply the batches in a world of their own and return what the team would see."""
    own = Source(world.channel.pk, world.acme.pk, "whapi", world.channel.own_wa_id)
    with transaction.atomic():
        open_attempts = {send.wa_message_id: begin(world, send) for send in sends}
        for batch in batches:
            apply_values([Heard(own, value) for value in batch if not isinstance(value, Response)])
            for answer in batch:
                if isinstance(answer, Response):
                    respond(answer, open_attempts[answer.wa_message_id])
        state = what_is_seen()
        transaction.set_rollback(True)
    return state


def begin(world: World, send: Send) -> Attempt:
    chat = Chat.objects.create(
        workspace=world.acme,
        channel=world.channel,
        wa_chat_id=send.wa_chat_id,
        kind="group" if send.wa_chat_id == GROUP else "direct",
        last_message_at=START,
    )
    message = Message.objects.create(
        workspace=world.acme,
        channel=world.channel,
        chat=chat,
        direction="outbound",
        type="text",
        text=send.text,
        original_text=send.text,
        client_id=f"client-{send.wa_message_id}",
        source="waybill",
        status="pending",
        sort_at=START + timedelta(minutes=1),
    )
    Chat.objects.filter(pk=chat.pk).update(last_message_id=message.pk, last_message_at=message.sort_at)
    worker = Worker.objects.create(name="tests", lease_until=clock.now() + timedelta(hours=1))
    item = Item.objects.create(
        workspace=world.acme,
        lane_id=world.channel.pk,
        order_key=chat.pk,
        seq=1,
        kind=SEND,
        subject_id=message.pk,
        payload={},
    )
    return Attempt.objects.create(
        item=item, order_key=chat.pk, lane_id=world.channel.pk, worker=worker, started_at=START
    )


def respond(answer: Response, attempt: Attempt) -> None:
    """What the relay records when the provider's 200 comes, unless an echo was quicker."""
    Attempt.objects.filter(pk=attempt.pk).update(finished_at=START, outcome="sent", provider_id=answer.wa_message_id)
    item = Item.objects.get(pk=attempt.item_id)
    if item.state == "queued":
        item.state, item.open, item.provider_id = "sent", False, answer.wa_message_id
        item.save()
        tell_kinds([settled_from(item)])


def what_is_seen() -> dict:
    facts = list(MessageFact.objects.all())

    def by_person(wa_id, kind, name):
        return {one.key: one.value[name] for one in facts if one.wa_message_id == wa_id and one.kind == kind}

    quoted = dict(Message.objects.filter(quoted__isnull=False).values_list("wa_message_id", "quoted__wa_message_id"))
    messages = {}
    for one in Message.objects.select_related("chat"):
        assert one.wa_message_id not in messages
        votes = by_person(one.wa_message_id, "vote", "options")
        messages[one.wa_message_id or one.client_id] = {
            "chat": one.chat.wa_chat_id,
            "direction": one.direction,
            "status": one.status,
            "error": one.error_code,
            "text": one.text,
            "original_text": one.original_text,
            "edited": one.edited_at is not None,
            "deleted": one.deleted_at is not None,
            "deleted_at": one.deleted_at,
            "delivered_at": one.delivered_at,
            "read_at": one.read_at,
            "played_at": one.played_at,
            "quoted_wa_id": one.quoted_wa_id,
            "quoted": quoted.get(one.wa_message_id),
            "reactions": by_person(one.wa_message_id, "reaction", "emoji"),
            "votes": {who: tuple(options) for who, options in votes.items()},
        }
    wa_ids = {one.pk: one.wa_message_id or one.client_id for one in Message.objects.all()}
    return {
        "messages": messages,
        "chats": {
            one.wa_chat_id: {
                "name": one.name,
                "last": wa_ids.get(one.last_message_id),
                "at": one.last_message_at if one.last_message_id else None,
            }
            for one in Chat.objects.all()
        },
        "people": dict(Contact.objects.values_list("addresses__wa_id", "push_name")),
    }


def without_ties(state: dict) -> dict:
    """Of two messages of the same second either may stand last."""
    return {**state, "chats": {key: {**chat, "last": None} for key, chat in state["chats"].items()}}


def cut(values: list, chance: random.Random) -> list[list]:
    batches: list[list] = [[]]
    for value in values:
        if chance.random() < 0.4:
            batches.append([])
        batches[-1].append(value)
    return batches
