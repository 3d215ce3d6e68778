"""Webhooks that never came: what the provider remembers is compared, fetched and told, once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.models import Channel
from channels_app.providers.base import InboundMessage
from channels_app.services.asking import is_asked
from channels_app.services.connection import move
from channels_app.services.credentials import store_credential
from channels_app.states import ChannelStatus
from inbox.jobs import RECOVER
from inbox.models import Chat, Message
from inbox.selectors.chat_list import unread_counts
from inbox.selectors.timeline import timeline_of
from inbox.services import recovering
from inbox.services.recovering import DETAIL, keep_recovered, look_for_missing
from inbox.states import MessageType
from outbox.models import Item
from outbox.services.relaying.draining import drain_once
from tests.support.chats import customer_writes, make_chat, write
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.world import World, make_world

TOKEN = "sim_recovering_01234"


def said(
    chat: Chat, name: str, *, minutes_ago: float = 5, from_me: bool = False, source: str = "mobile", text: str = ""
):
    """A message as the provider's history has it."""
    return InboundMessage(
        wa_message_id=name,
        wa_chat_id=chat.wa_chat_id,
        from_me=from_me,
        sender_wa_id="" if from_me else chat.wa_chat_id,
        at=timezone.now() - timedelta(minutes=minutes_ago),
        type="text",
        text=text or name,
        source=source,
    )


def lines_of(chat: Chat) -> list[str]:
    lines = Message.objects.filter(chat=chat, type=MessageType.SYSTEM)
    return list(lines.order_by("sort_at", "id").values_list("text", flat=True))


@pytest.fixture
def carla(world) -> Chat:
    return make_chat(world.channel, "Carla")


@pytest.mark.django_db
def test_only_what_is_missing_is_kept_and_each_chat_is_told_once(world, carla):
    david = make_chat(world.channel, "David")
    customer_writes(carla, wa_message_id="came", text="came")
    found = [
        said(carla, "came"),
        said(carla, "lost-1", minutes_ago=4),
        said(carla, "lost-2", minutes_ago=3),
        said(david, "lost-3"),
    ]
    assert keep_recovered(channel_id=world.channel.pk, found=found) == 3
    assert keep_recovered(channel_id=world.channel.pk, found=found) == 0
    assert lines_of(carla) == ["2 messages recovered"]
    assert lines_of(david) == ["1 message recovered"]
    shown = Message.objects.filter(chat=carla).order_by("sort_at", "id").values_list("text", flat=True)
    assert list(shown) == ["2 messages recovered", "lost-1", "lost-2", "came"]


@pytest.mark.django_db
def test_what_was_recovered_is_unread_and_its_timeline_says_where_it_came_from(world, carla):
    keep_recovered(channel_id=world.channel.pk, found=[said(carla, "lost", minutes_ago=1)])
    lost = Message.objects.get(wa_message_id="lost")
    assert unread_counts(world.ben, [carla.pk]) == {carla.pk: 1}
    assert ("recovered", DETAIL) in [(entry.event, entry.detail) for entry in timeline_of(lost)]


@pytest.mark.django_db
def test_what_is_seconds_old_is_left_to_its_webhook(world, carla):
    assert keep_recovered(channel_id=world.channel.pk, found=[said(carla, "fresh", minutes_ago=0)]) == 0
    assert not Message.objects.filter(chat=carla).exists()


@pytest.mark.django_db
def test_our_own_words_from_the_phone_are_recovered_and_no_connection_is_proven(world, carla):
    before = Channel.objects.get(pk=world.channel.pk).last_inbound_at
    keep_recovered(channel_id=world.channel.pk, found=[said(carla, "phone", from_me=True)])
    assert Message.objects.get(wa_message_id="phone").direction == "outbound"
    assert lines_of(carla) == ["1 message recovered"]
    assert Channel.objects.get(pk=world.channel.pk).last_inbound_at == before


@pytest.mark.django_db
def test_a_send_of_ours_that_is_found_gets_its_name_and_is_not_called_recovered(world, carla):
    message = write(world.ben, carla, text="Hello")
    Message.objects.filter(pk=message.pk).update(wa_message_id="ours", status="sent")
    assert keep_recovered(channel_id=world.channel.pk, found=[said(carla, "ours", from_me=True, source="api")]) == 0
    assert lines_of(carla) == []


@pytest.mark.django_db
def test_zoes_number_recovers_nothing_into_acme(world, carla):
    keep_recovered(channel_id=world.zoes_channel.pk, found=[said(carla, "lost")])
    assert not Message.objects.filter(chat=carla).exists()
    assert Message.objects.filter(workspace=world.zoes_channel.workspace, wa_message_id="lost").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        (ChannelStatus.CONNECTING, ChannelStatus.CONNECTED, True),
        (ChannelStatus.DEGRADED, ChannelStatus.CONNECTED, False),
        (ChannelStatus.CONNECTED, ChannelStatus.CONNECTING, False),
    ],
)
def test_a_connection_that_is_back_asks_for_what_was_missed(world, old, new, asked):
    if old == ChannelStatus.CONNECTING:
        move(channel_id=world.channel.pk, to=old, reason="Lost.")
    else:
        Channel.objects.filter(pk=world.channel.pk).update(status=old)
    move(channel_id=world.channel.pk, to=new, reason="Test.")
    assert is_asked(channel=world.channel, kind=RECOVER) is asked


@pytest.mark.django_db
def test_a_connection_that_blinks_is_asked_about_once(world):
    for _ in range(5):
        move(channel_id=world.channel.pk, to=ChannelStatus.CONNECTING, reason="Lost.")
        move(channel_id=world.channel.pk, to=ChannelStatus.CONNECTED, reason="Back.")
    assert Item.objects.filter(kind=RECOVER).count() == 1


@pytest.mark.django_db
def test_a_number_that_was_never_lost_has_nothing_to_recover(world):
    Channel.objects.filter(pk=world.channel.pk).update(status=ChannelStatus.QR_PENDING)
    move(channel_id=world.channel.pk, to=ChannelStatus.CONNECTED, reason="Linked.")
    assert not is_asked(channel=world.channel, kind=RECOVER)


@pytest.mark.django_db
def test_the_regular_look_asks_busy_channels_once_and_leaves_silent_ones_alone(world):
    Channel.objects.filter(pk=world.zoes_channel.pk).update(last_inbound_at=timezone.now() - timedelta(days=2))
    Channel.objects.filter(pk=world.channel.pk).update(last_inbound_at=timezone.now(), status=ChannelStatus.CONNECTED)
    assert look_for_missing() == 1
    assert look_for_missing() == 0
    assert is_asked(channel=world.channel, kind=RECOVER)


@pytest.fixture
def simulator(settings) -> Iterator[tuple[World, SimulatorControl]]:
    world = make_world()
    with running_simulator() as simulator:
        settings.WHAPI_BASE_URL = simulator.base_url
        store_credential(channel=world.channel, name="token", secret=TOKEN)
        simulator.add_channel(TOKEN)
        yield world, simulator


@pytest.mark.django_db(transaction=True)
def test_messages_whose_webhooks_were_dropped_come_from_the_providers_history(simulator, monkeypatch):
    world, provider = simulator
    monkeypatch.setattr(recovering, "SETTLING", timedelta(seconds=-60))
    monkeypatch.setattr(recovering, "AFTER_RETURN", timedelta(0))
    move(channel_id=world.channel.pk, to=ChannelStatus.CONNECTING, reason="Lost.")
    provider.inbound(chat_id="15550100111@s.whatsapp.net", text="Is anybody there?")
    provider.inbound(chat_id="15550100112@s.whatsapp.net", text="Hello?")
    move(channel_id=world.channel.pk, to=ChannelStatus.CONNECTED, reason="Back.")
    drain_once(max_seconds=20)
    texts = {(m.chat.wa_chat_id[:11], m.text) for m in Message.objects.select_related("chat")}
    assert texts == {
        ("15550100111", "Is anybody there?"),
        ("15550100111", "1 message recovered"),
        ("15550100112", "Hello?"),
        ("15550100112", "1 message recovered"),
    }
