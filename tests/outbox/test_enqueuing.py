"""An item exists exactly when its deed does."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from kernel import clock
from outbox.errors import UnknownKind
from outbox.models import Item
from outbox.services import waking
from outbox.services.enqueuing import NewItem, enqueue, enqueue_in_batches, enqueue_many
from outbox.services.scheduling import enter_due_items
from outbox.states import ItemState
from tests.support.outbox import KIND, HandRelay, put, wait_until

pytestmark = pytest.mark.django_db


def test_a_rolled_back_deed_leaves_no_item_and_no_gap(lane, chat, provider):
    with transaction.atomic():
        put(lane, chat, "never")
        transaction.set_rollback(True)
    assert [put(lane, chat, "one").seq, put(lane, chat, "two").seq] == [1, 2]
    assert Item.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_enqueuing_outside_a_transaction_is_refused(lane, chat, provider):
    with pytest.raises(RuntimeError, match="atomic"):
        enqueue(workspace_id=lane.workspace_id, lane_id=lane.id, order_key=chat, kind=KIND, payload={})


def test_a_kind_that_nobody_registered_is_refused(lane, chat, provider):
    with pytest.raises(UnknownKind):
        put(lane, chat, "one", kind="test.nobody")


def test_many_items_get_their_places_in_the_order_given(lane, provider):
    one, two = uuid.uuid4(), uuid.uuid4()
    news = [
        NewItem(lane.workspace_id, lane.id, key, KIND, {"text": f"{number}"})
        for number, key in enumerate([one, two, one, one, two])
    ]
    with transaction.atomic():
        items = enqueue_many(news)
    assert [item.seq for item in items] == [1, 1, 2, 3, 2]
    assert put(lane, one, "next").seq == 4


def test_the_database_refuses_two_items_in_one_place(lane, chat, provider):
    item = put(lane, chat, "one")
    with pytest.raises(IntegrityError, match="item_place_in_chat"), transaction.atomic():
        Item.objects.create(
            workspace_id=lane.workspace_id, lane=lane, order_key=chat, seq=item.seq, kind=KIND, payload={}
        )


def test_wake_ups_are_sent_only_after_the_commit(lane, chat, provider, monkeypatch, django_capture_on_commit_callbacks):
    woken = []
    monkeypatch.setattr(waking, "wake", woken.extend)
    with django_capture_on_commit_callbacks(execute=True):
        put(lane, chat, "one", priority=1)
        assert woken == []
    assert woken == [f"chat:{lane.id.hex}:{chat.hex}:1"]


def test_a_burst_is_told_in_notifications_that_postgresql_accepts():
    tokens = [waking.chat_token(uuid.uuid4(), uuid.uuid4(), 0) for _ in range(300)]
    payloads = waking.payloads(tokens)
    assert max(map(len, payloads)) < 8000
    assert " ".join(payloads).split(" ") == tokens


def test_a_scheduled_item_lets_later_ones_pass_and_takes_its_place_when_due(lane, chat, provider):
    later = put(lane, chat, "later", due_at=clock.now() + timedelta(hours=1))
    put(lane, chat, "now")
    relay = HandRelay()
    assert relay.look() == ["now"]
    assert enter_due_items() == 0
    Item.objects.filter(pk=later.pk).update(due_at=clock.now() - timedelta(seconds=1))
    put(lane, chat, "typed after")
    assert enter_due_items() == 1
    relay.end("now")
    relay.run()
    assert provider.texts() == ["now", "typed after", "later"]
    assert provider.states_told(later.pk) == [ItemState.QUEUED, ItemState.SENT]


def test_a_time_in_the_past_means_now(lane, chat, provider):
    assert put(lane, chat, "one", due_at=clock.now() - timedelta(days=1)).state == ItemState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_a_person_gets_through_while_a_campaign_is_being_written(lane, provider):
    """In a chat of the campaign, whose places it takes too."""
    chats = [uuid.uuid4() for _ in range(50)]
    answered = threading.Event()

    def campaign() -> Iterator[NewItem]:
        for index in range(3000):
            if index == 2000:
                assert answered.wait(20)
            yield NewItem(lane.workspace_id, lane.id, chats[index % 50], KIND, {"text": f"{index}"}, priority=2)

    def write() -> None:
        try:
            assert enqueue_in_batches(campaign()) == 3000
        finally:
            connection.close()

    writing = threading.Thread(target=write)
    writing.start()
    wait_until(lambda: Item.objects.count() >= 1000, 20, "the campaign is on its way")
    answer = put(lane, chats[0], "answer")
    answered.set()
    assert writing.is_alive()
    writing.join(30)
    assert Item.objects.count() == 3001
    assert answer.seq < Item.objects.filter(order_key=chats[0]).count()


def test_a_campaign_commits_by_itself(lane, provider):
    with pytest.raises(RuntimeError, match="inside a transaction"):
        enqueue_in_batches([])
