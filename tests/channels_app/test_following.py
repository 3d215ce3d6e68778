"""What a lane tells about its channel."""

from datetime import timedelta

import pytest

from channels_app.models import Channel
from channels_app.providers.base import Health
from channels_app.services import connection
from channels_app.services.following import follow_lanes
from channels_app.states import ChannelStatus
from kernel import clock, events
from kernel.events import Moment
from outbox.events import LaneHeld, LaneResumed
from outbox.models import Lane
from outbox.services.operating import close_lane, hold_lane, open_lane, pause_lane
from tests.support.world import make_world

S = ChannelStatus


def status_of(channel: Channel) -> str:
    return Channel.objects.get(pk=channel.pk).status


def lane_of(channel: Channel) -> Lane:
    return Lane.objects.get(pk=channel.pk)


def test_a_channel_told_to_slow_down_is_degraded_until_its_lane_goes_on(world):
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="The provider asks to wait a minute.")
    tell(LaneHeld, world, "rate_limit", reason="The provider asks to wait a minute.", until=None)
    world.channel.refresh_from_db()
    assert (world.channel.status, world.channel.status_detail) == (S.DEGRADED, "The provider asks to wait a minute.")
    assert not lane_of(world.channel).closed
    tell(LaneResumed, world, "rate_limit")
    assert status_of(world.channel) == S.DEGRADED  # heard late: the lane is held again
    Lane.objects.filter(pk=world.channel.pk).update(not_before=clock.now() - timedelta(seconds=1))
    tell(LaneResumed, world, "rate_limit")
    assert status_of(world.channel) == S.CONNECTED


def test_a_lane_that_the_relay_closed_disconnects_its_channel_until_the_provider_answers(world):
    close_lane(lane_id=world.channel.pk, reason="The provider says 401.")
    tell(LaneHeld, world, "connection", reason="The provider says 401.", until=None)
    world.channel.refresh_from_db()
    assert (world.channel.status, world.channel.status_detail) == (S.DISCONNECTED, "The provider says 401.")
    connection.note_health(channel_id=world.channel.pk, health=Health(status=S.CONNECTED))
    assert status_of(world.channel) == S.CONNECTED
    assert not lane_of(world.channel).closed


def test_a_closing_heard_after_the_lane_is_open_again_changes_nothing(world):
    close_lane(lane_id=world.channel.pk, reason="The provider says 401.")
    open_lane(lane_id=world.channel.pk)
    tell(LaneHeld, world, "connection", reason="The provider says 401.", until=None)
    assert status_of(world.channel) == S.CONNECTED


def test_a_closed_lane_of_a_connected_channel_opens_when_the_provider_says_connected(world):
    close_lane(lane_id=world.channel.pk, reason="The provider says 401.")
    connection.note_health(channel_id=world.channel.pk, health=Health(status=S.CONNECTED))
    assert not lane_of(world.channel).closed


def test_a_pause_by_a_person_is_not_a_matter_of_the_connection(world):
    pause_lane(lane_id=world.channel.pk, reason="Lunch.")
    tell(LaneHeld, world, "person", reason="Lunch.", until=None)
    assert status_of(world.channel) == S.CONNECTED


@pytest.mark.django_db(transaction=True)
def test_the_wiring_brings_the_news_of_the_lane_after_the_commit():
    world = make_world()
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="Told to wait.")
    assert status_of(world.channel) == S.DEGRADED
    assert status_of(world.zoes_channel) == S.CONNECTED


def test_what_no_subscriber_heard_is_caught_up_with(world):
    assert follow_lanes() == 0
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="Told to wait.")
    close_lane(lane_id=world.zoes_channel.pk, reason="The provider says 401.")
    assert follow_lanes() == 2
    assert (status_of(world.channel), status_of(world.zoes_channel)) == (S.DEGRADED, S.DISCONNECTED)
    assert follow_lanes() == 0


def test_a_closed_lane_counts_more_than_a_slow_one(world):
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="Told to wait.")
    follow_lanes()
    close_lane(lane_id=world.channel.pk, reason="The provider says 401.")
    assert follow_lanes() == 1
    assert status_of(world.channel) == S.DISCONNECTED


def tell(fact: type, world, kind: str, **values) -> None:
    """What the subscriber hears; the transaction of a test never commits."""
    event = fact(lane_id=world.channel.pk, workspace_id=world.acme.pk, kind=kind, **values)
    for moment, handler in events.subscriptions()[fact]:
        if moment is Moment.AFTER_COMMIT and handler.__module__ == "channels_app.subscribers":
            handler(event)
