"""Every interleaving, breadth first: the shortest way to a broken promise, or how many worlds keep them all."""

from collections import deque
from dataclasses import dataclass

from tests.outbox.model.promises import STUCK, broken_by, broken_in
from tests.outbox.model.rules import Rules
from tests.outbox.model.steps import steps
from tests.outbox.model.world import World

LIMIT = 2_000_000


@dataclass(frozen=True)
class Exploration:
    """`broken` is "" when every promise held in every world; else `way` has the steps that lead there."""

    worlds: int
    steps: int
    depth: int
    broken: str = ""
    way: tuple[str, ...] = ()

    def report(self) -> str:
        counts = f"{self.worlds:,} worlds, {self.steps:,} steps between them, at most {self.depth} from the first"
        if not self.broken:
            return f"every promise holds: {counts}"
        return "\n".join(
            [f"broken: {self.broken} ({counts})", *(f"  {n}. {step}" for n, step in enumerate(self.way, 1))]
        )


def explore(first: World, rules: Rules) -> Exploration:
    """Raises MemoryError beyond LIMIT worlds: then the bounds of `first` are too wide."""
    numbers: dict[World, int] = {first: 0}
    came_from: list[tuple[int, str]] = [(-1, "")]
    depths = [0]
    leads_to_me: list[list[int]] = [[]]
    done: list[int] = []
    waiting = deque([first])
    count = 0

    def found(sentence: str, number: int) -> Exploration:
        return Exploration(len(numbers), count, max(depths), sentence, _way(came_from, number))

    while waiting:
        world = waiting.popleft()
        number = numbers[world]
        if world.is_done():
            done.append(number)
        for name, whom, after in steps(world, rules):
            count += 1
            known = numbers.get(after)
            if known is None:
                known = numbers[after] = len(came_from)
                came_from.append((number, _told(name, whom)))
                depths.append(depths[number] + 1)
                leads_to_me.append([])
                waiting.append(after)
                if sentence := next(broken_in(after, rules), ""):
                    return found(sentence, known)
            if sentence := next(broken_by(world, after), ""):
                return Exploration(
                    len(numbers), count, max(depths), sentence, (*_way(came_from, number), _told(name, whom))
                )
            leads_to_me[known].append(number)
        if len(numbers) > LIMIT:
            raise MemoryError(f"more than {LIMIT:,} worlds")
    left_behind = _not_leading_to(done, leads_to_me)
    return found(STUCK, left_behind) if left_behind is not None else Exploration(len(numbers), count, max(depths))


def _not_leading_to(done: list[int], leads_to_me: list[list[int]]) -> int | None:
    """The first world from which no way leads to an end."""
    ending = bytearray(len(leads_to_me))
    waiting = deque(done)
    for number in done:
        ending[number] = 1
    while waiting:
        for before in leads_to_me[waiting.popleft()]:
            if not ending[before]:
                ending[before] = 1
                waiting.append(before)
    place = ending.find(0)
    return None if place < 0 else place


def _way(came_from: list[tuple[int, str]], number: int) -> tuple[str, ...]:
    way = []
    while number > 0:
        number, step = came_from[number]
        way.append(step)
    return tuple(reversed(way))


def _told(name: str, whom: tuple) -> str:
    match name, whom:
        case "it commits", (place, None):
            return f"process {place}: it commits, and starts nothing"
        case (("it commits" | "nobody sees its commit"), (place, item)):
            return f"process {place}: {name}, and item {item} starts"
        case _, (place, item):
            return f"process {place}, item {item}: {name}"
        case (("an echo proves it" | "its chat is released" | "a person sends it again"), (item,)):
            return f"item {item}: {name}"
        case (("a message is written" | "the message is committed"), (item,)):
            return f"item {item}: {name}"
        case _:
            return f"process {whom[0]}: {name}"
