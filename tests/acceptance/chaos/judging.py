"""The oracle: compares what the API took and customers said with the provider's own log and with the database."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.chaos.traffic import Said, Written

ENDED_WELL = {"sent", "delivered", "read"}
SHOWN = 8
CLOCK_SECONDS = 0.05  # two programs note the same moment


@dataclass
class Evidence:
    """What is known at the end. Times are seconds since 1970 of one clock."""

    written: list[Written]
    said: list[Said]
    retried: set[str]  # texts that a person sent again
    requests: list[dict[str, Any]]  # the provider's log of POST /messages/text
    existing: list[dict[str, Any]]  # the messages at the provider
    messages: list[dict[str, Any]]
    items: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    events: list[dict[str, Any]]  # webhooks that are not applied, by result
    trouble: list[str] = field(default_factory=list)


@dataclass
class Verdict:
    """Each list holds one sentence per finding; all must be empty."""

    sent: int
    received: int
    shown_to_a_person: int
    lost: list[str]
    repeated: list[str]
    inverted: list[str]
    over_cap: list[str]
    unresolved: list[str]

    @property
    def clean(self) -> bool:
        return not (self.lost or self.repeated or self.inverted or self.over_cap or self.unresolved)

    def report(self) -> str:
        counts = {
            "sent": self.sent,
            "received": self.received,
            "shown to a person as uncertain": self.shown_to_a_person,
            "lost": self.lost,
            "silently repeated": self.repeated,
            "order inversions": self.inverted,
            "cap violations": self.over_cap,
            "unresolved": self.unresolved,
        }
        lines = []
        for name, value in counts.items():
            lines.append(f"{name:<32}{value if isinstance(value, int) else len(value):>8}")
            if isinstance(value, list):
                lines += [f"    {sentence}" for sentence in value[:SHOWN]]
        sums = ", ".join(f"{name} {len(value)}" for name, value in counts.items() if isinstance(value, list))
        return "\n".join([*lines, sums])


def judge(evidence: Evidence) -> Verdict:
    accepted = [one for one in evidence.requests if one["accepted"]]
    at_provider = Counter(text_of(one) for one in accepted)
    ours = {message["id"]: message for message in evidence.messages if message["direction"] == "outbound"}
    return Verdict(
        sent=len(accepted),
        received=len(evidence.said),
        shown_to_a_person=sum(message["status"] == "uncertain" for message in ours.values()),
        lost=[*lost_on_the_way_out(evidence, ours, at_provider), *lost_on_the_way_in(evidence)],
        repeated=[*sent_twice(evidence, at_provider), *shown_twice(evidence)],
        inverted=inversions(evidence, accepted),
        over_cap=cap_violations(evidence),
        unresolved=[*evidence.trouble, *unresolved(evidence, ours)],
    )


def text_of(request: dict[str, Any]) -> str:
    return request["body"]["body"]


def lost_on_the_way_out(evidence: Evidence, ours: dict[str, Any], at_provider: Counter[str]) -> list[str]:
    """What the API took is in the inbox, and what is called sent (and only that) reached the provider."""
    texts = {one["id"]: one["text"]["body"] for one in evidence.existing if one.get("type") == "text"}
    found = []
    for one in evidence.written:
        message = ours.get(one.message_id)
        if message is None:
            found.append(f"{one.text}: taken by the API, but not in the inbox")
        elif message["status"] in ENDED_WELL and not at_provider[one.text]:
            found.append(f"{one.text}: called {message['status']}, but never reached the provider")
        elif message["status"] in ENDED_WELL and texts.get(message["wa_message_id"]) != one.text:
            found.append(f"{one.text}: carries the id of {texts.get(message['wa_message_id'])!r}")
        elif message["status"] == "failed" and at_provider[one.text]:
            found.append(f"{one.text}: called failed, but the customer has it")
    return found


def lost_on_the_way_in(evidence: Evidence) -> list[str]:
    known = Counter(
        (message["channel_id"], message["wa_message_id"], message["wa_chat_id"], message["text"])
        for message in evidence.messages
        if message["direction"] == "inbound"
    )
    return [
        f"{one.text}: in the inbox {times} times"
        for one in evidence.said
        if (times := known[one.chat.number.channel_id, one.wa_id, f"{one.chat.customer}@s.whatsapp.net", one.text]) != 1
    ]


def sent_twice(evidence: Evidence, at_provider: Counter[str]) -> list[str]:
    return [
        f"{text}: {times} times at the provider, and nobody asked for it"
        for text, times in at_provider.items()
        if times > 1 and text not in evidence.retried
    ]


def shown_twice(evidence: Evidence) -> list[str]:
    bubbles = Counter((message["direction"], message["text"]) for message in evidence.messages)
    return [
        f"{text}: {times} bubbles in the inbox"
        for (_, text), times in bubbles.items()
        if times > 1 and text not in evidence.retried
    ]


def inversions(evidence: Evidence, accepted: list[dict[str, Any]]) -> list[str]:
    """A message that a person sent again goes to the end of its chat, so it is left out."""
    place_of = {one.text: one for one in evidence.written if one.text not in evidence.retried}
    reached: dict[Any, Written] = {}
    found = []
    for request in accepted:
        one = place_of.get(text_of(request))
        if one is None:
            continue
        before = reached.get(one.chat)
        if before is not None and before.place > one.place:
            found.append(f"{one.text}: reached the provider after number {before.place}")
        else:
            reached[one.chat] = one
    return found


def cap_violations(evidence: Evidence) -> list[str]:
    """By the provider's log: never more requests under way in a channel than its cap, nor two in a chat, nor one
    without an open attempt. A request is under way until it is answered or its attempt was given up."""
    attempts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for attempt in evidence.attempts:
        attempts[attempt["text"]].append(attempt)
    found = []
    spans: dict[str, list[tuple[float, float, str, str]]] = defaultdict(list)
    for request in evidence.requests:
        text, at = text_of(request), request["at"]
        own = [one for one in attempts[text] if one["started_at"] - CLOCK_SECONDS <= at <= one["until"] + CLOCK_SECONDS]
        if not own:
            known = [f"{one['started_at'] - at:+.2f} to {one['until'] - at:+.2f} s" for one in attempts[text]]
            found.append(f"{text}: reached the provider without an open attempt; it has {known or 'none'}")
            continue
        ended = min(request["answered_at"] or own[-1]["until"], own[-1]["until"])
        spans[request["channel_id"]].append((at, ended, request["body"]["to"], text))
    cap = max((attempt["cap"] for attempt in evidence.attempts), default=0)
    for channel in spans.values():
        for at, _, to, text in channel:
            beside = [other for other in channel if other[0] <= at < other[1]]
            if len(beside) > cap:
                found.append(f"{text}: {len(beside)} under way at once in its channel")
            if sum(other[2] == to for other in beside) > 1:
                found.append(f"{text}: two under way at once in its chat")
    return found


def unresolved(evidence: Evidence, ours: dict[str, Any]) -> list[str]:
    """Every message has an end with its reason, every webhook was applied, every report arrived."""
    found = [f"{item['text']}: its item is still {item['state']}" for item in evidence.items if item["waiting"]]
    found += [f"{one['text']}: an attempt has no outcome" for one in evidence.attempts if one["outcome"] is None]
    found += [f"{row['number']} webhooks are {row['result']}: {row['reason']}" for row in evidence.events]
    for message in ours.values():
        text, status = message["text"], message["status"]
        if status == "pending":
            found.append(f"{text}: still pending")
        elif status == "failed" and not message["error_code"]:
            found.append(f"{text}: failed without a reason")
        elif status in ENDED_WELL and status != "read":
            found.append(f"{text}: the report that it was read got lost; it is {status}")
    return found
