"""Walks through the model, step by step also on the real engine: after each step both must tell the same story."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

from kernel import clock
from outbox.models import Attempt, Item, Lane
from outbox.services.operating import confirm_item, release_item, retry_item
from outbox.services.relaying import owning
from outbox.services.relaying.judging import Ended, Started, judge
from outbox.services.relaying.ticking import LaneDeeds, write_tick
from tests.outbox.model import steps as model
from tests.outbox.model.rules import Rules
from tests.outbox.model.world import Hand, Lease, Phase, World
from tests.support.outbox import KIND, REPEATABLE, put

LEASE_SECONDS = 600


def walk(first: World, rules: Rules, luck: random.Random, length: int) -> Iterator[tuple[str, tuple, World, World]]:
    """Up to `length` steps: their names, whom they concern, the worlds before and after."""
    world = first
    for _ in range(length):
        choices = list(model.steps(world, rules))
        if not choices:
            return
        name, whom, after = luck.choice(choices)
        yield name, whom, world, after
        world = after


@dataclass
class Engine:
    """The real engine, moved by the names of the model's steps. What a process remembers lies in `started`."""

    lane: Lane
    rules: Rules
    items: list[uuid.UUID | None] = field(default_factory=list)
    workers: list[int] = field(default_factory=list)
    chats: list[uuid.UUID] = field(default_factory=list)
    started: dict[tuple[int, int, int], Started] = field(default_factory=dict)

    def begin(self, world: World) -> None:
        self.chats = [uuid.uuid4() for _ in {item.chat for item in world.items}]
        self.workers = [self._register() for _ in world.workers]
        self.items = [self._put(number, world) if item.state else None for number, item in enumerate(world.items)]

    def follow(self, name: str, whom: tuple, before: World, after: World, luck: random.Random) -> None:
        self._set_leases(before)
        match name, whom:
            case "a new process starts", (place,):
                self.workers[place] = self._register()
            case "it takes the lane", (place,):
                assert owning.take_share(self.workers[place])[0] >= 1
            case "it renews its lease", (place,):
                assert owning.renew(self.workers[place], LEASE_SECONDS)
            case "it is declared dead", (place,):
                self._set_leases(before, only=place)
                owning.bury_the_dead()
            case (("it commits" | "nobody sees its commit"), (place, pick)):
                self._tick(place, pick, before, after, luck)
            case "the message is committed", (number,):
                self.items[number] = self._put(number, before)
            case "an echo proves it", (number,):
                confirm_item(item_id=self.items[number], provider_id="wa", at=clock.now(), how="echo")
            case "its chat is released", (number,):
                release_item(item_id=self.items[number])
            case "a person sends it again", (number,):
                retry_item(item_id=self.items[number])

    def story(self) -> dict[str, Any]:
        """What the database says, in the model's words."""
        rows = {row.pk: row for row in Item.objects.filter(lane=self.lane)}
        places = {worker: place for place, worker in enumerate(self.workers)}
        by_id = {item_id: number for number, item_id in enumerate(self.items) if item_id}
        open_now = Attempt.objects.filter(lane_id=self.lane.pk, finished_at=None).values_list("item_id", "worker_id")
        return {
            "items": [
                (rows[item_id].state, rows[item_id].open, rows[item_id].attempts) if item_id else None
                for item_id in self.items
            ],
            "order": [
                [
                    by_id[row.pk]
                    for row in sorted(rows.values(), key=lambda row: row.seq)
                    if row.order_key == chat and row.open
                ]
                for chat in self.chats
            ],
            "open": sorted((by_id[item_id], places[worker]) for item_id, worker in open_now),
            "owner": places.get(Lane.objects.get(pk=self.lane.pk).owner_id),
        }

    def _tick(self, place: int, pick: int | None, before: World, after: World, luck: random.Random) -> None:
        worker = before.workers[place]
        ended = [self._judged(place, hand) for hand in worker.hands if hand.phase is Phase.ENDED]
        picked = [pick] if pick is not None else self._wrong_picks(place, after, luck)
        with connection.cursor() as cursor:  # nor waiting for proof
            cursor.execute("update outbox_item set due_at = created_at where lane_id = %s", [self.lane.pk])
        written = write_tick(
            worker_id=self.workers[place],
            ended=ended,
            lane_deeds=LaneDeeds(),
            picked=[self.items[number] for number in picked],
            doubtful=[self.items[hand.item] for hand in worker.hands if hand.phase is Phase.IN_DOUBT],
            deadline_seconds=20,
            patient=True,
        )
        wanted = [self.items[pick]] if pick is not None else []
        assert [one.job.item_id for one in written.started] == wanted
        for one in written.started:
            newest = [hand for hand in after.workers[place].hands if hand.item == pick][-1]
            self.started[place, pick, newest.number] = one

    def _wrong_picks(self, place: int, after: World, luck: random.Random) -> list[int]:
        """Where the model starts nothing, a plan that is out of its mind asks for something: it must be refused."""
        refused = [
            number
            for number, item in enumerate(after.items)
            if item.state and not model.may_start(after, place, number, self.rules, whatever_it_remembers=True)
        ]
        return luck.sample(refused, min(1, len(refused)))

    def _judged(self, place: int, hand: Hand) -> Ended:
        started = self.started[place, hand.item, hand.number]
        ended = judge(started, model.ENDS[hand.end], repeatable=self.rules.repeatable, jitter=0.5)
        return replace(ended, delay_seconds=0.0)  # the model knows no waiting

    def _put(self, number: int, world: World) -> uuid.UUID:
        kind = REPEATABLE if self.rules.repeatable else KIND
        chat = self.chats[world.items[number].chat]
        return put(self.lane, chat, f"{number}", kind=kind, max_attempts=self.rules.max_attempts).pk

    def _register(self) -> int:
        return owning.register(shares=False, lease_seconds=LEASE_SECONDS)

    def _set_leases(self, world: World, only: int | None = None) -> None:
        """The model's leases; with `only`, no other one is seen to be over, because the real deed takes all at once."""
        for place, worker in enumerate(world.workers):
            over = worker.lease is Lease.OVER and only in (None, place)
            with connection.cursor() as cursor:
                cursor.execute(
                    "update outbox_worker set lease_until = clock_timestamp() + %s * interval '1 second' where id = %s",
                    [-1 if over else LEASE_SECONDS, self.workers[place]],
                )


def story_of(world: World) -> dict[str, Any]:
    """The same of a model's world."""
    waiting = [(item.place, number) for number, item in enumerate(world.items) if item.open]
    return {
        "items": [(item.state, item.open, item.tries) if item.state else None for item in world.items],
        "order": [
            [number for _, number in sorted(waiting) if world.items[number].chat == chat]
            for chat in sorted({item.chat for item in world.items})
        ],
        "open": sorted((one.item, one.worker) for one in world.open),
        "owner": world.owner,
    }
