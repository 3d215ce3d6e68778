"""How sends end: the table of outcomes, echoes that came first, reports that came first, look-ups."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from channels_app.providers.base import InboundMessage, SentMessage
from channels_app.providers.errors import ProviderError
from inbox.events import MessagesChanged
from inbox.models import Chat, Message, MessageFact
from inbox.workers import look_up
from kernel import events
from kernel.events import Moment, subscribe
from outbox.models import Attempt, Item
from outbox.registry import Job
from tests.support.chats import customer_writes, drain, echo_of, fact, item_of, make_chat, settle, write
from tests.support.query_budget import queries_of

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def told() -> Iterator[list[MessagesChanged]]:
    """What was published about messages, in order."""
    heard: list[MessagesChanged] = []
    subscribe(MessagesChanged, heard.append, Moment.SAME_TRANSACTION)
    yield heard
    events._subscribers[MessagesChanged].remove((Moment.SAME_TRANSACTION, heard.append))


@pytest.mark.parametrize(
    ("state", "values", "status", "error_code"),
    [
        ("sent", {"provider_id": "wa-9"}, "sent", ""),
        ("failed", {"error_code": "bad_number", "error": "Nobody has this number."}, "failed", "bad_number"),
        ("uncertain", {"error_code": "timeout", "error": "No answer came in time."}, "uncertain", "timeout"),
        ("queued", {"error_code": "connect", "error": "No connection."}, "pending", "connect"),
        ("cancelled", {}, "cancelled", ""),
    ],
)
def test_the_message_says_how_its_item_stands(world, chat, told, state, values, status, error_code):
    message = write(world.ben, chat)
    told.clear()
    settle((message, state, values))
    message.refresh_from_db()
    assert (message.status, message.error_code) == (status, error_code)
    assert message.wa_message_id == (values.get("provider_id") or None)
    assert message.version == 2
    assert [change.message_ids for change in told] == [(message.pk,)]


def test_the_providers_time_is_the_time_of_sending(world, chat):
    message = write(world.ben, chat)
    settle((message, "sent", {"provider_id": "wa-1", "data": {"at": NINE}}))
    message.refresh_from_db()
    assert message.sent_at == NINE


def test_a_put_back_message_does_not_change_at_all_and_nobody_is_told(world, chat, told):
    message = write(world.ben, chat)
    told.clear()
    settle((message, "queued", {}))
    message.refresh_from_db()
    assert (message.status, message.version, told) == ("pending", 1, [])


def test_a_retry_that_succeeds_takes_the_error_away(world, chat):
    message = write(world.ben, chat)
    settle((message, "queued", {"error_code": "connect", "error": "No connection."}))
    settle((message, "sent", {"provider_id": "wa-1"}))
    message.refresh_from_db()
    assert (message.status, message.error_code, message.error_detail) == ("sent", "", "")


def test_many_are_settled_in_as_many_queries_as_two(world):
    def batch(size: int) -> list:
        return [
            (write(world.ben, make_chat(world.channel)), "sent", {"provider_id": f"wa-{uuid.uuid4()}"})
            for _ in range(size)
        ]

    def asked(ended: list) -> list[str]:
        return [query for query in queries_of(lambda: settle(*ended)) if "outbox_item" not in query]

    two, twenty = batch(2), batch(20)
    settle(*batch(1))  # what is only noted once in a while is noted now
    assert len(asked(two)) == len(asked(twenty)) <= 9
    assert Message.objects.filter(status="sent").count() == 23


def test_facts_of_many_channels_are_locked_in_one_order(world):
    """Channel by channel, a tick would hold a later bucket while it waits for an earlier one that an applier has."""
    chats = [make_chat(channel) for channel in (world.channel, world.zoes_channel) for _ in range(8)]
    sent = [(write(owner, chat), chat) for chat in chats for owner in [world.ben if chat in chats[:8] else world.zoe]]
    locked = []

    def note(execute, sql, params, many, context):
        if "pg_advisory_xact_lock" in sql:
            locked.append(params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        settle(*((one, "sent", {"provider_id": f"wa-{one.pk}"}) for one, _ in sent))
    ((_, buckets),) = locked
    assert len(buckets) > 8
    assert buckets == sorted(buckets)


def test_late_news_never_takes_a_delivered_message_back(world, chat):
    message = write(world.ben, chat)
    settle((message, "sent", {"provider_id": "wa-1"}))
    Message.objects.filter(pk=message.pk).update(status="read")
    for state in ("sent", "uncertain", "failed", "queued", "cancelled"):
        settle((message, state, {"provider_id": "wa-1" if state == "sent" else "", "error_code": "x", "error": "y"}))
        message.refresh_from_db()
        assert (message.status, message.error_code) == ("read", "")


def test_evidence_turns_a_failed_or_uncertain_message_into_a_sent_one(world, chat):
    for state in ("failed", "uncertain", "cancelled"):
        message = write(world.ben, chat)
        settle((message, state, {"error_code": "x", "error": "y"}))
        settle((message, "sent", {"provider_id": f"wa-{state}"}))
        message.refresh_from_db()
        assert (message.status, message.error_code) == ("sent", "")


# --- What came before our own answer ----------------------------------------------------------------------------------


def test_reports_that_came_first_count_as_soon_as_the_id_is_known(world, chat, told):
    message = write(world.ben, chat)
    fact(world.channel, "wa-1", "status", "delivered:", at=NINE)
    fact(world.channel, "wa-1", "status", "read:", at=NINE + timedelta(minutes=1))
    settle((message, "sent", {"provider_id": "wa-1"}))
    message.refresh_from_db()
    assert (message.status, message.delivered_at, message.read_at) == ("read", NINE, NINE + timedelta(minutes=1))


def test_an_echo_that_came_first_becomes_our_message(world, chat, told):
    message = write(world.ben, chat, "Good morning")
    echo = echo_of(chat, "Good morning", "wa-1")
    reply = customer_writes(chat, "Morning!", quoted=echo)
    Chat.objects.filter(pk=chat.pk).update(last_message_id=echo.pk)
    fact(world.channel, "wa-1", "status", "delivered:")
    told.clear()
    settle((message, "sent", {"provider_id": "wa-1"}))
    message.refresh_from_db()
    reply.refresh_from_db()
    chat.refresh_from_db()
    assert not Message.objects.filter(pk=echo.pk).exists()
    assert (message.wa_message_id, message.status) == ("wa-1", "delivered")
    assert reply.quoted_id == message.pk
    assert chat.last_message_id == message.pk
    assert MessageFact.objects.filter(wa_message_id="wa-1").count() == 1
    assert told[-1].removed == (echo.pk,)
    assert set(told[-1].message_ids) == {message.pk, reply.pk}


def test_an_echo_taken_for_another_message_of_ours_goes_back(world, chat, told):
    mistaken, owner = write(world.ben, chat, "ok"), write(world.ben, chat, "ok")
    settle((mistaken, "uncertain", {"error_code": "timeout", "error": "No answer."}))
    settle((mistaken, "sent", {"provider_id": "wa-2"}))  # matched to the wrong one of two equal messages
    told.clear()
    settle((owner, "sent", {"provider_id": "wa-2"}))
    mistaken.refresh_from_db()
    owner.refresh_from_db()
    assert (owner.status, owner.wa_message_id) == ("sent", "wa-2")
    assert (mistaken.status, mistaken.wa_message_id, mistaken.error_code) == ("uncertain", None, "echo_of_another")
    assert {key for change in told for key in change.message_ids} == {mistaken.pk, owner.pk}


def test_two_that_were_taken_for_each_other_both_get_their_own_ids(world, chat):
    first, second = write(world.ben, chat, "ok"), write(world.ben, chat, "ok")
    settle((first, "sent", {"provider_id": "wa-2"}), (second, "sent", {"provider_id": "wa-1"}))
    settle((first, "sent", {"provider_id": "wa-1"}), (second, "sent", {"provider_id": "wa-2"}))
    first.refresh_from_db()
    second.refresh_from_db()
    assert [(one.status, one.wa_message_id) for one in (first, second)] == [("sent", "wa-1"), ("sent", "wa-2")]


def test_the_same_id_on_another_channel_is_another_message(world, chat):
    theirs = echo_of(make_chat(world.zoes_channel), "Good morning", "wa-1")
    message = write(world.ben, chat)
    settle((message, "sent", {"provider_id": "wa-1"}))
    assert Message.objects.filter(pk=theirs.pk, wa_message_id="wa-1").exists()


# --- Through the relay ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "item_state"),
    [
        (ProviderError("bad_number", "Nobody has this number.", permanent=True), "failed", "failed"),
        (ProviderError("timeout", "No answer came in time.", outcome_unknown=True), "uncertain", "uncertain"),
        (ProviderError("connect", "No connection."), "pending", "queued"),
        (ProviderError("too_many", "Asked to wait.", retry_after=30.0), "pending", "queued"),
        (ProviderError("signed_out", "The phone was unlinked.", unauthorized=True), "pending", "queued"),
    ],
)
def test_what_the_provider_says_reaches_the_message(world, chat, provider, error, status, item_state):
    message = write(world.ben, chat)
    provider.ends = [error]
    drain()
    message.refresh_from_db()
    assert (message.status, item_of(message).state) == (status, item_state)


def test_a_message_goes_out_once_and_in_order(world, chat, provider):
    for text in ("one", "two", "three"):
        write(world.ben, chat, text)
    provider.ends = [SentMessage("wa-a", NINE)]
    drain()
    assert [one.text for one in provider.sent()] == ["one", "two", "three"]
    assert list(Message.objects.order_by("sort_at").values_list("status", flat=True)) == ["sent"] * 3
    assert Message.objects.get(wa_message_id="wa-a").sent_at == NINE
    world.channel.refresh_from_db()
    assert world.channel.last_acknowledged_at is not None


# --- Looking it up at the provider ------------------------------------------------------------------------------------


def job_of(message: Message) -> Job:
    item = item_of(message)
    return Job(
        item.pk, item.workspace_id, item.lane_id, item.order_key, item.subject_id, item.kind, item.payload, 1, 20.0
    )


def past(chat: Chat, text: str, wa_message_id: str, at: datetime, **fields) -> InboundMessage:
    return InboundMessage(
        wa_message_id=wa_message_id,
        wa_chat_id=chat.wa_chat_id,
        from_me=True,
        sender_wa_id="",
        at=at,
        type=fields.pop("type", "text"),
        text=text,
        **fields,
    )


def test_the_one_message_that_looks_like_ours_is_the_proof(world, chat, provider):
    message = write(world.ben, chat, "Good morning")
    started = timezone.now()
    provider.past = [
        past(chat, "Good morning", "wa-old", started - timedelta(hours=1)),
        past(chat, "Good evening", "wa-other", started),
        past(chat, "Good morning", "wa-image", started, type="image"),
        past(chat, "Good morning ", "wa-1", started + timedelta(seconds=1)),
    ]
    found = look_up(job_of(message), started)
    assert (found.provider_id, found.data) == ("wa-1", {"at": started + timedelta(seconds=1)})


def test_two_that_look_like_ours_are_no_proof(world, chat, provider):
    message, started = write(world.ben, chat, "ok"), timezone.now()
    provider.past = [past(chat, "ok", "wa-1", started), past(chat, "ok", "wa-2", started)]
    assert look_up(job_of(message), started) is None


def test_what_another_message_of_ours_has_is_not_ours_but_a_bubble_made_from_the_echo_is(world, chat, provider):
    earlier, message, started = write(world.ben, chat, "ok"), write(world.ben, chat, "ok"), timezone.now()
    settle((earlier, "sent", {"provider_id": "wa-1"}))
    echo_of(chat, "ok", "wa-2")
    provider.past = [past(chat, "ok", "wa-1", started), past(chat, "ok", "wa-2", started)]
    assert look_up(job_of(message), started).provider_id == "wa-2"


def test_nothing_at_the_provider_is_no_proof(world, chat, provider):
    assert look_up(job_of(write(world.ben, chat)), timezone.now()) is None


def test_a_failing_settle_rolls_back_with_the_item(world, chat, monkeypatch):
    """The recording transaction is one: no sent item beside a pending message."""
    message = write(world.ben, chat)
    with transaction.atomic():
        settle((message, "sent", {"provider_id": "wa-1"}))
        transaction.set_rollback(True)
    message.refresh_from_db()
    assert message.status == "pending"
    assert Item.objects.get().state == "queued"
    assert not Attempt.objects.exists()
