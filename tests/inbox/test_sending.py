"""Writing to a customer, at the API's door."""

import json
import threading
import uuid
import zlib
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from channels_app.models import Channel
from inbox.errors import ClientIdReused
from inbox.jobs import Draft
from inbox.models import Attachment, Chat, Message
from inbox.services.sending import send_message
from inbox.workers import send as perform
from outbox.models import Item, Lane
from outbox.registry import Job
from tests.support.chats import customer_writes, drain, item_of, make_chat, write
from tests.support.query_budget import at_most

pytestmark = pytest.mark.django_db


def send(api, chat, **body):
    body = json.dumps({"client_id": "c-1", "text": "Hello", **body})
    return api.post(f"/api/v1/chats/{chat.pk}/messages", body, content_type="application/json")


def test_a_message_is_pending_and_in_the_outbox_and_only_its_own_workspace_knows(api, zoes_api, world, chat):
    answer = send(api, chat, text="Your parcel is on its way")
    assert answer.status_code == 202, answer.content
    said = answer.json()
    assert (said["status"], said["direction"], said["client_id"]) == ("pending", "outbound", "c-1")
    assert said["sender"]["name"] == "API key robot"
    message = Message.objects.get(pk=said["id"])
    item = item_of(message)
    assert (item.state, item.lane_id, item.order_key) == ("queued", world.channel.pk, chat.pk)
    assert item.payload == {
        "to": chat.wa_chat_id,
        "type": "text",
        "text": "Your parcel is on its way",
        "client_reference": str(message.pk),
    }
    chat.refresh_from_db()
    assert (chat.last_message_id, chat.last_message_at) == (message.pk, message.sort_at)

    missing = zoes_api.post(f"/api/v1/chats/{uuid.uuid4()}/messages", {"client_id": "z", "text": "Hi"}, format="json")
    refused = send(zoes_api, chat, client_id="z")
    assert (refused.status_code, refused.json()) == (404, missing.json())
    assert Message.objects.count() == 1


def test_a_member_writes_in_their_own_name_and_a_viewer_cannot(as_member, world, chat):
    answer = send(as_member(world.ben), chat)
    assert answer.status_code == 202
    assert answer.json()["sender"] == {
        "name": "Ben Demo",
        "wa_id": world.channel.own_wa_id,
        "member": str(world.ben.pk),
    }
    refused = send(as_member(world.vic), chat, client_id="c-2")
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"
    assert send(as_member(world.zoe), chat, client_id="c-3").status_code == 404
    assert Item.objects.count() == 1


def test_nobody_without_a_key_gets_in(client, chat):
    assert client.get(f"/api/v1/chats/{chat.pk}/messages").status_code == 401


def test_the_same_client_id_and_content_is_the_same_message_and_other_content_is_refused(api, chat, world):
    first = send(api, chat)
    again = send(api, chat)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    other = send(api, chat, text="Something else")
    assert (other.status_code, other.json()["code"]) == (409, "client_id_reused")
    elsewhere = send(api, make_chat(world.channel))
    assert elsewhere.status_code == 409
    assert Message.objects.count() == Item.objects.count() == 1


def test_a_repeat_is_answered_although_the_chat_is_read_only_by_now(api, chat):
    first = send(api, chat)
    Chat.objects.filter(pk=chat.pk).update(read_only=True, read_only_reason="The number was removed from the group.")
    assert send(api, chat).json()["id"] == first.json()["id"]
    refused = send(api, chat, client_id="c-2")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The number was removed from the group.")
    assert Item.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"text": ""}, "empty_message", "text"),
        ({"text": "  \n "}, "empty_message", "text"),
        ({"text": "x" * 65_537}, "message_too_long", "text"),
        ({"text": "with a \x00 in it"}, "invalid", "text"),
        ({"text": "half a \ud83d pair"}, "invalid", "text"),
        ({"client_id": ""}, "invalid", "client_id"),
        ({"client_id": "x" * 65}, "invalid", "client_id"),
        ({"client_id": "new\nline"}, "invalid", "client_id"),
        ({"type": "carrier pigeon"}, "invalid", "type"),
        ({"type": "image", "text": "no file"}, "empty_message", "attachment"),
        ({"type": "location"}, "empty_message", "location"),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, "invalid", "location"),
        ({"type": "poll", "poll": {"question": "Tea?", "options": ["Yes"]}}, "invalid", "poll"),
        ({"type": "poll", "poll": {"question": "Tea?", "options": ["Yes", "Yes"]}}, "invalid", "poll"),
        ({"quoted": str(uuid.uuid4())}, "invalid", "quoted"),
        ({"type": "document", "attachment": str(uuid.uuid4())}, "invalid", "attachment"),
        ({"poll": {"question": "Tea?", "options": ["Yes", "No"]}}, "invalid", "poll"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_rule_and_writes_nothing(api, chat, body, code, field):
    answer = send(api, chat, **body)
    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert (problem["code"], list(problem["errors"])) == (code, [field])
    assert answer["Content-Type"] == "application/problem+json"
    assert not Message.objects.exists()
    assert not Item.objects.exists()


def test_the_longest_message_is_accepted(api, chat):
    assert send(api, chat, text="x" * 65_536).status_code == 202


def test_a_body_beyond_all_measure_is_not_even_read(api, chat):
    answer = send(api, chat, text="x" * 5_300_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_card_that_is_nothing_is_refused(api, chat):
    answer = send(api, chat, type="contacts", contacts=[None])
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["contacts"])


def test_a_body_is_never_decompressed_whatever_encoding_it_names(api, chat):
    bomb = zlib.compress(b'{"client_id": "c-1", "text": "small"}')
    for encoding in ("zlib", "bz2", "utf-16", "nonsense"):
        address = f"/api/v1/chats/{chat.pk}/messages"
        answer = api.generic("POST", address, bomb, content_type=f"application/json; charset={encoding}")
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error"), encoding


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"a":' * 100_000, '{"a": NaN}', "{", "", "nonsense", '{"client_id": "c-1", "text": {"a": 1}}'],
)
def test_what_is_no_message_is_refused(api, chat, body):
    answer = api.post(f"/api/v1/chats/{chat.pk}/messages", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_list_instead_of_an_object_is_refused(api, chat):
    assert api.post(f"/api/v1/chats/{chat.pk}/messages", [1], format="json").status_code == 400


def test_writing_on_a_paused_or_lost_channel_waits_in_the_outbox(api, world, chat):
    Lane.objects.filter(pk=world.channel.pk).update(paused=True, closed=True)
    Channel.objects.filter(pk=world.channel.pk).update(status="logged_out")
    assert send(api, chat).status_code == 202
    assert Item.objects.get().state == "queued"


def test_a_removed_number_takes_no_new_messages(api, world, chat):
    Channel.objects.filter(pk=world.channel.pk).update(removed_at="2026-01-01T00:00:00Z")
    assert send(api, chat).json()["code"] == "chat_read_only"


def test_a_message_to_a_phone_number_finds_or_makes_the_chat(api, zoes_api, world):
    body = {"channel": str(world.channel.pk), "to": "+1 555 0100 (200)", "client_id": "c-1", "text": "Welcome"}
    first = api.post("/api/v1/messages", body, format="json")
    assert first.status_code == 202, first.content
    made = Chat.objects.get()
    assert (made.wa_chat_id, made.kind) == ("15550100200@s.whatsapp.net", "direct")
    assert made.contact.addresses.get().wa_id == made.wa_chat_id
    again = api.post("/api/v1/messages", {**body, "to": "15550100200@c.us"}, format="json")
    assert again.json()["id"] == first.json()["id"]
    assert Chat.objects.count() == 1
    refused = zoes_api.post("/api/v1/messages", body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (404, "channel_not_found")


@pytest.mark.parametrize("to", ["", "hello", "+1", "0155501002", "12345678901234567890", "not@a.jid", "+1 555; drop"])
def test_a_number_that_is_none_is_refused_with_a_sentence(api, world, to):
    body = {"channel": str(world.channel.pk), "to": to}
    answer = api.post("/api/v1/chats", body, format="json")
    assert answer.status_code == 400
    assert "to" in answer.json()["errors"]
    assert not Chat.objects.exists()


def test_an_empty_message_to_a_new_number_makes_no_chat(api, world):
    body = {"channel": str(world.channel.pk), "to": "+15550100200", "client_id": "c-1", "text": " "}
    assert api.post("/api/v1/messages", body, format="json").status_code == 400
    assert not Chat.objects.exists()


def test_an_unknown_group_and_our_own_number_are_no_chats_to_start(api, world):
    channel = str(world.channel.pk)
    group = api.post("/api/v1/chats", {"channel": channel, "to": "120363000000000001@g.us"}, format="json")
    assert group.json()["code"] == "group_not_known"
    own = api.post("/api/v1/chats", {"channel": channel, "to": world.channel.phone_number}, format="json")
    assert own.json()["detail"] == "That is the channel's own number."


def test_a_reply_names_the_quoted_message_to_the_provider(world, chat, provider):
    question = customer_writes(chat, "Open tomorrow?", wa_message_id="in-1")
    ours = write(world.ben, chat, "Yes", quoted_id=question.pk)
    assert item_of(ours).payload["quoted_wa_id"] == "in-1"
    on_top = write(world.ben, chat, "From nine", quoted_id=ours.pk)
    assert item_of(on_top).payload["quoted_message_id"] == str(ours.pk)
    drain()
    assert [(one.text, one.quoted_wa_id) for one in provider.sent()] == [("Yes", "in-1"), ("From nine", "wa-1")]


def test_a_quoted_message_of_another_chat_is_refused(api, world, chat):
    elsewhere = customer_writes(make_chat(world.channel))
    assert send(api, chat, quoted=str(elsewhere.pk)).status_code == 400


def test_an_upload_becomes_the_file_of_one_message(api, world, chat):
    file = Attachment.objects.create(
        workspace=world.acme, kind="image", mime_type="image/png", file_name="a.png", size=3, state="ready", path="x/y"
    )
    sent = send(api, chat, type="image", text="Look", attachment=str(file.pk))
    assert sent.status_code == 202, sent.content
    assert [one["id"] for one in sent.json()["attachments"]] == [str(file.pk)]
    assert item_of(Message.objects.get()).payload["media"]["path"] == "x/y"
    assert send(api, chat, type="image", text="Look", attachment=str(file.pk)).json()["id"] == sent.json()["id"]
    second = send(api, chat, client_id="c-2", type="image", attachment=str(file.pk))
    assert (second.status_code, list(second.json()["errors"])) == (400, ["attachment"])


def test_another_workspaces_upload_is_not_there(api, world, chat):
    file = Attachment.objects.create(workspace=world.zoes, kind="image", state="ready", path="x/y")
    assert send(api, chat, type="image", attachment=str(file.pk)).status_code == 400


def test_an_answer_stands_below_a_question_of_a_provider_whose_clock_is_ahead(world, chat):
    question = customer_writes(chat, at=timezone.now() + timedelta(seconds=30))
    answer = write(world.ben, chat)
    assert answer.sort_at > question.sort_at


def test_a_rolled_back_message_leaves_nothing_in_the_outbox(world, chat):
    with transaction.atomic():
        write(world.ben, chat)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not Item.objects.exists()


def test_sending_asks_the_database_a_fixed_number_of_times(world, chat):
    write(world.ben, chat, "first, so that the order key exists")
    with at_most(10):
        write(world.ben, chat, "second")


def test_the_sender_asks_the_database_nothing(world, chat, provider):
    item = item_of(write(world.ben, chat))
    job = Job(
        item.pk, item.workspace_id, item.lane_id, item.order_key, item.subject_id, item.kind, item.payload, 1, 20.0
    )
    with at_most(0):
        assert perform(job).provider_id == "wa-1"


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_send_the_same_message_at_once_make_one(world, chat):
    ready, ids, errors = threading.Barrier(2), [], []

    def press_enter(text: str) -> None:
        try:
            ready.wait(timeout=10)
            draft = Draft(text=text)
            ids.append(send_message(actor=world.ben, chat=chat, client_id="tab", draft=draft).pk)
        except ClientIdReused as error:
            errors.append(error)
        finally:
            connection.close()

    def race(*texts: str) -> None:
        threads = [threading.Thread(target=press_enter, args=[text]) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)

    race("Hello", "Hello")
    assert (len(ids), len(set(ids)), errors) == (2, 1, [])
    race("Hello", "Good bye")
    assert (len(ids), len(errors)) == (3, 1)
    assert Message.objects.count() == Item.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_client_id_raced_in_two_chats_makes_one_message(world):
    chats, ready, outcomes = [make_chat(world.channel), make_chat(world.channel)], threading.Barrier(2), []

    def press_enter(chat: Chat) -> None:
        try:
            ready.wait(timeout=10)
            send_message(actor=world.ben, chat=chat, client_id="tab", draft=Draft(text="Hello"))
            outcomes.append("sent")
        except ClientIdReused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=press_enter, args=[chat]) for chat in chats]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(outcomes) == ["refused", "sent"]
    assert Message.objects.count() == Item.objects.count() == 1
