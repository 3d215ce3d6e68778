"""What the inbox asks of the Cloud API, through relay and adapter, judged by what reached the simulated Meta, whose
signed webhooks come in by the door."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from rest_framework.test import APIClient

from channels_app.services.credentials import store_credential
from channels_app.services.templates import sync_templates
from inbox.errors import NotPossibleNow
from inbox.models import Chat, Message
from inbox.services.attachments import store_upload
from inbox.services.editing import edit_message, react, revoke_message
from inbox.services.reading import mark_read
from inbox.services.sending import start_chat
from kernel.clock import now
from outbox.models import Attempt, Item, Lane
from outbox.services.relaying.draining import drain_once
from tests.channels_app.providers.receiver import Receiver, running_receiver
from tests.support.chats import item_of, write
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.world import World, make_world
from webhooks.models import InboundEvent
from webhooks.services.applying import apply_pending

pytestmark = pytest.mark.django_db(transaction=True)

DANA = "15550100201@s.whatsapp.net"
IDS = {"phone_number_id": "100000000000001", "waba_id": "200000000000001"}
APP_SECRET, VERIFY_TOKEN = "an-app-secret", "a-verify-token"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@dataclass
class Meta:
    simulator: SimulatorControl
    receiver: Receiver
    channel_id: str

    def tell(self) -> None:
        """Bring every webhook so far through the door, and apply it."""
        self.simulator.wait_until_idle()
        calls, self.receiver.calls[:] = list(self.receiver.calls), []
        for call in calls:
            signature = {"X-Hub-Signature-256": call.headers["X-Hub-Signature-256"]}
            url = f"/api/webhooks/cloud/{self.channel_id}"
            response = Client().post(url, call.body, content_type="application/json", headers=signature)
            assert response.status_code == 200
        apply_pending()

    def told(self, condition: Callable[[], object], what: str) -> None:
        def reached():
            self.tell()
            return condition()

        self.simulator.wait_for(reached, what)

    def sent(self) -> list[dict]:
        return [one["body"] for one in self.simulator.sends() if one["body"].get("type")]


@pytest.fixture
def acme() -> World:
    world = make_world()
    channel = world.channel
    channel.provider = "cloud"
    channel.save()
    secrets = {"token": "a-token", "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    for name, secret in secrets.items():
        store_credential(channel=channel, name=name, secret=secret)
    return world


@pytest.fixture
def meta(acme: World) -> Iterator[Meta]:
    with running_receiver(VERIFY_TOKEN) as receiver, running_simulator("cloud", backoff_ms=20) as simulator:
        acme.channel.settings = {**IDS, "base_url": simulator.base_url}
        acme.channel.save()
        simulator.add_channel("a-token", receiver.url, number="15550100100", app_secret=APP_SECRET, **IDS)
        yield Meta(simulator, receiver, str(acme.channel.pk))


@pytest.fixture
def dana(acme: World) -> Chat:
    return start_chat(actor=acme.ben, channel=acme.channel, to=DANA)


def drain() -> None:
    drain_once(max_seconds=20)


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_a_message_goes_out_and_its_reports_come_back(acme, meta, dana):
    message = write(acme.ben, dana, "Good morning")
    drain()
    meta.told(lambda: fresh(message).status == "read", "the reports")
    (body,) = meta.sent()
    assert (body["text"]["body"], body["to"]) == ("Good morning", "15550100201")
    assert body["biz_opaque_callback_data"] == str(message.pk)
    assert Message.objects.count() == 1


def test_somebody_with_the_longest_id_that_meta_gives_writes_and_is_answered(acme, meta):
    person = "1" * 128
    meta.simulator.inbound(text="Hi", bsuid=True, **{"from": person})
    meta.tell()
    chat = Chat.objects.get()
    assert chat.wa_chat_id == f"US.{person}@bsuid"
    answer = write(acme.ben, chat, "Hello")
    drain()
    meta.told(lambda: fresh(answer).status == "read", "the reports")
    assert not InboundEvent.objects.exclude(result="applied").exists()


@pytest.mark.parametrize("then", ["reset", "hang"])
def test_a_send_without_an_answer_is_settled_by_its_first_report(acme, meta, dana, settings, then):
    settings.OUTBOX_LEASE_SECONDS = 3
    meta.simulator.fault(match={"path": "*/messages"}, times=1, then=then, accept=True, webhooks={"delay_ms": 300})
    message = write(acme.ben, dana, "Good morning")
    drain()
    assert fresh(message).status == "uncertain"
    meta.told(lambda: fresh(message).status == "read", "the reports")
    (there,) = meta.simulator.messages(chat_id=DANA)
    assert fresh(message).wa_message_id == there["id"]
    item = item_of(message)
    assert (item.state, item.provider_id) == ("sent", there["id"])
    drain()
    assert len(meta.sent()) == 1


def test_a_report_that_comes_before_the_answer_is_about_our_message_already(acme, meta, dana):
    meta.simulator.fault(match={"path": "*/messages"}, times=1, echo="before")
    message = write(acme.ben, dana, "Good morning")
    drain()
    meta.told(lambda: fresh(message).status == "read", "the reports")
    assert Message.objects.count() == 1


def test_a_send_that_never_arrived_stays_uncertain_until_somebody_decides(acme, meta, dana):
    meta.simulator.fault(match={"path": "*/messages"}, times=1, then="reset", accept=False)
    message = write(acme.ben, dana, "Good morning")
    drain()
    meta.tell()
    assert fresh(message).status == "uncertain"


def test_a_closed_window_is_a_failure_with_words_that_help(acme, meta, dana):
    meta.simulator.add_channel("a-token", enforces_window=True)
    message = write(acme.ben, dana, "Are you still there?")
    drain()
    meta.told(lambda: fresh(message).status == "failed", "the failure")
    assert fresh(message).error_code == "window_closed"
    assert "24 hours" in fresh(message).error_detail
    meta.simulator.inbound(text="Yes, I am")
    meta.told(lambda: Message.objects.filter(direction="inbound").exists(), "the answer")
    dana.refresh_from_db()
    assert timedelta(hours=23) < dana.window_expires_at - now() <= timedelta(hours=24)
    again = write(acme.ben, dana, "Good to hear")
    drain()
    meta.told(lambda: fresh(again).status == "read", "the reports")


def test_a_reaction_keeps_the_window_open(acme, meta, dana):
    message = write(acme.ben, dana, "Good morning")
    drain()
    meta.told(lambda: fresh(message).status == "read", "the reports")
    meta.simulator.inbound(type="reaction", target=fresh(message).wa_message_id, emoji="❤")
    meta.tell()
    dana.refresh_from_db()
    assert dana.window_expires_at is not None


def test_too_many_messages_to_one_person_hold_only_that_chat(acme, meta, dana):
    sam = start_chat(actor=acme.ben, channel=acme.channel, to="+15550100202")
    meta.simulator.add_channel("a-token", per_pair=0)
    meta.simulator.fault(match={"path": "*/messages", "to": "15550100202"}, status=200, accept=True)
    held = write(acme.ben, dana, "One")
    drain()
    assert fresh(held).status == "pending"
    meta.simulator.add_channel("a-token", per_pair=None)
    free = write(acme.ben, sam, "Two")
    drain()
    assert fresh(free).status == "sent"
    assert "short time" in Attempt.objects.filter(item=item_of(held)).earliest("id").error
    assert not Lane.objects.get(pk=acme.channel.pk).not_before


@pytest.mark.parametrize(
    ("code", "held"),
    [(190, "access token"), (130429, "faster than Meta allows")],
)
def test_what_concerns_the_number_holds_its_lane_and_fails_nothing(acme, meta, dana, code, held):
    meta.simulator.fault(
        match={"path": "*/messages"}, times=1, status=400, body={"error": {"code": code, "message": "x"}}
    )
    message = write(acme.ben, dana, "Good morning")
    drain()
    assert fresh(message).status == "pending"
    lane = Lane.objects.get(pk=acme.channel.pk)
    assert lane.closed or lane.not_before > now()
    assert held in Attempt.objects.get(item=item_of(message)).error


def test_what_the_api_does_not_offer_is_said_at_once_and_asked_of_nobody(acme, meta, dana):
    message = write(acme.ben, dana, "Teh")
    drain()
    for change in (
        lambda: edit_message(actor=acme.ben, message=fresh(message), text="The"),
        lambda: revoke_message(actor=acme.ben, message=fresh(message)),
    ):
        with pytest.raises(NotPossibleNow, match="cannot change or delete"):
            change()
    assert not Item.objects.exclude(kind="message.send").exists()
    assert (fresh(message).text, fresh(message).change) == ("Teh", None)


def test_replies_reactions_receipts_and_files_reach_the_customer(acme, meta, dana):
    (asked,) = meta.simulator.inbound(text="Open on Sunday?")
    meta.told(lambda: Message.objects.filter(wa_message_id=asked).exists(), "the question")
    question = Message.objects.get(wa_message_id=asked)
    picture = store_upload(
        actor=acme.ben, file=ContentFile(PNG, name="a"), file_name="a.png", mime_type="image/png", kind="image"
    )
    write(acme.ben, dana, "No, this is our week", type="image", attachment_id=picture.pk, quoted_id=question.pk)
    react(actor=acme.ben, message=question, emoji="👍")
    mark_read(actor=acme.ben, chat=dana)
    drain()
    image, reaction = meta.sent()
    assert (image["image"]["caption"], image["context"]["message_id"]) == ("No, this is our week", asked)
    assert reaction["reaction"] == {"message_id": asked, "emoji": "👍"}
    there = {one["id"]: one for one in meta.simulator.messages()}
    assert there[asked]["read_by_us"]


# --- Templates ---


@pytest.fixture
def templates(acme: World, meta: Meta) -> None:
    sync_templates(actor=acme.ana, channel_id=acme.channel.pk)
    drain()


def post(acme: World, chat: Chat, **body) -> dict:
    client = APIClient()
    client.credentials(**acme.bearer())
    return client.post(f"/api/v1/chats/{chat.pk}/messages", {"client_id": "one", **body}, format="json")


def test_a_template_with_its_values_is_sent_by_the_api_and_read_as_the_customer_reads_it(acme, meta, dana, templates):
    meta.simulator.add_channel("a-token", enforces_window=True)
    asked = {"name": "order_update", "language": "en_US", "variables": {"1": "Dana", "2": "WB-1042"}}
    response = post(acme, dana, type="template", template=asked)
    assert response.status_code == 202, response.json()
    assert response.json()["type"] == "template"
    assert response.json()["text"] == "Hello Dana, your order WB-1042 is on its way.\nDemo shop"
    assert post(acme, dana, type="template", template=asked).json()["id"] == response.json()["id"]
    drain()
    message = Message.objects.get()
    meta.told(lambda: fresh(message).status == "read", "the reports")
    (body,) = meta.sent()
    assert body["template"] == {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Dana"}, {"type": "text", "text": "WB-1042"}]}
        ],
    }


def test_blanks_with_names_and_addresses_of_buttons_are_filled_too(acme, meta, dana, templates):
    values = {"name": "Dana", "day": "Monday", "button.1": "x7"}
    asked = {"name": "appointment_reminder", "language": "en_US", "variables": values}
    assert post(acme, dana, type="template", template=asked).status_code == 202
    drain()
    (body,) = meta.sent()
    assert body["template"]["components"] == [
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "name", "text": "Dana"},
                {"type": "text", "parameter_name": "day", "text": "Monday"},
            ],
        },
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "x7"}]},
    ]
    assert Message.objects.get().text == "Your appointment\nHello Dana, see you on Monday. Is that still good?"


def test_the_head_of_a_template_may_be_an_uploaded_file(acme, meta, dana, templates):
    upload = store_upload(actor=acme.ben, file=ContentFile(PNG), file_name="teapot.png", mime_type="image/png")
    asked = {"name": "product_news", "language": "en_US", "variables": {"1": "a teapot"}}
    refused = post(acme, dana, type="template", template=asked)
    assert (refused.status_code, refused.json()["errors"]) == (400, {"variables": ["header.image"]})
    response = post(acme, dana, type="template", template=asked, attachment=str(upload.pk))
    assert response.status_code == 202, response.json()
    assert response.json()["attachments"][0]["kind"] == "image"
    drain()
    message = Message.objects.get()
    meta.told(lambda: fresh(message).status == "read", "the reports")
    (body,) = meta.sent()
    (parameter,) = body["template"]["components"][0]["parameters"]
    assert (parameter["type"], list(parameter["image"])) == ("image", ["id"])
    other = store_upload(actor=acme.ben, file=ContentFile(b"%PDF-1.4"), file_name="a.pdf", mime_type="application/pdf")
    wrong = post(acme, dana, client_id="two", type="template", template=asked, attachment=str(other.pk))
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["attachment"])


def test_a_template_that_cannot_be_sent_is_refused_before_anything_is_written(acme, meta, dana, templates):
    for asked, code in (
        ({"name": "order_update", "language": "en_US", "variables": {"1": "Dana"}}, "template_not_usable"),
        ({"name": "winter_sale", "language": "en_US"}, "template_not_usable"),  # paused
        ({"name": "unheard_of", "language": "en_US"}, "template_not_found"),
    ):
        response = post(acme, dana, type="template", template=asked)
        assert (response.status_code, response.json()["code"]) == (400, code)
    assert not Message.objects.exists()


def test_choices_are_sent_as_buttons_or_as_a_list(acme, meta, dana):
    buttons = {"buttons": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]}
    assert post(acme, dana, type="interactive", text="Is Monday good?", interactive=buttons).status_code == 202
    rows = {"button": "Times", "rows": [{"title": "Morning", "description": "08:00-12:00"}, {"title": "Evening"}]}
    assert post(acme, dana, client_id="two", type="interactive", text="When?", interactive=rows).status_code == 202
    drain()
    first, second = meta.sent()
    assert [one["reply"]["title"] for one in first["interactive"]["action"]["buttons"]] == ["Yes", "No"]
    assert second["interactive"]["action"]["sections"][0]["rows"][0]["description"] == "08:00-12:00"
    assert [fresh(one).status for one in Message.objects.all()] == ["sent", "sent"]
    wrong = {"buttons": [{"title": str(n)} for n in range(4)]}
    assert post(acme, dana, client_id="three", type="interactive", text="?", interactive=wrong).status_code == 400
