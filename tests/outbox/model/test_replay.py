"""The model and the engine on PostgreSQL are the same thing: random walks through both never disagree."""

import random
import uuid

import pytest

from outbox.services.operating import ensure_lane
from tests.outbox.model.replaying import Engine, story_of, walk
from tests.outbox.model.rules import Rules
from tests.outbox.model.world import first_world

pytestmark = pytest.mark.django_db

WALKS = 6
LENGTH = 70


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("repeatable", [False, True], ids=["once only", "repeatable"])
def test_a_random_walk_is_the_same_in_the_model_and_on_postgresql(world, provider, seed, repeatable):
    luck = random.Random(f"{seed} {repeatable}")
    rules = Rules(whole_ticks=True, repeatable=repeatable, cap=2, max_attempts=3)
    told = set()
    for _ in range(WALKS):
        lane = ensure_lane(lane_id=uuid.uuid4(), workspace_id=world.acme.pk, name="walk")
        first = first_world(chats=(2, 1), late=1, faults=5, retries=2)
        engine = Engine(lane, rules)
        engine.begin(first)
        way = []
        for name, whom, before, after in walk(first, rules, luck, LENGTH):
            way.append(f"{name} {whom}")
            engine.follow(name, whom, before, after, luck)
            assert engine.story() == story_of(after), "\n".join(way)
            told.add(name)
    assert {"it commits", "it is declared dead", "an echo proves it"} <= told, "these walks went nowhere"
