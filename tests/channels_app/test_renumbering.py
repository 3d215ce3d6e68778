"""Another number behind the same channel."""

import pytest

from channels_app.errors import MoveNotAllowed, NoSuchChannel
from channels_app.models import Channel, ConnectionLogEntry
from channels_app.providers.base import Health, InboundConnection
from channels_app.services import connection
from channels_app.services.following import follow_lanes
from channels_app.services.renumbering import archive_chats, keep_chats
from channels_app.states import ChannelStatus
from kernel.errors import Forbidden
from outbox.models import Item, Lane
from outbox.services.enqueuing import enqueue
from workspaces.models import AuditEntry

S = ChannelStatus
FORMER, OTHER = "15550100100@s.whatsapp.net", "15550100122@s.whatsapp.net"


@pytest.fixture
def renumbered(world) -> Channel:
    """Acme's channel, to which somebody has just linked another phone; one message waits."""
    item_of(world)
    connection.note_connection(
        channel_id=world.channel.pk, values=InboundConnection(status=S.CONNECTED, own_wa_id=OTHER)
    )
    world.channel.refresh_from_db()
    return world.channel


def item_of(world) -> None:
    lane = world.channel.pk
    enqueue(workspace_id=world.acme.pk, lane_id=lane, order_key=lane, kind="message.send", payload={})


def lane(channel: Channel) -> Lane:
    return Lane.objects.get(pk=channel.pk)


def test_nothing_is_sent_until_somebody_says_what_to_do(renumbered, world, client):
    assert (renumbered.own_wa_id, renumbered.former_wa_id) == (OTHER, FORMER)
    assert renumbered.status == S.CONNECTED
    assert lane(renumbered).closed
    client.force_login(world.ana.user)
    page = client.get(f"/w/acme/channels/{renumbered.pk}/").content.decode()
    assert "Keep the chats here" in page
    assert "Archive them read-only" in page
    client.force_login(world.ben.user)
    assert "Keep the chats here" not in client.get(f"/w/acme/channels/{renumbered.pk}/").content.decode()


def test_no_word_of_the_provider_and_no_sweep_opens_it(renumbered):
    connection.note_health(channel_id=renumbered.pk, health=Health(status=S.CONNECTED, own_wa_id=OTHER))
    assert follow_lanes() == 0
    connection.note_connection(channel_id=renumbered.pk, values=InboundConnection(status=S.CONNECTING))
    connection.note_connection(channel_id=renumbered.pk, values=InboundConnection(status=S.CONNECTED))
    renumbered.refresh_from_db()
    assert renumbered.status == S.CONNECTED
    assert lane(renumbered).closed


def test_the_former_number_linked_again_is_the_answer(renumbered):
    values = InboundConnection(status=S.CONNECTED, own_wa_id=FORMER)
    connection.note_connection(channel_id=renumbered.pk, values=values)
    renumbered.refresh_from_db()
    assert renumbered.former_wa_id == ""
    assert not lane(renumbered).closed


def test_a_third_number_asks_about_the_chats_of_the_first(renumbered):
    values = InboundConnection(status=S.CONNECTED, own_wa_id="15550100133@s.whatsapp.net")
    connection.note_connection(channel_id=renumbered.pk, values=values)
    renumbered.refresh_from_db()
    assert renumbered.former_wa_id == FORMER


def test_the_same_number_by_its_hidden_id_is_no_other_number(world):
    values = InboundConnection(status=S.CONNECTED, own_wa_id="98765432101234@lid")
    connection.note_connection(channel_id=world.channel.pk, values=values)
    world.channel.refresh_from_db()
    assert world.channel.former_wa_id == ""


def test_kept_chats_go_on_and_what_waited_is_sent(renumbered, world):
    keep_chats(actor=world.ana, channel_id=renumbered.pk)
    assert not lane(renumbered).closed
    assert Item.objects.get(kind="message.send").state == "queued"
    entry = AuditEntry.objects.get(deed="channel.chats_kept")
    assert (entry.actor_name, entry.details) == ("Ana Example", {"former": FORMER, "now": OTHER})
    assert ConnectionLogEntry.objects.filter(channel=renumbered, actor_name="Ana Example").exists()


def test_archiving_cancels_what_waited(renumbered, world):
    archive_chats(actor=world.adam, channel_id=renumbered.pk)
    assert Item.objects.get(kind="message.send").state == "cancelled"
    assert not lane(renumbered).closed
    assert AuditEntry.objects.filter(deed="channel.chats_archived").exists()


@pytest.mark.parametrize("deed", [keep_chats, archive_chats])
def test_who_may_decide_and_only_when_there_is_something_to_decide(renumbered, world, deed):
    for who, refusal in ((world.ben, Forbidden), (world.vic, Forbidden), (world.zoe, NoSuchChannel)):
        with pytest.raises(refusal):
            deed(actor=who, channel_id=renumbered.pk)
    deed(actor=world.ana, channel_id=renumbered.pk)
    with pytest.raises(MoveNotAllowed):
        deed(actor=world.ana, channel_id=renumbered.pk)
