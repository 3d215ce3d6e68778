"""Any reordering, repetition and batching of what a provider tells ends in the same chats, as a small model says."""

import json
import os
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.providers.base import (
    InboundEdit,
    InboundGroup,
    InboundMessage,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
)
from channels_app.selectors import channels as channel_selectors
from inbox.jobs import SEND
from inbox.models import Chat, Contact, Message, MessageFact
from inbox.services.ingesting import Heard, Source, apply_values
from inbox.states import REPORT_RANK
from kernel import clock
from outbox.models import Attempt, Item, Worker
from outbox.services.settling import settled_from, tell_kinds
from tests.support.world import WEBHOOK_SECRET, World
from webhooks.models import InboundEvent
from webhooks.services.applying import sweep_pending

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
CARLA, OTTO = "15550100111@s.whatsapp.net", "15550100112@s.whatsapp.net"
GROUP = "120363000000000001@g.us"
CHATS = (CARLA, GROUP)


@dataclass(frozen=True)
class Response:
    """The provider's answer to our send: it happens once, before or after anything else."""

    wa_message_id: str
    wa_chat_id: str


@dataclass(frozen=True)
class Send:
    """A message of ours whose attempt is open when the history begins."""

    wa_message_id: str
    wa_chat_id: str
    text: str


def our_id(chat: str) -> str:
    return f"ours-{chat[:5]}"


# --- Histories --------------------------------------------------------------------------------------------------------

moments = st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds))
sometimes = st.one_of(st.none(), moments)


@st.composite
def histories(draw):
    """What happened: the values a provider sends about it, each once, and our own sends among it."""
    values = []
    ids = [f"m{number}" for number in range(draw(st.integers(1, 4)))]
    for wa_id in ids:
        chat = draw(st.sampled_from(CHATS))
        from_me = draw(st.booleans())
        author = CARLA if chat == CARLA else draw(st.sampled_from([CARLA, OTTO]))
        at = draw(moments)
        values.append(
            InboundMessage(
                wa_message_id=wa_id,
                wa_chat_id=chat,
                from_me=from_me,
                sender_wa_id="15550100100@s.whatsapp.net" if from_me else author,
                at=at,
                type="text",
                text=draw(st.sampled_from(["one", "two"])),
                sender_name="" if from_me else draw(st.sampled_from(["Carla", "C.", ""])),
                chat_name=f"Team {at.second}" if chat == GROUP else "",
                source="mobile",
                status=draw(st.sampled_from(["", "pending", "sent", "delivered", "failed"])) if from_me else "",
                quoted_wa_id=draw(st.sampled_from(["", *ids, *(our_id(each) for each in CHATS)])),
            )
        )
    sends = [Send(our_id(chat), chat, "ours") for chat in CHATS if draw(st.booleans())]
    for send in sends:
        told = draw(st.sampled_from(["echo", "response", "both"]))
        if told != "response":
            values.append(echo_of(send, draw(moments)))
        if told != "echo":
            values.append(Response(send.wa_message_id, send.wa_chat_id))
    targets = st.sampled_from([*ids, *(send.wa_message_id for send in sends), "never-comes"])
    values += draw(st.lists(facts(targets), max_size=12))
    values += [
        InboundGroup(GROUP, name=draw(st.sampled_from(["Old", "New"])), name_at=at)
        for at in draw(st.lists(sometimes, max_size=2))
    ]
    return sends, values


def facts(targets):
    people = st.sampled_from([CARLA, OTTO])
    return st.one_of(
        st.builds(
            InboundStatus,
            wa_message_id=targets,
            status=st.sampled_from(["pending", "sent", "delivered", "read", "played", "failed", "deleted"]),
            at=sometimes,
            wa_chat_id=st.just(CARLA),
            viewer_wa_id=st.sampled_from(["", OTTO]),
            error_code=st.sampled_from(["", "131"]),
        ),
        st.builds(
            InboundEdit,
            target_wa_id=targets,
            wa_chat_id=st.just(CARLA),
            text=st.sampled_from(["one", "edited", "again"]),
            at=sometimes,
        ),
        st.builds(InboundRevoke, target_wa_id=targets, wa_chat_id=st.just(CARLA), by_wa_id=people, at=sometimes),
        st.builds(
            InboundReaction,
            target_wa_id=targets,
            wa_chat_id=st.just(CARLA),
            by_wa_id=people,
            by_name=st.just(""),
            emoji=st.sampled_from(["👍", "❤️", ""]),
            at=sometimes,
            event_wa_id=st.sampled_from(["", "e1", "e2"]),
            from_me=st.booleans(),
        ),
        st.builds(
            InboundVote,
            target_wa_id=targets,
            wa_chat_id=st.just(CARLA),
            by_wa_id=people,
            options=st.sampled_from([(), ("red",), ("red", "blue")]),
            at=sometimes,
        ),
    )


def echo_of(send: Send, at: datetime) -> InboundMessage:
    return InboundMessage(
        wa_message_id=send.wa_message_id,
        wa_chat_id=send.wa_chat_id,
        from_me=True,
        sender_wa_id="15550100100@s.whatsapp.net",
        at=at,
        type="text",
        text=send.text,
        source="api",
        status="pending",
    )


# --- The model: what every order has to end in ------------------------------------------------------------------------


def latest(facts, what) -> set:
    """The values that may win: all those of the latest second; facts without a time lose to any with one."""
    if not facts:
        return set()
    newest = max(fact.at or datetime.min.replace(tzinfo=UTC) for fact in facts)
    return {what(fact) for fact in facts if (fact.at or datetime.min.replace(tzinfo=UTC)) == newest}


def earliest(facts) -> datetime | None:
    return min((fact.at for fact in facts if fact.at), default=None)


def check_against_model(sends: list[Send], values: list, state: dict) -> None:
    told = [value for value in values if isinstance(value, InboundMessage)]
    groups = [value for value in values if isinstance(value, InboundGroup)]
    ours = {send.wa_message_id: send for send in sends}
    arrived = {value.wa_message_id: value for value in told if value.wa_message_id not in ours}
    assert state["messages"].keys() == arrived.keys() | ours.keys(), "one bubble for each message, and no other"
    for wa_id, seen in state["messages"].items():
        base = arrived.get(wa_id) or ours[wa_id]
        about = [value for value in values if wa_id in (vars(value).get("target_wa_id"), named(value))]
        check_message(base, about, seen)
    if groups or any(value.wa_chat_id == GROUP for value in told):
        names = [(one.name, one.name_at) for one in groups] + [
            (one.chat_name, one.at) for one in told if one.chat_name and one.wa_chat_id == GROUP
        ]
        dated = [(name, at) for name, at in names if at is not None] or names
        newest = max((at for _, at in dated if at), default=None)
        assert state["chats"][GROUP]["name"] in ({name for name, at in dated if at == newest} or {""})
    for who in (CARLA, OTTO):
        called = [one for one in told if one.sender_wa_id == who and one.sender_name]
        if called:
            assert state["people"][who] in latest(called, lambda one: one.sender_name)
    for chat in CHATS:
        inside = [one for one in told if one.wa_chat_id == chat and one.wa_message_id not in ours]
        own = [send for send in sends if send.wa_chat_id == chat]
        if own:
            assert state["chats"][chat]["last"] == own[0].wa_message_id, "ours was written last"
        elif inside:
            assert state["chats"][chat]["last"] in latest(inside, lambda one: one.wa_message_id)


def named(value) -> str | None:
    return getattr(value, "wa_message_id", None) if isinstance(value, InboundStatus | InboundMessage) else None


def check_message(base: InboundMessage | Send, about: list, seen: dict) -> None:
    outbound = isinstance(base, Send) or base.from_me
    reports = [one for one in about if isinstance(one, InboundStatus) and one.status in REPORT_RANK]
    words = {one.status for one in reports} | {
        one.status for one in about if isinstance(one, InboundMessage) and one.from_me and one.status in REPORT_RANK
    }
    furthest = max(words, key=REPORT_RANK.__getitem__, default="sent")
    assert seen["status"] == (furthest if outbound else "received")
    if outbound:
        assert seen["delivered_at"] == earliest([one for one in reports if one.status == "delivered"])
        assert seen["read_at"] == earliest([one for one in reports if one.status == "read"])

    edits = [one for one in about if isinstance(one, InboundEdit)]
    assert seen["text"] in (latest(edits, lambda one: one.text) or {base.text})
    assert (seen["edited"], seen["deleted"]) == (
        bool(edits),
        any(isinstance(one, InboundRevoke) or getattr(one, "status", "") == "deleted" for one in about),
    )

    reactions = [one for one in about if isinstance(one, InboundReaction)]
    by_person = {"me" if one.from_me else one.by_wa_id for one in reactions}
    assert seen["reactions"].keys() == by_person
    for who, emoji in seen["reactions"].items():
        mine = [one for one in reactions if ("me" if one.from_me else one.by_wa_id) == who]
        assert emoji in latest(mine, lambda one: one.emoji)
    votes = [one for one in about if isinstance(one, InboundVote)]
    assert seen["votes"].keys() == {one.by_wa_id for one in votes}
    for who, options in seen["votes"].items():
        assert options in latest([one for one in votes if one.by_wa_id == who], lambda one: tuple(sorted(one.options)))
    if isinstance(base, InboundMessage):
        assert seen["quoted_wa_id"] == base.quoted_wa_id
        if base.quoted_wa_id != base.wa_message_id:
            assert seen["quoted"] in (base.quoted_wa_id, None)


# --- Running a history ------------------------------------------------------------------------------------------------


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


@pytest.mark.timeout(600)  # making a failing history small takes its time, and a cut there would hide it
@given(history=histories(), chance=st.randoms(use_true_random=False))
@settings(
    max_examples=int(os.environ.get("CONVERGENCE_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_repetition_and_batching_ends_in_the_same_chats(world, history, chance):
    sends, values = history
    told = run(world, sends, [values])
    check_against_model(sends, values, told)
    again = [value for value in values if not isinstance(value, Response) and chance.random() < 0.5]
    shuffled = [*values, *again]
    chance.shuffle(shuffled)
    other = run(world, sends, cut(shuffled, chance))
    check_against_model(sends, values, other)
    for wa_id, seen in told["messages"].items():
        assert other["messages"][wa_id] == seen
    assert without_ties(other) == without_ties(told)


# --- Real payloads ----------------------------------------------------------------------------------------------------

SAMPLES = os.environ.get("WHAPI_SAMPLES", "")


def samples() -> dict[str, dict]:
    if not SAMPLES or not Path(SAMPLES).is_dir():
        pytest.skip("WHAPI_SAMPLES is not set: name a folder of Whapi webhook bodies (webhook-*.json) to replay them.")
    found = {path.name: json.loads(path.read_text()) for path in sorted(Path(SAMPLES).glob("webhook-*.json"))}
    assert found, f"{SAMPLES} holds no webhook-*.json."
    return found


def deliver(client, world, name: str, body: dict) -> None:
    suffix = "/messages" if "methodmode" in name else ""
    response = client.post(
        f"/api/webhooks/whapi/{world.channel.pk}{suffix}",
        body,
        content_type="application/json",
        headers={"X-Webhook-Secret": WEBHOOK_SECRET},
    )
    assert response.status_code == 200, (name, response.content)


def state_of_samples() -> dict:
    seen = what_is_seen()
    seen["kept"] = sorted(MessageFact.objects.values_list("wa_message_id", "kind", "key"))
    seen["writable"] = sorted(Chat.objects.values_list("wa_chat_id", "read_only", "only_admins_write"))
    seen["groups"] = sorted(
        Chat.objects.filter(participants__left=False).values_list(
            "wa_chat_id", "participants__wa_id", "participants__rank"
        )
    )
    return seen


def test_every_sample_ends_in_the_right_chat(world, client):
    bodies = samples()
    for name, body in bodies.items():
        deliver(client, world, name, body)
    sweep_pending()
    events = InboundEvent.objects.order_by("id")
    trouble = [(name, event.reason) for name, event in zip(bodies, events, strict=True) if event.result == "parked"]
    assert not trouble
    for name, body in bodies.items():
        for item in body.get("messages", []):
            if item["type"] == "action":
                assert MessageFact.objects.filter(wa_message_id=item["action"]["target"]).exists(), name
            else:
                message = Message.objects.get(wa_message_id=item["id"])
                assert (message.chat.wa_chat_id, message.direction) == (
                    item["chat_id"],
                    "outbound" if item["from_me"] else "inbound",
                ), name
        for item in body.get("statuses", []):
            assert MessageFact.objects.filter(wa_message_id=item["id"], kind="status").exists(), name


@pytest.mark.parametrize("seed", range(6))
def test_samples_in_any_order_and_repetition_end_in_the_same_state(world, client, seed):
    bodies = samples()

    def replayed(chance: random.Random | None) -> dict:
        order = list(bodies)
        if chance is not None:
            order += chance.choices(order, k=len(order) // 2)
            chance.shuffle(order)
        with transaction.atomic():
            channel_selectors._targets.clear()
            for name in order:
                deliver(client, world, name, bodies[name])
                if chance is not None and chance.random() < 0.3:
                    sweep_pending()
            sweep_pending()
            state = state_of_samples()
            transaction.set_rollback(True)
        return state

    assert replayed(random.Random(seed)) == replayed(None)
