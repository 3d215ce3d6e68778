"""A channel's way through its states."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database

from channels_app import jobs
from channels_app.errors import CredentialMissing, MoveNotAllowed, NoSuchChannel
from channels_app.events import ChannelStatusChanged
from channels_app.models import Channel, ConnectionLogEntry
from channels_app.providers.base import Health, InboundConnection
from channels_app.services import connection
from channels_app.states import MOVES, SENDS, ChannelStatus
from kernel import clock, events
from kernel.errors import Forbidden
from kernel.events import Moment, subscribe
from outbox.models import Lane
from outbox.services.operating import hold_lane
from tests.support.fake_provider import waiting_jobs
from tests.support.world import make_world
from workspaces.models import AuditEntry

S = ChannelStatus


def put(channel: Channel, status: str, **values) -> None:
    """The channel as if it had come to `status`, with its lane."""
    Channel.objects.filter(pk=channel.pk).update(status=status, **values)
    Lane.objects.filter(pk=channel.pk).update(closed=status not in SENDS)
    channel.refresh_from_db()


def status_of(channel: Channel) -> str:
    return Channel.objects.get(pk=channel.pk).status


def lane_of(channel: Channel) -> Lane:
    return Lane.objects.get(pk=channel.pk)


# --- Moves ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", list(S))
@pytest.mark.parametrize("new", list(S))
def test_only_the_moves_that_are_drawn_are_made_and_the_lane_follows(world, old, new):
    put(world.channel, old)
    if old == new:
        assert connection.move(channel_id=world.channel.pk, to=new, reason="Why.") is False
    elif new in MOVES[old]:
        assert connection.move(channel_id=world.channel.pk, to=new, reason="Why.") is True
    else:
        with pytest.raises(MoveNotAllowed):
            connection.move(channel_id=world.channel.pk, to=new, reason="Why.")
    now = status_of(world.channel)
    assert now == (new if new in MOVES[old] else old)
    assert lane_of(world.channel).closed is (now not in SENDS)


def test_a_move_is_written_down_and_told(world, monkeypatch):
    monkeypatch.setattr(events, "_subscribers", type(events._subscribers)(list))
    heard = []
    subscribe(ChannelStatusChanged, heard.append, Moment.SAME_TRANSACTION)
    connection.move(channel_id=world.channel.pk, to=S.ERROR, reason="It broke.", actor=world.ana)
    entry = ConnectionLogEntry.objects.get()
    assert (entry.old, entry.new, entry.reason, entry.actor_name) == (S.CONNECTED, S.ERROR, "It broke.", "Ana Example")
    assert heard == [
        ChannelStatusChanged(
            channel_id=world.channel.pk, workspace_id=world.acme.pk, old=S.CONNECTED, new=S.ERROR, reason="It broke."
        )
    ]
    world.channel.refresh_from_db()
    assert world.channel.status_detail == "It broke."
    assert lane_of(world.channel).closed_reason == "It broke."


def test_a_connected_channel_carries_no_old_reason(world):
    put(world.channel, S.ERROR, status_detail="It broke.")
    connection.move(channel_id=world.channel.pk, to=S.CONNECTED, reason="The provider says: connected.")
    world.channel.refresh_from_db()
    assert world.channel.status_detail == ""


def test_a_long_reason_is_cut_to_what_fits(world):
    connection.move(channel_id=world.channel.pk, to=S.ERROR, reason="x" * 1000)
    assert len(ConnectionLogEntry.objects.get().reason) == 300


@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_a_channel_at_the_same_time_one_wins(monkeypatch):
    world = make_world()
    gate, ends, may_move_to = threading.Barrier(2), [], Channel.may_move_to

    def asked_by_both(channel: Channel, status: str) -> bool:
        gate.wait(timeout=10)  # both have read the old status, neither has written
        return may_move_to(channel, status)

    def move(to: str) -> None:
        try:
            ends.append(connection.move(channel_id=world.channel.pk, to=to, reason=f"To {to}."))
        except MoveNotAllowed as refusal:
            ends.append(refusal.code)
        finally:
            database.close()

    monkeypatch.setattr(Channel, "may_move_to", asked_by_both)
    threads = [threading.Thread(target=move, args=(to,)) for to in (S.ERROR, S.LOGGED_OUT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(ends, key=str) == [True, "channel_move_not_allowed"]
    assert ConnectionLogEntry.objects.get().new == status_of(world.channel)


# --- What people ask for ----------------------------------------------------------------------------------------------


def test_connecting_asks_the_outbox_and_calls_nobody(world, provider, shop):
    channel = connection.connect(actor=world.ana, channel_id=shop.pk)
    assert (channel.status, channel.status_detail) == (S.CONNECTING, "Ana Example asked to connect.")
    assert [item.kind for item in waiting_jobs(shop)] == [jobs.REGISTER_WEBHOOK, jobs.CONNECT]
    assert provider.asked == []
    assert AuditEntry.objects.filter(deed="channel.connect_asked", target_id=shop.pk).exists()


def test_jobs_about_a_channel_run_although_its_lane_is_closed(world, shop):
    connection.connect(actor=world.ana, channel_id=shop.pk)
    control = waiting_jobs(shop)[0].lane
    assert lane_of(shop).closed
    assert (control.closed, control.cap, control.pk != shop.pk) == (False, 1, True)


def test_a_connected_channel_is_not_connected_again_but_can_be_reconnected(world, shop):
    put(shop, S.CONNECTED)
    with pytest.raises(MoveNotAllowed, match="reconnect"):
        connection.connect(actor=world.ana, channel_id=shop.pk)
    assert connection.reconnect(actor=world.ana, channel_id=shop.pk).status == S.CONNECTING
    assert lane_of(shop).closed


def test_a_channel_without_a_token_cannot_be_connected(world):
    put(world.channel, S.DISCONNECTED)
    for deed in (connection.connect, connection.reconnect, connection.log_out):
        with pytest.raises(CredentialMissing):
            deed(actor=world.ana, channel_id=world.channel.pk)
    assert status_of(world.channel) == S.DISCONNECTED


def test_what_a_person_disconnected_the_provider_does_not_connect(world, shop):
    put(shop, S.CONNECTED)
    connection.disconnect(actor=world.adam, channel_id=shop.pk)
    assert lane_of(shop).closed
    for status in (S.CONNECTED, S.CONNECTING, S.QR_PENDING, S.ERROR):
        connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=status))
        connection.note_health(channel_id=shop.pk, health=Health(status=status))
        assert status_of(shop) == S.DISCONNECTED
    connection.connect(actor=world.adam, channel_id=shop.pk)
    connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.CONNECTED))
    assert status_of(shop) == S.CONNECTED
    assert not lane_of(shop).closed


def test_logging_out_stops_sending_at_once_and_asks_the_outbox(world, shop):
    put(shop, S.CONNECTED)
    channel = connection.log_out(actor=world.ana, channel_id=shop.pk)
    assert channel.status == S.DISCONNECTED
    assert lane_of(shop).closed
    assert waiting_jobs(shop)[-1].kind == jobs.LOG_OUT


DEEDS = [connection.connect, connection.reconnect, connection.disconnect, connection.log_out]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
@pytest.mark.parametrize(
    ("who", "refusal"),
    [("ana", None), ("adam", None), ("ben", Forbidden), ("vic", Forbidden), ("zoe", NoSuchChannel)],
)
def test_who_may_change_the_connection(world, shop, deed, who, refusal):
    before = (status_of(shop), len(waiting_jobs(shop)), AuditEntry.objects.count())
    if refusal is None:
        deed(actor=getattr(world, who), channel_id=shop.pk)
        assert AuditEntry.objects.count() == before[2] + 1
    else:
        with pytest.raises(refusal):
            deed(actor=getattr(world, who), channel_id=shop.pk)
        assert (status_of(shop), len(waiting_jobs(shop)), AuditEntry.objects.count()) == before


# --- What the provider tells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "then"),
    [
        (S.CONNECTED, S.CONNECTING, S.CONNECTING),
        (S.CONNECTED, S.QR_PENDING, S.QR_PENDING),
        (S.CONNECTED, S.ERROR, S.ERROR),
        (S.CONNECTED, S.CONNECTED, S.CONNECTED),
        (S.CONNECTING, S.CONNECTED, S.CONNECTED),
        (S.QR_PENDING, S.CONNECTED, S.CONNECTED),
        (S.LOGGED_OUT, S.CONNECTED, S.CONNECTED),
        (S.LOGGED_OUT, S.QR_PENDING, S.LOGGED_OUT),
        (S.DISCONNECTED, S.QR_PENDING, S.DISCONNECTED),
        (S.DEGRADED, S.CONNECTED, S.CONNECTED),
        (S.CONNECTING, S.DEGRADED, S.CONNECTING),
    ],
)
def test_the_word_of_the_provider_moves_the_channel(world, status, said, then):
    put(world.channel, status)
    moved = connection.note_connection(channel_id=world.channel.pk, values=InboundConnection(status=said))
    assert status_of(world.channel) == then
    assert moved is (status != then)
    assert lane_of(world.channel).closed is (then not in SENDS)


def test_the_same_news_twice_changes_nothing(world):
    news = InboundConnection(status=S.LOGGED_OUT, detail="The phone unlinked it.")
    assert connection.note_connection(channel_id=world.channel.pk, values=news) is True
    assert connection.note_connection(channel_id=world.channel.pk, values=news) is False
    assert ConnectionLogEntry.objects.count() == 1


def test_a_throttled_channel_stays_degraded_while_its_lane_is_held(world):
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="Told to wait.")
    put(world.channel, S.DEGRADED)
    connection.note_health(channel_id=world.channel.pk, health=Health(status=S.CONNECTED))
    assert status_of(world.channel) == S.DEGRADED


def test_a_channel_learns_its_number_and_notices_another_one(world):
    first = Health(status=S.CONNECTED, own_wa_id="15550100111@s.whatsapp.net", provider_channel_id="DEMO-1")
    Channel.objects.filter(pk=world.channel.pk).update(own_wa_id="", phone_number="")
    connection.note_health(channel_id=world.channel.pk, health=first)
    world.channel.refresh_from_db()
    assert (world.channel.phone_number, world.channel.provider_channel_id) == ("+15550100111", "DEMO-1")
    assert world.channel.checked_at is not None
    assert not ConnectionLogEntry.objects.exists()
    other = InboundConnection(status=S.CONNECTED, own_wa_id="15550100122@s.whatsapp.net")
    connection.note_connection(channel_id=world.channel.pk, values=other)
    world.channel.refresh_from_db()
    assert world.channel.phone_number == "+15550100122"
    assert "15550100122 instead of 15550100111" in ConnectionLogEntry.objects.get().reason


def test_a_new_link_registers_the_webhook_again_once(world, shop):
    before = len(waiting_jobs(shop))
    assert [item.kind for item in waiting_jobs(shop)] == [jobs.REGISTER_WEBHOOK]
    connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.CONNECTED))
    assert len(waiting_jobs(shop)) == before
    shop.refresh_from_db()
    assert shop.status == S.CONNECTED


def test_news_for_a_removed_channel_is_left_alone(world):
    Channel.objects.filter(pk=world.channel.pk).update(removed_at=clock.now())
    assert not connection.note_connection(channel_id=world.channel.pk, values=InboundConnection(status=S.ERROR))
    assert status_of(world.channel) == S.CONNECTED


def test_evidence_of_traffic_is_noted_every_few_seconds(world):
    at = clock.now()
    connection.note_inbound([world.channel.pk], at)
    connection.note_inbound([world.channel.pk], at + timedelta(seconds=2))
    world.channel.refresh_from_db()
    assert world.channel.last_inbound_at == at
    connection.note_inbound([world.channel.pk], at + timedelta(seconds=6))
    connection.note_acknowledged([world.channel.pk, world.zoes_channel.pk], at)
    world.channel.refresh_from_db()
    world.zoes_channel.refresh_from_db()
    assert world.channel.last_inbound_at == at + timedelta(seconds=6)
    assert (world.channel.last_acknowledged_at, world.zoes_channel.last_acknowledged_at) == (at, at)
    assert world.zoes_channel.last_inbound_at is None
