"""What a delivery does to our own sends: echoes and reports find them."""

import uuid
from datetime import timedelta

import pytest

from inbox.models import Chat, Message, MessageFact
from inbox.services.folding import fold
from outbox.models import Attempt, Item, Worker
from tests.support.inbound import CARLA, NOON, OTTO, echo, later, reported


@pytest.fixture
def send(world, hear):
    """A message of ours whose one attempt began at `started`; `outcome` None means that it is still open."""

    def make(text="Our offer", *, started=NOON, outcome=None, status="pending", channel=None, **more) -> Message:
        channel = channel or world.channel
        chat, _ = Chat.objects.get_or_create(
            channel=channel, wa_chat_id=CARLA, defaults={"workspace": channel.workspace, "kind": "direct"}
        )
        values = {"type": "text", "sort_at": NOON - timedelta(minutes=1), "client_id": str(uuid.uuid4()), **more}
        message = Message.objects.create(
            workspace=channel.workspace,
            channel=channel,
            chat=chat,
            direction="outbound",
            text=text,
            source="waybill",
            status=status,
            **values,
        )
        state = {None: "queued", "uncertain": "uncertain", "failed": "failed", "sent": "sent"}[outcome]
        item = Item.objects.create(
            workspace=channel.workspace,
            lane_id=channel.pk,
            order_key=chat.pk,
            seq=Item.objects.count() + 1,
            kind="message.send",
            subject_id=message.pk,
            payload={},
            state=state,
            open=state in ("queued", "uncertain"),
        )
        worker = Worker.objects.create(name="tests", lease_until=NOON)
        ended = {} if outcome is None else {"finished_at": started + timedelta(seconds=30), "outcome": outcome}
        Attempt.objects.create(
            item=item, order_key=chat.pk, lane_id=channel.pk, worker=worker, started_at=started, **ended
        )
        return message

    return make


@pytest.mark.parametrize(
    ("outcome", "status", "ends"),
    [(None, "pending", "sent"), ("uncertain", "uncertain", "sent"), ("failed", "failed", "failed")],
)
def test_an_echo_finds_its_send_and_makes_no_second_bubble(hear, send, outcome, status, ends):
    ours = send(outcome=outcome, status=status)
    hear(echo("wa-1", at=later(2)))
    ours.refresh_from_db()
    assert Message.objects.count() == 1
    assert (ours.wa_message_id, ours.status, ours.error_code) == ("wa-1", "sent", "")
    assert Item.objects.get().state == ends
    hear(reported("wa-1", "delivered", later(4)), echo("wa-1", at=later(2)))
    ours.refresh_from_db()
    assert (Message.objects.count(), ours.status, ours.delivered_at) == (1, "delivered", later(4))


def test_of_two_equal_sends_the_echo_belongs_to_the_one_that_began_just_then(hear, send):
    first = send("ok", started=NOON, outcome="uncertain", status="uncertain")
    second = send("ok", started=later(180))
    hear(echo("wa-2", "ok", at=later(181)))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.wa_message_id, second.wa_message_id) == (None, "wa-2")
    hear(echo("wa-1", "ok", at=later(1)))
    first.refresh_from_db()
    assert (first.wa_message_id, first.status) == ("wa-1", "sent")


@pytest.mark.parametrize(
    "other",
    [
        echo("wa-1", "Another text"),
        echo("wa-1", source="mobile"),
        echo("wa-1", chat=OTTO),
        echo("wa-1", type="image"),
        echo("wa-1", at=NOON - timedelta(hours=1)),
        echo("wa-1", at=NOON + timedelta(hours=1)),
    ],
)
def test_what_is_not_our_send_has_a_bubble_of_its_own(hear, send, other):
    ours = send()
    hear(other)
    ours.refresh_from_db()
    assert (ours.wa_message_id, ours.status) == (None, "pending")
    assert Message.objects.get(wa_message_id="wa-1").status == "sent"


def test_zoes_echo_never_finds_acmes_send(hear, send, world):
    ours = send()
    hear(echo("wa-1"), channel=world.zoes_channel)
    ours.refresh_from_db()
    assert ours.wa_message_id is None
    assert Message.objects.get(wa_message_id="wa-1").workspace == world.zoes


def test_a_vendor_that_carries_our_reference_needs_no_guessing(hear, send):
    first, second = send("ok", outcome="uncertain", status="uncertain"), send("ok", started=later(1))
    hear(reported("wa-1", "delivered", client_reference=str(first.pk)))
    hear(echo("wa-2", "shown differently", source="", client_reference=str(second.pk)))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.wa_message_id, first.status) == ("wa-1", "delivered")
    assert (second.wa_message_id, second.status) == ("wa-2", "sent")
    assert Item.objects.filter(state="sent").count() == 2


def test_a_reference_of_another_workspace_names_nothing(hear, send, world):
    zoes = send(channel=world.zoes_channel)
    hear(echo("wa-1", "other", source="", client_reference=str(zoes.pk)))
    hear(reported("wa-2", "sent", client_reference=str(zoes.pk)))
    zoes.refresh_from_db()
    assert zoes.wa_message_id is None


def test_a_report_settles_what_the_outbox_is_uncertain_of(hear, send):
    ours = send(outcome="uncertain", status="uncertain", wa_message_id="wa-1")
    hear(reported("wa-1", "delivered"))
    ours.refresh_from_db()
    assert ours.status == "delivered"
    assert Item.objects.get().state == "sent"


def test_a_report_before_our_response_counts_when_the_response_names_it(hear, send, world):
    ours = send()
    hear(reported("wa-1", "read", later(3)))
    Message.objects.filter(pk=ours.pk).update(wa_message_id="wa-1", status="sent")
    assert fold([(world.channel.pk, "wa-1")]) == [ours.pk]
    ours.refresh_from_db()
    assert (ours.status, ours.read_at) == ("read", later(3))
    assert MessageFact.objects.count() == 1
