"""Order holds within a chat, and nowhere else does anybody wait."""

import uuid

import pytest

from outbox.errors import GiveUp, TryAgain
from outbox.models import Attempt, Item
from outbox.states import ItemState, Outcome, Priority
from tests.support.outbox import HandRelay, put

pytestmark = pytest.mark.django_db


def test_the_second_message_of_a_chat_starts_when_the_first_was_sent(lane, chat, provider):
    first, second = put(lane, chat, "one"), put(lane, chat, "two")
    relay = HandRelay()
    assert relay.look() == ["one"]
    assert relay.end("one") == ["two"]
    relay.end("two")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.provider_id, first.attempts, first.open) == ("sent", "wa-one", 1, False)
    assert second.state == ItemState.SENT
    assert [one.state for one in provider.settled] == ["sent", "sent"]


def test_chats_of_a_lane_go_side_by_side_up_to_its_cap(lane, provider):
    for index in range(6):
        put(lane, uuid.uuid4(), str(index))
    relay = HandRelay()
    assert relay.look() == ["0", "1", "2", "3"]
    assert relay.end("2") == ["0", "1", "3", "4"]


def test_a_retrying_head_blocks_its_own_chat_only(lane, chat, provider):
    put(lane, chat, "one")
    put(lane, chat, "two")
    provider.will("one", TryAgain("connect", "No connection could be made."))
    relay = HandRelay()
    relay.look()
    assert relay.end("one") == []
    put(lane, uuid.uuid4(), "elsewhere")
    assert relay.look_again() == ["elsewhere"]
    one = Item.objects.get(payload__text="one")
    assert (one.state, one.attempts, one.error_code) == (ItemState.QUEUED, 1, "connect")
    Item.objects.filter(pk=one.pk).update(due_at=one.created_at)
    relay.scheduler.plan.chats[chat].wake_at = 0
    assert relay.look_again() == ["elsewhere", "one"]
    assert relay.end("one") == ["elsewhere", "two"]


def test_a_refused_message_fails_and_its_chat_goes_on(lane, chat, provider):
    put(lane, chat, "one")
    put(lane, chat, "two")
    provider.will("one", GiveUp("no_such_number", "This number is not on WhatsApp.", http_status=404))
    relay = HandRelay()
    relay.look()
    assert relay.end("one") == ["two"]
    one = Item.objects.get(payload__text="one")
    assert (one.state, one.open, one.error) == (ItemState.FAILED, False, "This number is not on WhatsApp.")
    attempt = Attempt.objects.get(item=one)
    assert (attempt.outcome, attempt.http_status) == (Outcome.FAILED, 404)


def test_an_urgent_message_pulls_its_predecessors_forward_and_never_passes_them(lane, chat, provider):
    lane.cap = 1
    lane.save()
    for index in range(20):
        put(lane, uuid.uuid4(), f"bulk {index}", priority=Priority.CAMPAIGN)
    put(lane, chat, "newsletter", priority=Priority.CAMPAIGN)
    relay = HandRelay()
    assert relay.look() == ["bulk 0"]
    put(lane, chat, "answer", priority=Priority.INTERACTIVE)
    relay.look_again()
    assert relay.end("bulk 0") == ["newsletter"]
    assert relay.end("newsletter") == ["answer"]


def test_a_busy_lane_does_not_starve_another(lane, world, provider):
    for index in range(30):
        put(lane, uuid.uuid4(), f"busy {index}")
    put(type(lane).objects.get(pk=world.zoes_channel.id), uuid.uuid4(), "Zoe's")
    assert "Zoe's" in HandRelay(slots=3).look()


def test_bulk_still_moves_while_people_write(lane, world, provider):
    lane.cap = 60
    lane.save()
    for index in range(16):
        put(lane, uuid.uuid4(), f"person {index}")
    other = type(lane).objects.get(pk=world.zoes_channel.id)
    for index in range(4):
        put(other, uuid.uuid4(), f"bulk {index}", priority=Priority.CAMPAIGN)
    under_way = HandRelay(slots=11).look()
    assert sum(text.startswith("bulk") for text in under_way) == 1


def test_more_chats_than_one_read_returns_are_all_found(lane, provider):
    lane.cap = 50
    lane.save()
    texts = {f"{index}" for index in range(45)}
    for text in sorted(texts):
        put(lane, uuid.uuid4(), text)
    assert set(HandRelay(slots=50).look()) == texts


def test_a_long_chat_is_sent_in_order_to_its_end(lane, chat, provider):
    texts = [f"{index}" for index in range(11)]
    for text in texts:
        put(lane, chat, text)
    HandRelay().run()
    assert provider.texts() == texts
