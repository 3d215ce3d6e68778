"""Guards of docs/scenarios.md that hold in the relay: order in bad weather, and nobody waiting for another's limit."""

import random
import threading
import time
import uuid

import pytest
from django.db import connection

from outbox import policy
from outbox.errors import GiveUp, SlowDown, TryAgain
from outbox.models import Item, Lane
from outbox.registry import Accepted
from outbox.states import ItemState
from tests.support.outbox import HandRelay, assert_order_held, put, running_relay, wait_until


@pytest.mark.django_db(transaction=True)
def test_guard_07_two_hundred_messages_of_a_chat_keep_their_order_whatever_befalls_them(
    lane, chat, provider, monkeypatch
):
    """Ten write at once and two relays send; every attempt takes its own time, and many fail."""
    for name in ("BACKOFF_FIRST_SECONDS", "BREAKER_FIRST_SECONDS"):
        monkeypatch.setattr(policy, name, 0.01)
    chance = random.Random(7)
    calls = {}
    for number in range(200):
        seconds = chance.uniform(0, 0.01)
        taken = lambda job, s=seconds: time.sleep(s) or Accepted(job.payload["text"])  # noqa: E731
        no_connection = TryAgain("connect", "No connection.")
        ends = {
            1: [no_connection, taken],
            2: [no_connection, TryAgain("http_500", "Trouble."), taken],
            3: [GiveUp("bad_number", "Nobody has this number.")],
        }.get(number % 10, [taken])
        if number == 4:
            ends = [SlowDown("429", "Too many requests.", after_seconds=1), taken]
        provider.will(f"{number}", *ends)
        calls[f"{number}"] = len(ends)

    def write(ten: int) -> None:
        try:
            for number in range(ten, 200, 10):
                put(lane, chat, f"{number}")
        finally:
            connection.close()

    with running_relay(), running_relay():
        writers = [threading.Thread(target=write, args=[ten]) for ten in range(10)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(30)
        wait_until(lambda: Item.objects.filter(open=False).count() == 200, 40)
    written = list(Item.objects.order_by("seq").values_list("payload__text", "state"))
    assert {state for text, state in written if text[-1] != "3"} == {ItemState.SENT}, "waiting its turn fails nobody"
    assert_order_held(provider, {chat: [text for text, _ in written for _ in range(calls[text])]})


@pytest.mark.django_db
@pytest.mark.parametrize("after_seconds", [60, None], ids=["with a time", "without"])
def test_guard_10_a_number_that_was_told_to_slow_down_delays_no_other(world, lane, chat, provider, after_seconds):
    other, elsewhere = Lane.objects.get(pk=world.zoes_channel.id), uuid.uuid4()
    provider.will("1", SlowDown("429", "Too many requests.", after_seconds=after_seconds))
    for mine, theirs in zip("123", "abc", strict=True):
        put(lane, chat, mine)
        put(other, elsewhere, theirs)
    relay = HandRelay()
    relay.run()
    assert sorted(provider.texts()) == ["1", "a", "b", "c"]
    Lane.objects.filter(pk=lane.pk).update(not_before=None)
    relay.scheduler.plan.lanes[lane.pk].resume_at = 0
    relay.run()
    assert [text for text in provider.texts() if text in "123"] == ["1", "1", "2", "3"]
    assert set(Item.objects.values_list("state", "attempts")) == {("sent", 1)}, "waiting used up no try"
