"""From the log to the inbox: batches, poison, crashes, other appliers."""

import json
import threading

import pytest
from django.core.management import call_command
from django.db import Error, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.errors import UniqueViolation

from channels_app.services import gateway
from inbox.models import Chat, Message, MessageFact
from inbox.services.ingesting import messages as inserting
from tests.support.world import make_channel, make_world
from tests.webhooks.bodies import CHAT, GROUP, NOON, body, messages, status, statuses, text
from webhooks.models import InboundEvent
from webhooks.services import applier, applying
from webhooks.services.applying import apply_pending, sweep_pending
from webhooks.states import Result


def results() -> list[tuple[str, str]]:
    return list(InboundEvent.objects.order_by("id").values_list("kind", "result"))


def test_a_customers_message_makes_contact_chat_and_message(world, post):
    post(world.channel, messages(text("a", "Good morning")))
    assert apply_pending() == 1
    message = Message.objects.get()
    assert (message.text, message.direction, message.status, message.type) == (
        "Good morning",
        "inbound",
        "received",
        "text",
    )
    assert message.chat.wa_chat_id == CHAT
    assert message.chat.contact == message.sender_contact
    assert message.chat.contact.push_name == "Carla Customer"
    assert (message.chat.last_message_id, message.chat.last_message_at) == (message.pk, message.sort_at)
    event = InboundEvent.objects.get()
    assert (event.kind, event.result, event.attempts, event.wa_message_ids) == (
        "messages.post",
        Result.APPLIED,
        1,
        ["a"],
    )
    assert event.applied_at is not None
    world.channel.refresh_from_db()
    assert world.channel.last_inbound_at is not None


def test_genuine_but_useless_is_ignored_with_the_reason(world, post):
    post(world.channel, {"service": {"what": "ever"}, "event": {"type": "service", "event": "post"}})
    post(world.channel, {})
    apply_pending()
    for event in InboundEvent.objects.all():
        assert event.result == Result.IGNORED
        assert event.reason.endswith(".")


def test_what_cannot_be_understood_is_parked_with_the_reason(world, post):
    post(world.channel, messages({"id": "a"}))
    apply_pending()
    event = InboundEvent.objects.get()
    assert event.result == Result.PARKED
    assert event.reason.endswith(".")
    assert event.applied_at is None


def test_a_vendor_that_stumbles_parks_only_that_body(world, post, monkeypatch):
    parse = gateway.parse

    def stumble(provider, *, method, suffix, body):
        if b"stumble" in body:
            raise KeyError("secret text of a customer")
        return parse(provider, method=method, suffix=suffix, body=body)

    monkeypatch.setattr(gateway, "parse", stumble)
    post(world.channel, messages(text("a")))
    post(world.channel, messages(text("stumble")))
    post(world.channel, messages(text("b")))
    apply_pending()
    assert [result for _, result in results()] == [Result.APPLIED, Result.PARKED, Result.APPLIED]
    reason = InboundEvent.objects.get(result=Result.PARKED).reason
    assert "KeyError" in reason
    assert "secret text" not in reason


def test_one_poisonous_body_among_many_is_parked_and_its_neighbours_arrive(world, post, monkeypatch):
    row = inserting._row

    def poisoned(heard, chats, contact_of):
        values = list(row(heard, chats, contact_of))
        if values[7] == "poison":
            values[5] = "not-a-type"  # what a constraint of the database refuses
        return tuple(values)

    monkeypatch.setattr(inserting, "_row", poisoned)
    for number in range(20):
        post(world.channel, messages(text(f"m{number}", at=NOON + number)))
        if number == 11:
            post(world.channel, messages(text("poison")))
            post(world.channel, messages(text("x" * 300)))
    assert apply_pending() == 22
    assert Message.objects.count() == 20
    parked = InboundEvent.objects.filter(result=Result.PARKED)
    assert [event.wa_message_ids for event in parked] in ([["poison"], []], [[], ["poison"]])
    assert all(event.reason.endswith(".") and event.attempts == 1 for event in parked)
    assert "database" in parked.get(wa_message_ids=["poison"]).reason
    assert apply_pending() == 0

    monkeypatch.setattr(inserting, "_row", row)
    call_command("replay_webhooks", "--result", "parked")
    assert Message.objects.filter(wa_message_id="poison").exists()


def test_a_body_that_collided_with_somebody_elses_commit_is_tried_again(world, post, monkeypatch):
    apply_values, collisions = applying.apply_values, iter([True])

    def collide_once(batch):
        if next(collisions, False):
            raise IntegrityError("duplicate key") from UniqueViolation()
        apply_values(batch)

    monkeypatch.setattr(applying, "apply_values", collide_once)
    post(world.channel, messages(text("a")))
    apply_pending()
    assert [result for _, result in results()] == [Result.APPLIED]
    assert Message.objects.count() == 1


def test_messages_of_one_second_stand_in_the_order_in_which_they_came(world, post):
    names = ["m3", "m1", "m2", "m0"]
    for name in names:
        post(world.channel, messages(text(name)))
    apply_pending()
    assert list(Message.objects.order_by("sort_at", "id").values_list("wa_message_id", flat=True)) == names


def test_trouble_of_the_database_parks_nothing(world, post, monkeypatch):
    class Deadlock(Exception):
        sqlstate = "40P01"

    def fail(batch):
        error = OperationalError("deadlock detected")
        error.__cause__ = Deadlock()
        raise error

    post(world.channel, messages(text("a")))
    with monkeypatch.context() as patched:
        patched.setattr(applying, "apply_values", fail)
        with pytest.raises(OperationalError), transaction.atomic():
            apply_pending()
    assert results() == [("", Result.PENDING)]
    apply_pending()
    assert results() == [("messages.post", Result.APPLIED)]


def test_a_channel_removed_after_its_webhook_was_taken_still_gets_it(world, post):
    post(world.channel, messages(text("a")))
    world.channel.removed_at = world.channel.created_at
    world.channel.save()
    apply_pending()
    assert Message.objects.get().channel == world.channel


def test_a_channel_that_is_gone_parks_what_it_said(world, post):
    post(world.channel, messages(text("a")))
    world.channel.delete()
    apply_pending()
    assert InboundEvent.objects.get().reason == "Its channel is not there any more."


def test_what_a_crash_left_between_storing_and_applying_is_swept(world, post):
    for number in range(5):
        post(world.channel, messages(text(f"m{number}")))
        post(world.zoes_channel, messages(text(f"z{number}")))
    assert sweep_pending() == 10
    assert sweep_pending() == 0
    assert Message.objects.filter(workspace=world.acme).count() == 5
    assert Message.objects.filter(workspace=world.zoes).count() == 5


def test_process_inbound_once_says_how_much_it_did(world, post, capsys):
    post(world.channel, messages(text("a")))
    call_command("process_inbound", "--once")
    assert capsys.readouterr().out.startswith("1 ")
    call_command("process_inbound", "--once")
    assert capsys.readouterr().out.startswith("0 ")


def test_a_round_takes_no_more_bytes_than_it_can_hold(world, post, monkeypatch):
    monkeypatch.setattr(applying, "BATCH_BYTES", 1000)
    for number in range(6):
        post(world.channel, messages(text(f"m{number}", "x" * 400)))
    post(world.channel, messages(text("long", "x" * 5000)))
    rounds = []
    while done := apply_pending():
        rounds.append(done)
    assert sum(rounds) == 7
    assert max(rounds) == 1
    assert Message.objects.count() == 7


def test_channels_share_a_round_but_not_each_others_chats(world, post):
    second = make_channel(world.acme, "Second", "+15550100102")
    for channel in (world.channel, second, world.zoes_channel):
        post(channel, messages(text("same-id")))
    assert sweep_pending() == 3
    assert Message.objects.filter(wa_message_id="same-id").count() == 3
    assert Chat.objects.filter(wa_chat_id=CHAT).count() == 3
    acme, zoes = (Chat.objects.filter(workspace=each) for each in (world.acme, world.zoes))
    assert acme.values("contact").distinct().count() == 1
    assert zoes.get().contact.workspace == world.zoes
    assert zoes.get().contact_id not in acme.values_list("contact_id", flat=True)


def mixed_bodies(numbers):
    for n in numbers:
        who = {"chat_id": f"1555010{n:04}@s.whatsapp.net", "from": f"1555010{n:04}"}
        in_group = {"chat_id": GROUP, "chat_name": f"Team {n}", "context": {"quoted_id": f"m{n}"}}
        picture = {"type": "image", "image": {"id": f"file-{n}", "mime_type": "image/jpeg", "caption": "look"}}
        yield messages(text(f"m{n}", at=NOON + n, **who), text(f"g{n}", at=NOON + n, **in_group))
        yield messages(text(f"p{n}", at=NOON + n, **{**who, **picture}))
        yield messages(text(f"echo{n}", at=NOON + n, **{**who, "from_me": True, "source": "api", "status": "sent"}))
        yield statuses(status(f"echo{n}", "delivered"), status(f"m{n}", "read"), status(f"later{n}", "read"))
        yield body(
            "groups", "put", "groups_participants", {"group_id": GROUP, "participants": [who["from"]], "action": "add"}
        )
        yield body("presences", "post", "presences", {"contact_id": who["from"], "status": "typing"})


def test_a_round_needs_as_many_queries_for_forty_bodies_of_every_kind_as_for_four_hundred(world, post):
    def round_of(numbers):
        for one in mixed_bodies(numbers):
            assert post(world.channel, one).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert apply_pending() == 6 * len(numbers)
        assert not InboundEvent.objects.filter(result=Result.PARKED).exists()
        return len(captured)

    round_of(range(0, 2))  # what is asked for once in a process's life
    few, many = round_of(range(10, 16)), round_of(range(20, 80))
    assert few == many
    assert many < 80


@pytest.mark.django_db(transaction=True)
def test_the_applier_outlives_a_database_that_hangs_up(post, monkeypatch):
    world = make_world()
    monkeypatch.setattr(applier, "POLL_SECONDS", 0.05)
    own, alive = applier.Applier(), threading.Event()
    seen = []

    def apply():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            seen.append(cursor.fetchone()[0])
        alive.set()
        return apply_pending()

    monkeypatch.setattr(applier, "apply_pending", apply)
    thread = threading.Thread(target=own.run)
    thread.start()
    try:
        assert alive.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [seen[-1]])
        with transaction.atomic():
            InboundEvent.objects.create(
                workspace_id=world.acme.pk, channel_id=world.channel.pk, body=b'{"messages": []}'
            )
        own.wake()
        pause = threading.Event()
        for _ in range(400):
            if not InboundEvent.objects.filter(result=Result.PENDING).exists():
                break
            pause.wait(0.02)
    finally:
        own.stop()
        thread.join(10)
    assert InboundEvent.objects.get().result == Result.IGNORED
    assert len(set(seen)) > 1


@pytest.mark.django_db(transaction=True)
def test_a_round_that_dies_halfway_leaves_everything_for_the_next(post, monkeypatch):
    world = make_world()
    for number in range(3):
        InboundEvent.objects.create(
            workspace_id=world.acme.pk,
            channel_id=world.channel.pk,
            body=json.dumps(messages(text(f"m{number}"))).encode(),
        )

    class Died(BaseException):
        """As if the process had ended here."""

    def die(rows):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(applying, "_mark", die)
        with pytest.raises(Died):
            apply_pending()
    assert not Message.objects.exists()
    assert not MessageFact.objects.exists()
    assert sweep_pending() == 3
    assert Message.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_process_that_froze_in_a_round_keeps_its_shard_from_nobody(post, monkeypatch):
    monkeypatch.setattr(applying, "FROZEN_SECONDS", 0.2)
    world = make_world()
    frozen = connection.copy()
    monkeypatch.setattr(applier, "wake", lambda: None)
    post(world.channel, messages(text("a")))
    try:
        with frozen.cursor() as cursor:
            cursor.execute("BEGIN")
            for shard in range(applying.SHARDS):
                cursor.execute(applying._LOCK, [applying._LOCK_CLASS, shard, f"{applying.FROZEN_SECONDS}s"])
        assert apply_pending() == 1
        with pytest.raises(Error) as ended, frozen.cursor() as cursor:
            cursor.execute("COMMIT")
        assert applying._passes(ended.value), "no body is to blame for it"
    finally:
        frozen.close()


@pytest.mark.django_db(transaction=True)
def test_two_threads_of_an_applier_share_the_work_and_stop_together():
    world = make_world()
    stored = [
        InboundEvent(workspace_id=world.acme.pk, channel_id=world.channel.pk, body=b'{"messages": []}')
        for _ in range(40)
    ]
    InboundEvent.objects.bulk_create(stored)
    shared = applier.Applier()
    threads = [threading.Thread(target=shared.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    pause = threading.Event()
    try:
        for _ in range(400):
            if not InboundEvent.objects.filter(result=Result.PENDING).exists():
                break
            pause.wait(0.02)
    finally:
        shared.stop()
        for thread in threads:
            thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert set(InboundEvent.objects.values_list("result", "attempts")) == {(Result.IGNORED, 1)}
