"""Many numbers are told to slow down in one moment, and the log of the simulated provider is the judge."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest

from channels_app.services.credentials import store_credential
from inbox.models import Message
from kernel import crypto
from outbox.models import Hold, Item
from outbox.services.relaying import RelayOptions
from tests.support.chats import make_chat, write
from tests.support.outbox import running_relay
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.world import World, make_channel, make_world

pytestmark = pytest.mark.django_db(transaction=True)

NUMBERS = 120
WAIT_SECONDS = 1
CLOCK_SECONDS = 0.05
"""Two programs note the same moment."""


@pytest.fixture
def acme() -> World:
    return make_world()


@pytest.fixture
def simulator(settings, monkeypatch, acme: World) -> Iterator[SimulatorControl]:
    monkeypatch.setattr(crypto, "ITERATIONS", 1)  # hundreds of tokens would take seconds to seal
    with running_simulator() as simulator:
        settings.WHAPI_BASE_URL = simulator.base_url
        for number in range(NUMBERS):
            channel = make_channel(acme.acme, f"Number {number}", f"+1555010{1000 + number}")
            token = f"sim_slow_{number:012}"
            store_credential(channel=channel, name="token", secret=token)
            simulator.add_channel(token)
            write(acme.ben, make_chat(channel), f"{number}")
        yield simulator


def test_scenario_22_numbers_that_were_told_to_slow_down_come_back_one_after_the_other(acme, simulator):
    rule = {"match": {"path": "/messages/text"}, "status": 429, "headers": {"Retry-After": str(WAIT_SECONDS)}}
    simulator.fault(**rule)
    with running_relay(RelayOptions(lease_seconds=6, sender_threads=16)):
        simulator.wait_for(lambda: len(by_text(simulator)) == NUMBERS, "each was told", 20)
        simulator.clear_faults()
        simulator.wait_for(lambda: len(simulator.sends()) >= NUMBERS, "all is sent", 40)
    ends = dict(Hold.objects.order_by("until").values_list("lane_id", "until"))  # the last of each
    lanes = dict(Message.objects.values_list("text", "channel_id"))
    added = []
    for text, requests in by_text(simulator).items():
        *told, taken = requests
        assert [one["accepted"] for one in requests] == [False] * len(told) + [True], "each is taken once"
        for earlier, later in pairwise(requests):
            assert later["at"] - earlier["at"] >= WAIT_SECONDS, "nothing is asked of a number before its time"
        end = ends[lanes[text]].timestamp()
        assert taken["at"] >= end - CLOCK_SECONDS
        added.append(end - told[-1]["at"] - WAIT_SECONDS)
    assert max(added) - min(added) > 0.5, "the more wait, the further apart they come back"
    assert set(Item.objects.values_list("attempts", flat=True)) == {1}, "waiting used up no try"


def by_text(simulator: SimulatorControl) -> dict[str, list[dict]]:
    """What reached the provider, by the message, in order."""
    found = defaultdict(list)
    for request in simulator.requests(path="/messages/text"):
        if request["answered_at"] is not None:
            found[request["body"]["body"]].append(request)
    return found
