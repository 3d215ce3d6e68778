"""Many numbers are told to slow down in one moment, and the log of the simulated provider is the judge."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from channels_app.services.credentials import store_credential
from kernel import crypto
from outbox.models import Item
from outbox.services.relaying import RelayOptions
from tests.support.chats import make_chat, write
from tests.support.outbox import running_relay
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.world import World, make_channel, make_world

pytestmark = pytest.mark.django_db(transaction=True)

NUMBERS = 120
WAIT_SECONDS = 1
UNDER_WAY_SECONDS = 0.3
"""What was on its way when the number was told to wait may still arrive."""


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
        simulator.wait_for(lambda: len(by_number(simulator)) == NUMBERS, "each was told", 20)
        simulator.clear_faults()
        simulator.wait_for(lambda: len(simulator.sends()) >= NUMBERS, "all is sent", 40)
    assert set(Counter(send["body"]["body"] for send in simulator.sends()).values()) == {1}
    back = []
    for requests in by_number(simulator).values():
        told = [one["answered_at"] for one in requests if one["status"] == 429]
        early = [one for one in requests for at in told if at + UNDER_WAY_SECONDS < one["at"] < at + WAIT_SECONDS]
        assert not early, "nothing is asked of a number before its time"
        back.append(next(one["at"] for one in requests if one["accepted"]))
    assert max(Counter(int(at * 4) for at in back).values()) < NUMBERS / 3, "no quarter of a second has them all"
    assert max(back) - min(back) > 1.5, "they come back one after the other"
    assert set(Item.objects.values_list("attempts", flat=True)) == {1}, "waiting used up no try"


def by_number(simulator: SimulatorControl) -> dict[str, list[dict]]:
    """What reached the provider, by number, in order."""
    found = defaultdict(list)
    for request in simulator.requests(path="/messages/text"):
        if request["answered_at"] is not None:
            found[request["channel_id"]].append(request)
    return found
