"""What was over long ago is deleted, and nothing else."""

import uuid
from datetime import timedelta

import pytest

from kernel import clock
from kernel.ids import first_id_since, new_id
from outbox.errors import GiveUp
from outbox.models import Attempt, Hold, Item, SentMinute
from outbox.services import operating, pruning
from outbox.states import ItemState
from tests.support.outbox import HandRelay, put

pytestmark = pytest.mark.django_db


def days_old(item: Item, days: int) -> None:
    """Written and ended so many days ago."""
    then = clock.now() - timedelta(days=days)
    old_id = uuid.UUID(int=first_id_since(then).int + item.id.int % 2**64)
    ended = None if item.state == ItemState.QUEUED else then
    Attempt.objects.filter(item=item).update(item_id=old_id)
    Item.objects.filter(pk=item.pk).update(id=old_id, finished_at=ended)


def test_what_was_sent_is_forgotten_after_a_while_with_its_attempts(lane, provider, settings):
    settings.OUTBOX_KEEP_DAYS, settings.OUTBOX_KEEP_UNSENT_DAYS = 30, 300
    ages = {"old": 31, "recent": 29, "bad": 31, "very bad": 301}
    for text in ("bad", "very bad"):
        provider.will(text, GiveUp("400", "No."))
    for text in ages:
        put(lane, uuid.uuid4(), text)
    HandRelay().run()
    waiting = put(lane, uuid.uuid4(), "waiting")
    for item in Item.objects.exclude(pk=waiting.pk):
        days_old(item, ages[item.payload["text"]])
    days_old(waiting, 400)
    assert pruning.prune().items == 2
    assert set(Item.objects.values_list("payload__text", flat=True)) == {"recent", "bad", "waiting"}
    assert Attempt.objects.count() == 2
    assert pruning.prune().items == 0


def test_a_run_is_bounded_and_the_next_one_goes_on(lane, provider, monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    for index in range(5):
        put(lane, uuid.uuid4(), f"{index}")
    HandRelay().run()
    for item in Item.objects.all():
        days_old(item, 500)
    assert [pruning.prune(batches=2).items for _ in range(3)] == [4, 1, 0]


def test_old_holds_and_counts_go_too(lane):
    operating.hold_lane(lane_id=lane.id, seconds=60, reason="x")
    operating.clear_hold(lane_id=lane.id)
    operating.pause_lane(lane_id=lane.id, reason="still")
    Hold.objects.update(started_at=clock.now() - timedelta(days=500))
    Hold.objects.exclude(ended_at=None).update(ended_at=clock.now() - timedelta(days=400))
    for hours in (1, 3):
        SentMinute.objects.create(lane=lane, minute=clock.now() - timedelta(hours=hours), sent=1)
    assert pruning.prune().holds == 1
    assert Hold.objects.get().reason == "still"
    assert SentMinute.objects.count() == 1


def test_a_bound_is_below_the_ids_that_are_made_from_then_on():
    now = clock.now()
    assert first_id_since(now - timedelta(seconds=1)) < new_id() < first_id_since(now + timedelta(seconds=5))
