"""Why a message is where it is: everything that happened to it, in sentences, oldest first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from inbox.jobs import SEND
from inbox.models import Message, MessageFact
from inbox.states import FactKind
from outbox.models import Attempt, Item
from outbox.selectors.history import ItemHistory, history_of
from outbox.states import HoldKind, ItemState, Outcome


@dataclass(frozen=True)
class TimelineEntry:
    """`event` is one of the contract's words; `attempt` counts from 1 where it is about one."""

    at: datetime
    event: str
    detail: str
    attempt: int | None = None


REPORTS = {
    "sent": "The provider passed it on.",
    "delivered": "It reached the customer's phone.",
    "read": "The customer read it.",
    "played": "The customer played it.",
}

EVIDENCE = {
    "echo": "The provider's own notice of the message shows that it was sent.",
    "status": "A delivery report shows that it was sent.",
    "look-up": "It was found at the provider.",
    "person": "",  # the person's own deed says it
    "late answer": "The provider's answer came late: it was sent.",
}

ORDER = ("queued", "scheduled", "waiting", "paused", "attempt_started", "attempt_failed", "uncertain")
"""Among entries of the same moment: what leads to something stands before it."""


def timeline_of(message: Message) -> list[TimelineEntry]:
    """Six queries at most, whatever happened."""
    histories = [one for one in history_of(message.pk) if one.item.kind == SEND]
    attempts = [attempt for one in histories for attempt in one.attempts]
    tried_at = max((attempt.finished_at or attempt.started_at for attempt in attempts), default=message.sort_at)
    entries = [
        *_of_items(message, [one.item for one in histories]),
        *_of_holds(histories),
        *_of_attempts(attempts),
        # Providers report in whole seconds: without this a report would stand before what it reports.
        *(replace(entry, at=max(entry.at, tried_at)) for entry in _of_facts(message)),
        *(TimelineEntry(deed.at, deed.event, deed.detail) for deed in message.deeds.all()),
    ]
    if not histories:
        entries.append(_arrival(message))
    return sorted(entries, key=lambda entry: (entry.at, _rank(entry.event)))


def _rank(event: str) -> int:
    return ORDER.index(event) if event in ORDER else len(ORDER)


def _arrival(message: Message) -> TimelineEntry:
    if message.direction == "inbound":
        return TimelineEntry(message.sort_at, "sent", "The customer sent it.")
    where = f" ({message.source})" if message.source else ""
    return TimelineEntry(message.sort_at, "sent", f"Sent with this number outside Waybill{where}.")


def _of_items(message: Message, items: list[Item]) -> Iterator[TimelineEntry]:
    for number, item in enumerate(items):
        if number == 0:
            author = message.sender_name
            written = f"Written by {author} and put into the outbox." if author else "Written and put into the outbox."
            yield TimelineEntry(item.created_at, "queued", written)
        if item.state == ItemState.SCHEDULED:
            yield TimelineEntry(item.due_at, "scheduled", f"To be sent at {_clock(item.due_at)} UTC.")
        if item.state == ItemState.QUEUED and item.attempts:
            yield TimelineEntry(item.due_at, "waiting", f"The next try is at {_clock(item.due_at)} UTC.")
        if item.released_at is not None:
            detail = "The chat goes on without knowing whether this arrived."
            yield TimelineEntry(item.released_at, "released", detail)


def _of_holds(histories: list[ItemHistory]) -> Iterator[TimelineEntry]:
    """Each hold of the lane that made the message wait, once."""
    for hold in {hold.pk: hold for one in histories for hold in one.holds}.values():
        kind = HoldKind(hold.kind).label
        why = f"{kind} until {_clock(hold.until)} UTC: {hold.reason}" if hold.until else f"{kind}: {hold.reason}"
        at = max(hold.started_at, histories[0].item.created_at)
        yield TimelineEntry(at, "paused", why)


def _of_attempts(attempts: list[Attempt]) -> Iterator[TimelineEntry]:
    for number, attempt in enumerate(attempts, start=1):
        yield TimelineEntry(attempt.started_at, "attempt_started", f"Attempt {number} began.", number)
        if attempt.outcome is not None:
            event, detail = _ended(attempt)
            yield TimelineEntry(attempt.finished_at, event, detail, number)
        evidence = attempt.late_evidence or {}
        if detail := EVIDENCE.get(evidence.get("how", ""), ""):
            at = _moment(evidence.get("at")) or attempt.finished_at or attempt.started_at
            yield TimelineEntry(max(at, attempt.started_at), "resolved", detail, number)


def _ended(attempt: Attempt) -> tuple[str, str]:
    why = attempt.error or attempt.error_code
    match attempt.outcome:
        case Outcome.SENT:
            return "sent", "The provider accepted it."
        case Outcome.FAILED:
            return "failed", f"Refused for good: {why}"
        case Outcome.UNCERTAIN:
            return "uncertain", f"Nobody knows whether it arrived: {why}"
        case Outcome.DEFERRED:
            return "attempt_failed", f"The provider asked to wait, so this counts as no try: {why}"
        case Outcome.NOT_SENT:
            return "attempt_failed", f"It did not leave, so this counts as no try: {why}"
    return "attempt_failed", f"Not sent, to be tried again: {why}"


def _of_facts(message: Message) -> Iterator[TimelineEntry]:
    if not message.wa_message_id:
        return
    facts = MessageFact.objects.filter(channel_id=message.channel_id, wa_message_id=message.wa_message_id)
    for fact in facts.filter(kind__in=[FactKind.STATUS, FactKind.EDIT, FactKind.REVOKE]).order_by("at", "id"):
        at = fact.at or fact.created_at
        match fact.kind:
            case FactKind.EDIT:
                yield TimelineEntry(at, "edited", "The text was changed.")
            case FactKind.REVOKE:
                yield TimelineEntry(at, "revoked", "It was deleted for everybody.")
            case _ if message.direction == "outbound":
                yield _report(fact, at)


def _report(fact: MessageFact, at: datetime) -> TimelineEntry:
    word = fact.key.partition(":")[0]
    viewer = f" ({fact.actor_wa_id.partition('@')[0]})" if fact.actor_wa_id else ""
    if word == "failed":
        why = fact.value.get("detail") or fact.value.get("code") or "No reason given."
        return TimelineEntry(at, "failed", f"The provider reported that it could not be delivered: {why}")
    return TimelineEntry(at, word, REPORTS.get(word, word.capitalize()) + viewer)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _moment(raw: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(raw) if raw else None
    except ValueError:
        return None
