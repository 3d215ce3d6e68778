"""Guards of docs/scenarios.md that hold at the door of webhooks: repeats, silent numbers, one id in two workspaces."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels_app.models import Channel
from channels_app.states import ChannelStatus
from inbox.events import MessagesChanged
from inbox.models import Chat, Message
from kernel import events
from kernel.events import Moment, subscribe
from outbox.models import Lane
from tests.support.world import make_channel, make_world
from tests.webhooks.bodies import GROUP, messages, text
from webhooks.models import InboundEvent
from webhooks.services import applier
from webhooks.services.applying import apply_pending
from webhooks.states import Result

TIMES, AT_ONCE = 50, 10


@pytest.fixture
def told() -> Iterator[list[MessagesChanged]]:
    """What is pushed to pages: every change, after its commit."""
    heard: list[MessagesChanged] = []
    subscribe(MessagesChanged, heard.append, Moment.AFTER_COMMIT)
    yield heard
    events._subscribers[MessagesChanged].remove((Moment.AFTER_COMMIT, heard.append))


@pytest.mark.django_db(transaction=True)
def test_guard_04_fifty_deliveries_of_one_message_are_one_row_and_one_push(post, told):
    world = make_world()
    together = threading.Barrier(AT_ONCE)

    def deliver_and_apply(_) -> list[int]:
        together.wait(10)
        try:
            answers = [post(world.channel, messages(text("again"))).status_code for _ in range(TIMES // AT_ONCE)]
            apply_pending()
            return answers
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = [status for those in pool.map(deliver_and_apply, range(AT_ONCE)) for status in those]
        assert answers == [200] * TIMES
    finally:
        applier.stop()
    while apply_pending():
        pass
    assert InboundEvent.objects.filter(result=Result.APPLIED).count() == TIMES
    message = Message.objects.get()
    assert [change.message_ids for change in told] == [(message.pk,)]
    assert message.version == 1


def shown_to(member) -> str:
    browser = Client()
    browser.force_login(member.user)
    return browser.get(reverse("inbox:chat-list", args=[member.workspace.slug])).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("status", [status for status in ChannelStatus if status != ChannelStatus.CONNECTED])
def test_guard_08_what_comes_while_a_number_is_not_connected_is_there_at_once(world, post, status):
    Channel.objects.filter(pk=world.channel.pk).update(status=status, wants_connection=False)
    Lane.objects.filter(pk=world.channel.pk).update(closed=True, paused=True)
    assert post(world.channel, messages(text("meanwhile", "Are you there?"))).status_code == 200
    apply_pending()
    assert InboundEvent.objects.get().result == Result.APPLIED
    assert "Are you there?" in shown_to(world.ben)


@pytest.mark.django_db
def test_guard_21_three_numbers_in_one_group_share_neither_messages_nor_names(world, post):
    """One round applies all, so that what is remembered of one number is at hand for the next."""
    second = make_channel(world.acme, "Branch", "+15550100102")
    for channel, said in ((world.channel, "to the shop"), (second, "to the branch"), (world.zoes_channel, "to Zoe")):
        body = text("same-id", f"Hello {said}", chat_id=GROUP, chat_name=f"Group {said}", from_name=f"Carla {said}")
        assert post(channel, messages(body)).status_code == 200
    numbers = (world.channel, second, world.zoes_channel)
    assert set(InboundEvent.objects.values_list("workspace_id", "channel_id")) == {
        (number.workspace_id, number.pk) for number in numbers
    }
    apply_pending()
    assert sorted(Message.objects.values_list("channel__name", "text")) == [
        ("Branch", "Hello to the branch"),
        ("Shop", "Hello to the shop"),
        ("Zoe's number", "Hello to Zoe"),
    ]
    assert Chat.objects.filter(wa_chat_id=GROUP).count() == 3
    acmes, zoes = shown_to(world.ben), shown_to(world.zoe)
    assert ("Hello to the shop" in acmes, "Hello to the branch" in acmes, "to Zoe" in acmes) == (True, True, False)
    assert ("Hello to Zoe" in zoes, "to the shop" in zoes, "to the branch" in zoes) == (True, False, False)
