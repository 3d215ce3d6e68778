"""What must hold in every world, across every step, and in the end. Each broken promise is one sentence."""

from collections.abc import Iterator
from itertools import pairwise

from outbox.states import ItemState
from tests.outbox.model.rules import Rules
from tests.outbox.model.world import Phase, World


def broken_in(world: World, rules: Rules) -> Iterator[str]:
    """In a world as it stands."""
    chats_open = [world.items[one.item].chat for one in world.open]
    if len(set(chats_open)) < len(chats_open):
        yield "two attempts of one chat are open"
    living = [one for one in world.open if not world.workers[one.worker].dead]
    if len(living) > rules.cap:
        yield "more attempts are open in the lane than its cap"
    on_wire = [
        world.items[hand.item].chat for worker in world.workers for hand in worker.hands if hand.phase is Phase.ON_WIRE
    ]
    if len(on_wire) > rules.cap or len(set(on_wire)) < len(on_wire):
        yield "more is on its way at the same time than the cap allows, or two of one chat"
    for number, item in enumerate(world.items):
        times = world.arrived.count(number)
        if not rules.repeatable and times > 1 + world.asked_again.count(number):
            yield "an item reached the provider twice, and nobody had asked for it"
        if item.state == ItemState.SENT and not times:
            yield "an item is called sent and never reached the provider"
        if item.state == ItemState.FAILED and times and not rules.repeatable and number not in world.asked_again:
            yield "an item is called failed and the customer has it"
    for chat in {item.chat for item in world.items}:
        order = [
            number
            for number in dict.fromkeys(world.arrived)  # the first time that each arrived
            if world.items[number].chat == chat and number not in world.asked_again
        ]
        if any(earlier > later for earlier, later in pairwise(order)):
            yield "the messages of a chat arrived in another order than they were written"


def broken_by(before: World, after: World) -> Iterator[str]:
    """By a step. A late answer is one of an attempt that the database had closed before."""
    for old, new in zip(before.items, after.items, strict=True):
        if old.state == ItemState.SENT and new.state != ItemState.SENT:
            yield "what was sent is called something else again"
    for place, (old, new) in enumerate(zip(before.workers, after.workers, strict=True)):
        gone = {hand for hand in old.hands if hand.phase is Phase.ENDED} - set(new.hands)
        if not new.up or not gone:
            continue
        alive = {(one.item, one.number, one.worker) for one in before.open}
        for hand in gone:
            was, now = before.items[hand.item], after.items[hand.item]
            proven = was.state == ItemState.UNCERTAIN and now.state == ItemState.SENT
            if (hand.item, hand.number, place) not in alive and was != now and not proven:
                yield "a late answer changed more than doubt into proof"


STUCK = "an item is left behind: whatever happens from here on, nobody will ever end it"
