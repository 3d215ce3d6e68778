"""Ingestion beside the relay, with threads and real transactions."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from channels_app.providers.base import InboundMessage, InboundStatus
from inbox.models import Chat, Contact, Message
from inbox.services.folding import fold
from inbox.services.ingesting import Heard, Source, apply_values
from tests.support.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CARLA = "15550100111@s.whatsapp.net"


def in_thread(work):
    def run(*arguments):
        try:
            return work(*arguments)
        finally:
            connection.close()

    return run


def source_of(channel) -> Source:
    return Source(channel.pk, channel.workspace_id, channel.provider, channel.own_wa_id)


@pytest.mark.parametrize("first", ["report", "response"])
def test_a_report_that_comes_while_our_response_is_being_written_is_not_lost(first):
    """Each of the two transactions is held open until the other has begun: one of them must see the other's work."""
    world = make_world()
    chat = Chat.objects.create(workspace=world.acme, channel=world.channel, wa_chat_id=CARLA, kind="direct")
    message = Message.objects.create(
        workspace=world.acme,
        channel=world.channel,
        chat=chat,
        direction="outbound",
        type="text",
        status="pending",
        sort_at=NOON,
    )
    began, may_end = threading.Event(), threading.Event()

    def hear_report() -> None:
        apply_values([Heard(source_of(world.channel), InboundStatus("wa-1", "read", NOON, CARLA))])

    def write_response() -> None:
        Message.objects.filter(pk=message.pk).update(wa_message_id="wa-1", status="sent")
        fold([(world.channel.pk, "wa-1")])

    early, late = (hear_report, write_response) if first == "report" else (write_response, hear_report)

    @in_thread
    def run_early() -> None:
        with transaction.atomic():
            early()
            began.set()
            may_end.wait(1)

    @in_thread
    def run_late() -> None:
        began.wait(10)
        with transaction.atomic():
            late()
        may_end.set()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run_early), pool.submit(run_late)]:
            done.result(30)
    message.refresh_from_db()
    assert message.status == "read"


def test_appliers_of_two_channels_of_a_workspace_share_contacts_without_deadlock():
    world = make_world()
    channels = [world.channel, *(type(world.channel).objects.filter(workspace=world.acme).exclude(pk=world.channel.pk))]
    second = type(world.channel).objects.create(
        workspace=world.acme, provider="whapi", name="Second", status="connected"
    )
    channels.append(second)
    people = [f"155501{n:05}@s.whatsapp.net" for n in range(60)]
    together = threading.Barrier(len(channels))

    @in_thread
    def hear(channel) -> None:
        together.wait(10)
        order = people if channel == second else reversed(people)
        values = [
            InboundMessage(f"m-{who}", who, False, who, NOON + timedelta(seconds=n), "text", "Hi", sender_name=f"N{n}")
            for n, who in enumerate(order)
        ]
        with transaction.atomic():
            apply_values([Heard(source_of(channel), value) for value in values])

    with ThreadPoolExecutor(len(channels)) as pool:
        for done in [pool.submit(hear, channel) for channel in channels]:
            done.result(30)
    assert Contact.objects.filter(workspace=world.acme).count() == len(people)
    assert Message.objects.count() == len(people) * len(channels)
