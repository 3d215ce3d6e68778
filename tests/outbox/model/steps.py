"""What may happen next: every step of every process, of the network, of time and of people, in any order.

How an attempt's end is judged, and when a repeatable item is poison, is asked of the product's own pure functions.
"""

import uuid
from collections.abc import Iterator
from functools import cache

from outbox import policy
from outbox.errors import GiveUp, OutcomeUnknown, SlowDown, TryAgain
from outbox.registry import Accepted, Job
from outbox.services.relaying.judging import Ended, NotStarted, Started, judge
from outbox.states import ItemState, Outcome
from tests.outbox.model.rules import Finding, Rules
from tests.outbox.model.world import Attempt, Hand, Item, Lease, Phase, Tick, Worker, World

Step = tuple[str, tuple, World]  # its name, whom it concerns, and the world afterwards

ENDS = {
    "accepted": Accepted("wa"),
    "refused": GiveUp("invalid", "No such number."),
    "not sent": TryAgain("dns", "No address."),
    "slow down": SlowDown("too_many", "Later.", after_seconds=1),
    "unknown": OutcomeUnknown("timeout", "No answer."),
    "not started": NotStarted(),
}
NOBODY = uuid.UUID(int=0)


@cache
def verdict(end: str, tries: int, max_attempts: int, repeatable: bool) -> Ended:
    """What the product makes of an attempt that ended so, after so many tries before it."""
    job = Job(NOBODY, NOBODY, NOBODY, NOBODY, None, "model", {}, tries + 1, 20.0)
    return judge(Started(0, job, max_attempts, 0.0), ENDS[end], repeatable=repeatable, jitter=0.5)


def steps(world: World, rules: Rules) -> Iterator[Step]:
    yield from time_passes(world)
    yield from producers(world, rules)
    yield from people_and_echoes(world)
    for place, worker in enumerate(world.workers):
        holds_something = world.owner == place or any(one.worker == place for one in world.open)
        if worker.dead and not holds_something and not (worker.up and worker.hands):
            yield "a new process starts", (place,), _with(world, place, Worker())  # in its place in the model
        if not worker.dead and worker.lease is Lease.OVER and not _is_held(worker, rules):
            yield "it is declared dead", (place,), bury(world, place, rules)
        if worker.dead and holds_something:
            yield "what a dead one holds is taken from it", (place,), bury(world, place, rules)
        if worker.up:
            yield from crashes(world, place)
            yield from network(world, place, rules)
            yield from ticks(world, place, rules)
            if not rules.counts_then_claims and world.owner is None and _passes_fence(worker, rules):
                yield "it takes the lane", (place,), world._replace(owner=place)


# --- Time, crashes ----------------------------------------------------------------------------------------------------


def time_passes(world: World) -> Iterator[Step]:
    for place, worker in enumerate(world.workers):
        if worker.dead:
            continue
        if worker.lease is Lease.GOOD:
            costs = int(worker.up)  # a living process renews; only one that stands still gets here
            if world.faults >= costs:
                later = world._replace(faults=world.faults - costs)
                yield "its lease gets short", (place,), _with(later, place, worker._replace(lease=Lease.SHORT))
        elif worker.lease is Lease.SHORT:
            if worker.up:
                yield "it renews its lease", (place,), _with(world, place, worker._replace(lease=Lease.GOOD))
            # The deadline of a send is well inside the lease in which it started.
            if not any(hand.phase is Phase.ON_WIRE for hand in worker.hands):
                yield "its lease runs out", (place,), _with(world, place, worker._replace(lease=Lease.OVER))


def crashes(world: World, place: int) -> Iterator[Step]:
    if not world.faults:
        return
    worker = world.workers[place]
    gone = _with(world, place, worker._replace(up=False, tick=None, hands=(), counted=None))
    gone = gone._replace(faults=world.faults - 1)
    yield "it is killed", (place,), gone
    leaving = tuple(hand.item for hand in worker.hands if hand.phase is Phase.ON_WIRE)
    if leaving:
        yield "it is killed, its bytes arrive", (place,), gone._replace(arrived=world.arrived + leaving)


def bury(world: World, place: int, rules: Rules) -> World:
    """What it left open may have been sent."""
    items = list(world.items)
    for attempt in world.open:
        item = items[attempt.item]
        if attempt.worker != place or item.state != ItemState.QUEUED:
            continue
        item = item._replace(tries=item.tries + 1, crashes=item.crashes + 1)
        if not rules.repeatable and rules.doubt_kept:
            item = item._replace(state=ItemState.UNCERTAIN)
        elif item.crashes >= policy.CRASHES_UNTIL_POISON or item.tries >= rules.max_attempts:
            item = item._replace(state=ItemState.FAILED, open=False)
        items[attempt.item] = item
    return _with(world, place, world.workers[place]._replace(dead=True))._replace(
        items=tuple(items),
        open=tuple(one for one in world.open if one.worker != place),
        owner=None if world.owner == place else world.owner,
    )


# --- The network ------------------------------------------------------------------------------------------------------


def network(world: World, place: int, rules: Rules) -> Iterator[Step]:
    worker = world.workers[place]
    for hand in worker.hands:
        who = (place, hand.item)
        if hand.phase is Phase.HANDED:
            if rules.lease_watched and worker.lease is not Lease.GOOD:
                yield "it does not start", who, _ends(world, place, hand, "not started")
            else:
                yield "it sends", who, _moves(world, place, hand, Phase.ON_WIRE)
        elif hand.phase is Phase.ON_WIRE:
            taken = world._replace(arrived=(*world.arrived, hand.item))
            yield "the provider takes it", who, _moves(taken, place, hand, Phase.ARRIVED)
            if world.faults:
                less = world._replace(faults=world.faults - 1)
                yield "it gets lost", who, _moves(less, place, hand, Phase.LOST)
                yield "the provider refuses it", who, _ends(less, place, hand, "refused")
                yield "no connection", who, _ends(less, place, hand, "not sent")
                yield "the provider says later", who, _ends(less, place, hand, "slow down")
        elif hand.phase is Phase.ARRIVED:
            yield "it is answered", who, _ends(world, place, hand, "accepted")
            if world.faults:
                yield "no answer", who, _ends(world._replace(faults=world.faults - 1), place, hand, "unknown")
        elif hand.phase is Phase.LOST:
            yield "no answer", who, _ends(world, place, hand, "unknown")


# --- The tick: what ended, then what starts ---------------------------------------------------------------------------


def ticks(world: World, place: int, rules: Rules) -> Iterator[Step]:
    worker = world.workers[place]
    if rules.counts_then_claims and worker.counted is None:
        yield "it counts", (place,), _with(world, place, worker._replace(counted=len(world.open)))
    if worker.tick is None:
        begun = _with(world, place, worker._replace(tick=_begin(world, worker, rules)))
        if not rules.whole_ticks:
            yield "a tick begins", (place,), begun
            return
        world, worker = begun, begun.workers[place]
    if not rules.whole_ticks and world.faults:
        aborted = worker._replace(tick=None)
        yield "the tick is rolled back", (place,), _with(world, place, aborted)._replace(faults=world.faults - 1)
    if _waits_for_producer(world, worker, rules):
        return
    for pick in (None, *range(len(world.items))):
        after, started = _commit(world, place, rules, pick)
        if pick is not None and not started:
            continue  # refused: the same as a tick that picks nothing
        yield "it commits", (place, pick), after
        if pick is not None and world.faults:
            unseen = after.workers[place]
            doubts = tuple(
                hand._replace(phase=Phase.IN_DOUBT) if hand.phase is Phase.HANDED and hand.item == pick else hand
                for hand in unseen.hands
            )
            unseen = unseen._replace(hands=doubts)
            yield "nobody sees its commit", (place, pick), _with(after, place, unseen)._replace(faults=world.faults - 1)


def _begin(world: World, worker: Worker, rules: Rules) -> Tick:
    ending = {hand.item for hand in worker.hands if hand.phase is Phase.ENDED}
    seen = frozenset(
        item.chat for number, item in enumerate(world.items) if item.state == ItemState.QUEUED and number not in ending
    )
    if rules.finding is not Finding.ONE_STATEMENT:
        seen = frozenset()
    return Tick(fenced=not _passes_fence(worker, rules), seen=seen)


def _waits_for_producer(world: World, worker: Worker, rules: Rules) -> bool:
    """A tick that ends an item waits for the chat's row, in designs that keep one."""
    if rules.finding is Finding.ASKING or world.putting is None:
        return False
    chat = world.items[world.putting].chat
    return any(hand.phase is Phase.ENDED and world.items[hand.item].chat == chat for hand in worker.hands)


def _commit(world: World, place: int, rules: Rules, pick: int | None) -> tuple[World, bool]:
    tick = world.workers[place].tick
    ended = [hand for hand in world.workers[place].hands if hand.phase is Phase.ENDED]
    world = _recorded(world, place, rules)
    if rules.finding is not Finding.ASKING and ended:
        world = _advanced(world, {world.items[hand.item].chat for hand in ended}, rules, tick)
    started = pick is not None and not tick.fenced and may_start(world, place, pick, rules)
    if started:
        number = _unused_number(world, pick)
        worker = world.workers[place]
        world = world._replace(open=(*world.open, Attempt(pick, number, place)))
        world = _with(world, place, worker._replace(hands=(*worker.hands, Hand(pick, number, Phase.HANDED))))
    return _with(world, place, world.workers[place]._replace(tick=None, counted=None)), started


def _recorded(world: World, place: int, rules: Rules) -> World:
    worker = world.workers[place]
    for hand in worker.hands:
        if hand.phase is Phase.IN_DOUBT:
            world = _closed(world, hand, place)
        elif hand.phase is Phase.ENDED:
            ours = Attempt(hand.item, hand.number, place) in world.open
            item = world.items[hand.item]
            ended = verdict(hand.end, item.tries, rules.max_attempts, rules.repeatable)
            state = ended.state if rules.doubt_kept or ended.state != ItemState.UNCERTAIN else ItemState.QUEUED
            if item.state == ItemState.QUEUED if ours and rules.late_is_evidence else not rules.late_is_evidence:
                is_open = state in (ItemState.QUEUED, ItemState.UNCERTAIN)
                item = item._replace(state=state, open=is_open, tries=item.tries + ended.tries_used)
            elif ended.outcome == Outcome.SENT and item.state == ItemState.UNCERTAIN:
                item = item._replace(state=ItemState.SENT, open=False)  # believed, because there was doubt
            world = _item(_closed(world, hand, place), hand.item, item)
    left = tuple(hand for hand in worker.hands if hand.phase not in (Phase.ENDED, Phase.IN_DOUBT))
    return _with(world, place, worker._replace(hands=left))


def may_start(world: World, place: int, pick: int, rules: Rules, *, whatever_it_remembers: bool = False) -> bool:
    """Whether the database lets it, and, unless its memory is left out, whether its process would ask."""
    worker, item = world.workers[place], world.items[pick]
    if rules.counts_then_claims:
        asks = worker.counted is not None and worker.counted < rules.cap
        mine = True
    else:
        asks = len(worker.hands) < rules.cap and not any(hand.item == pick for hand in worker.hands)
        mine = world.owner == place or not rules.owner_checked
    return (
        (asks or whatever_it_remembers)
        and mine
        and item.state == ItemState.QUEUED
        and (rules.finding is Finding.ASKING or item.chat in world.known)
        and not (rules.heads_only and any(_is_before(one, item) for one in world.items))
        and not (rules.one_open_per_chat and any(world.items[one.item].chat == item.chat for one in world.open))
    )


def _advanced(world: World, chats: set[int], rules: Rules, tick: Tick) -> World:
    waiting = {item.chat for item in world.items if item.state == ItemState.QUEUED}
    if rules.finding is Finding.ONE_STATEMENT:
        waiting = set(tick.seen)
    blocked = {item.chat for item in world.items if item.state == ItemState.UNCERTAIN and item.open}
    return world._replace(known=frozenset(world.known - {chat for chat in chats if chat not in waiting | blocked}))


# --- Producers, people, echoes ----------------------------------------------------------------------------------------


def producers(world: World, rules: Rules) -> Iterator[Step]:
    absent = next((number for number, item in enumerate(world.items) if item.state is None), None)
    if world.putting is not None:
        item = world.items[world.putting]
        done = _item(world, world.putting, item._replace(state=ItemState.QUEUED, open=True))
        # It added its chat to the list when it locked the row; whoever ends an item sees to the rest.
        yield "the message is committed", (world.putting,), done._replace(putting=None)
    elif absent is not None:
        chat = world.items[absent].chat
        yield "a message is written", (absent,), world._replace(putting=absent, known=world.known | {chat})


def people_and_echoes(world: World) -> Iterator[Step]:
    for number, item in enumerate(world.items):
        being_sent = item.state == ItemState.QUEUED and any(one.item == number for one in world.open)
        if number in world.arrived and (item.state == ItemState.UNCERTAIN or being_sent):
            sent = item._replace(state=ItemState.SENT, open=False)
            yield "an echo proves it", (number,), _item(world, number, sent)
        if item.state == ItemState.UNCERTAIN and item.open:
            yield "its chat is released", (number,), _item(world, number, item._replace(open=False))
        if world.retries and item.state in (ItemState.UNCERTAIN, ItemState.FAILED):
            tail = 1 + max(one.place for one in world.items if one.chat == item.chat)
            again = item._replace(state=ItemState.QUEUED, open=True, tries=0, place=item.place if item.open else tail)
            asked = _item(world, number, again)._replace(retries=world.retries - 1)
            asked = asked._replace(asked_again=(*asked.asked_again, number), known=asked.known | {item.chat})
            yield "a person sends it again", (number,), asked


# --- Small things -----------------------------------------------------------------------------------------------------


def _passes_fence(worker: Worker, rules: Rules) -> bool:
    return not rules.fence or (not worker.dead and worker.lease is not Lease.OVER)


def _is_held(worker: Worker, rules: Rules) -> bool:
    """A tick that passed the fence holds the worker's row until its commit."""
    return rules.fence and rules.fence_holds and worker.tick is not None and not worker.tick.fenced


def _is_before(one: Item, item: Item) -> bool:
    return one.chat == item.chat and one.open and one.place < item.place


def _with(world: World, place: int, worker: Worker) -> World:
    return world._replace(workers=(*world.workers[:place], worker, *world.workers[place + 1 :]))


def _item(world: World, number: int, item: Item) -> World:
    return world._replace(items=(*world.items[:number], item, *world.items[number + 1 :]))


def _unused_number(world: World, item: int) -> int:
    taken = {one.number for one in world.open if one.item == item}
    taken |= {hand.number for worker in world.workers for hand in worker.hands if hand.item == item}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def _closed(world: World, hand: Hand, place: int) -> World:
    gone = Attempt(hand.item, hand.number, place)
    return world._replace(open=tuple(one for one in world.open if one != gone))


def _moves(world: World, place: int, hand: Hand, phase: Phase, end: str = "") -> World:
    worker = world.workers[place]
    hands = tuple(hand._replace(phase=phase, end=end) if one == hand else one for one in worker.hands)
    return _with(world, place, worker._replace(hands=hands))


def _ends(world: World, place: int, hand: Hand, end: str) -> World:
    return _moves(world, place, hand, Phase.ENDED, end)
