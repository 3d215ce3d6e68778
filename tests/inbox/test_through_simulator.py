"""What the inbox asks of a provider, through relay and adapter, judged by what reached the simulated Whapi."""

from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from channels_app.services.credentials import store_credential
from inbox.jobs import MEDIA_FETCH, Draft
from inbox.models import Attachment, Chat, Message
from inbox.services.attachments import store_upload
from inbox.services.editing import edit_message, react, revoke_message
from inbox.services.reading import mark_read
from inbox.services.resolving import retry_message
from inbox.services.sending import send_message
from inbox.workers import look_up
from outbox.registry import Job
from outbox.services.enqueuing import enqueue
from outbox.services.relaying.draining import drain_once
from tests.support.chats import customer_writes, item_of, make_chat, write
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "sim_inbox_0123456789"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@pytest.fixture
def acme() -> World:
    return make_world()


@pytest.fixture
def simulator(settings, acme: World) -> Iterator[SimulatorControl]:
    with running_simulator() as simulator:
        settings.WHAPI_BASE_URL = simulator.base_url
        store_credential(channel=acme.channel, name="token", secret=TOKEN)
        simulator.add_channel(TOKEN)
        yield simulator


@pytest.fixture
def carla(acme: World) -> Chat:
    return make_chat(acme.channel, "Carla")


def drain() -> None:
    drain_once(max_seconds=20)


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def upload(acme: World, kind: str, mime_type: str) -> Attachment:
    return store_upload(
        actor=acme.ben, file=ContentFile(PICTURE, name="a"), file_name=f"a-{kind}", mime_type=mime_type, kind=kind
    )


def test_every_type_reaches_the_provider_in_order_and_its_id_comes_back(acme, simulator, carla):
    question = customer_writes(carla, wa_message_id=simulator.inbound(chat_id=carla.wa_chat_id, text="Open?")[0])
    drafts = [
        Draft(text="Yes https://example.com/", quoted_id=question.pk),
        *(
            Draft(type=kind, text=caption, attachment_id=upload(acme, kind, mime_type).pk)
            for kind, mime_type, caption in (
                ("image", "image/png", "a caption"),
                ("video", "video/mp4", "a film"),
                ("audio", "audio/mpeg", ""),
                ("voice", "audio/ogg; codecs=opus", ""),
                ("document", "application/pdf", "the bill"),
                ("sticker", "image/webp", ""),
            )
        ),
        Draft(type="location", location={"latitude": 47.5, "longitude": 8.5, "name": "Office", "address": "1 Road"}),
        Draft(type="contacts", contacts=[{"name": "Dora", "phones": ["+15550100150"]}]),
        Draft(type="poll", poll={"question": "Tea?", "options": ["Yes", "No"], "multiple": False}),
    ]
    sent = [
        send_message(actor=acme.ben, chat=carla, client_id=str(index), draft=draft)
        for index, draft in enumerate(drafts)
    ]
    drain()
    assert [fresh(message).status for message in sent] == ["sent"] * len(sent)
    paths = [entry["path"] for entry in simulator.sends()]
    assert paths == [
        f"/messages/{name}"
        for name in (
            *("text", "image", "video", "audio", "voice", "document", "sticker", "location"),
            *("contact", "poll"),
        )
    ]
    assert simulator.sends()[0]["body"]["quoted"] == question.wa_message_id
    at_provider = {one["id"] for one in simulator.messages(chat_id=carla.wa_chat_id)}
    assert {fresh(message).wa_message_id for message in sent} <= at_provider


def test_edits_reactions_receipts_and_revokes_reach_the_provider(acme, simulator, carla):
    question = customer_writes(carla, wa_message_id=simulator.inbound(chat_id=carla.wa_chat_id, text="Open?")[0])
    answer = write(acme.ben, carla, "Yse")
    drain()
    mark_read(actor=acme.ben, chat=carla)
    react(actor=acme.ben, message=fresh(question), emoji="👍")
    edit_message(actor=acme.ben, message=fresh(answer), text="Yes")
    drain()
    assert (fresh(answer).text, fresh(answer).change) == ("Yes", None)
    assert simulator.requests(method="PUT", path=f"/messages/{question.wa_message_id}")
    assert simulator.requests(method="PUT", path=f"/messages/{question.wa_message_id}/reaction")
    revoke_message(actor=acme.ben, message=fresh(answer))
    drain()
    assert fresh(answer).deleted_at is not None
    assert simulator.requests(method="DELETE", path=f"/messages/{fresh(answer).wa_message_id}")


def test_an_accepted_message_without_an_answer_is_uncertain_found_and_never_repeated(acme, simulator, carla):
    message = write(acme.ben, carla, "Only once")
    simulator.fault(match={"path": "/messages/text"}, times=1, then="reset", accept=True)
    drain()
    assert fresh(message).status == "uncertain"
    item = item_of(message)
    job = Job(
        item.pk, item.workspace_id, item.lane_id, item.order_key, item.subject_id, item.kind, item.payload, 1, 20.0
    )
    found = look_up(job, timezone.now())
    assert found.provider_id == simulator.messages(chat_id=carla.wa_chat_id)[-1]["id"]
    drain()
    assert len(simulator.sends()) == 1


def test_a_refusal_says_why_and_can_be_tried_again(acme, simulator, carla):
    message = write(acme.ben, carla)
    simulator.fault(match={"path": "/messages/text"}, times=1, status=403, body={"error": "forbidden"})
    drain()
    assert (fresh(message).status, fresh(message).error_code) == ("failed", "forbidden")
    retry_message(actor=acme.ben, message=fresh(message))
    drain()
    assert fresh(message).status == "sent"


def test_a_customers_picture_is_fetched(acme, simulator, carla):
    (wa_message_id,) = simulator.inbound(chat_id=carla.wa_chat_id, type="image")
    (there,) = (one for one in simulator.messages(chat_id=carla.wa_chat_id) if one["id"] == wa_message_id)
    message = customer_writes(carla, "", type="image", wa_message_id=wa_message_id)
    attachment = Attachment.objects.create(
        workspace=acme.acme, message=message, kind="image", provider_media_id=there["image"]["id"]
    )
    with transaction.atomic():
        enqueue(
            workspace_id=acme.acme.pk,
            lane_id=acme.channel.pk,
            order_key=attachment.pk,
            kind=MEDIA_FETCH,
            payload={"attachment_id": str(attachment.pk)},
        )
    drain()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.state_detail) == ("ready", "")
    assert attachment.mime_type.startswith("image/")
    assert attachment.size > 0
