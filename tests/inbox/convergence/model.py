"""What every order has to end in."""

from datetime import UTC, datetime

from channels_app.providers.base import (
    InboundEdit,
    InboundGroup,
    InboundMessage,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
)
from inbox.states import REPORT_RANK
from tests.inbox.convergence.histories import CARLA, CHATS, GROUP, OTTO, Send


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
