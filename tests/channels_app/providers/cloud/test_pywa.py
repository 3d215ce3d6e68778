"""A client that nobody here wrote speaks with our simulated Cloud API, so that it agrees with more than ourselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx  # noqa: TID251  pywa's own, turned to the simulator
import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import (
    Button,
    CallbackButton,
    CallbackSelection,
    EditedMessage,
    Message,
    MessageStatus,
    Section,
    SectionList,
    SectionRow,
    TemplateStatusUpdate,
)
from pywa.types import DeletedMessage as RevokedMessage
from pywa.types.templates import BodyText, TemplateLanguage

from tests.channels_app.providers.messages import PNG
from tests.channels_app.providers.vendors import SECRET, Vendor

PHONE, ACCOUNT, DANA = "100000000000001", "200000000000001", "15550100201"


@dataclass
class Program:
    """A program on pywa that keeps what it is told."""

    vendor: Vendor
    wa: WhatsApp
    heard: list = field(default_factory=list)
    given: int = 0

    def wait_for(self, kind: type, **fields):
        """The first update of a kind with these fields. Feeds what the simulator posted through pywa's own checks."""

        def found():
            calls = list(self.vendor.receiver.calls)
            for call in calls[self.given :]:
                assert self.wa.webhook_update_validator(call.body, call.headers["X-Hub-Signature-256"]) is None
                assert self.wa.webhook_update_handler(call.body) == ("ok", 200)
            self.given = len(calls)
            alike = (one for one in self.heard if isinstance(one, kind))
            return next((one for one in alike if all(getattr(one, k) == v for k, v in fields.items())), None)

        return self.vendor.simulator.wait_for(found, f"{kind.__name__} with {fields}")


@pytest.fixture
def program(at_cloud) -> Iterator[Program]:
    session = httpx.Client()
    wa = WhatsApp(
        phone_id=PHONE,
        waba_id=ACCOUNT,
        token=at_cloud.credentials.token,
        app_secret=SECRET,
        verify_token="a-verify-token",
        session=session,
    )
    session.base_url = (
        f"{at_cloud.simulator.base_url}/{session.base_url.path.strip('/')}"  # instead of graph.facebook.com
    )
    program = Program(at_cloud, wa)
    for listen in (
        wa.on_message,
        wa.on_message_status,
        wa.on_callback_button,
        wa.on_callback_selection,
        wa.on_edited_message,
        wa.on_deleted_message,
        wa.on_template_status_update,
    ):
        listen(lambda client, update: program.heard.append(update))
    yield program
    session.close()


def reports(program: Program, message_id: str) -> list[str]:
    for status in ("sent", "delivered", "read"):
        program.wait_for(MessageStatus, id=message_id, status=status)
    return [one.tracker for one in program.heard if isinstance(one, MessageStatus) and one.id == message_id]


def test_pywa_sends_every_kind_and_hears_of_its_delivery(program):
    (asked,) = program.vendor.simulator.inbound(text="Hi")
    wa = program.wa
    text = wa.send_message(DANA, "Hello", tracker="our-own-id", reply_to_message_id=asked)
    assert reports(program, text.id) == ["our-own-id"] * 3
    picture = wa.send_image(DANA, PNG, caption="Look", mime_type="image/png")
    choice = wa.send_message(DANA, "Good?", buttons=[Button("Yes", "yes"), Button("No", "no")])
    times = [Section("Times", [SectionRow("Morning", "m", "08:00-12:00"), SectionRow("Evening", "e")])]
    listed = wa.send_message(DANA, "When?", buttons=SectionList("Times", times))
    place = wa.send_location(DANA, 51.5, -0.12, name="Square", address="1 Street")
    template = wa.send_template(
        DANA, "order_update", TemplateLanguage.ENGLISH_US, params=[BodyText.params("Dana", "WB-1042")]
    )
    for sent in (picture, choice, listed, place, template):
        reports(program, sent.id)
    there = {one["id"]: one for one in program.vendor.simulator.messages()}
    assert there[text.id]["context"] == {"id": asked}
    assert there[picture.id]["image"]["caption"] == "Look"
    assert there[template.id]["template"]["name"] == "order_update"
    wa.send_reaction(DANA, "👍", asked)
    assert wa.indicate_typing(asked).success
    there = {one["id"]: one for one in program.vendor.simulator.messages()}
    assert (there[asked]["reaction_by_us"], there[asked]["typing_shown"]) == ("👍", True)


def test_pywa_understands_every_webhook(program):
    act = program.vendor.simulator.inbound
    (asked,) = act(text="Do you open on Sunday?", name="Dana Demo")
    message = program.wait_for(Message, id=asked)
    assert (message.text, message.from_user.name, message.from_user.wa_id) == (
        "Do you open on Sunday?",
        "Dana Demo",
        DANA,
    )
    for kind, attribute in (
        ("image", "image"),
        ("video", "video"),
        ("audio", "audio"),
        ("voice", "audio"),
        ("document", "document"),
        ("sticker", "sticker"),
        ("location", "location"),
        ("contact", "contacts"),
        ("reaction", "reaction"),
        ("order", "order"),
        ("unsupported", "unsupported"),
    ):
        (message_id,) = act(type=kind, target=asked)
        assert getattr(program.wait_for(Message, id=message_id), attribute) is not None, kind
    (pressed,) = act(type="button", text="Yes", quoted=asked)
    assert program.wait_for(CallbackButton, id=pressed).title == "Yes"
    (quick,) = act(type="quick_reply", text="Confirm", payload="c-1", quoted=asked)
    assert program.wait_for(CallbackButton, id=quick).data == "c-1"
    (chosen,) = act(type="list_reply", text="Morning", quoted=asked)
    assert program.wait_for(CallbackSelection, id=chosen).title == "Morning"
    act(type="edit", target=asked, text="On Monday?")
    assert program.wait_for(EditedMessage)
    act(type="revoke", target=asked)
    assert program.wait_for(RevokedMessage)
    act(type="template_status", target="order_update", text="PAUSED")
    assert program.wait_for(TemplateStatusUpdate).template_name == "order_update"


def test_pywa_fetches_a_customers_file_and_reads_templates_and_the_number(program):
    (message_id,) = program.vendor.simulator.inbound(type="image", text="Broken")
    message = program.wait_for(Message, id=message_id)
    url = program.wa.get_media_url(message.image.id)
    assert program.wa.get_media_bytes(url.url).startswith(b"\x89PNG")
    assert url.sha256
    names = [one.name for one in program.wa.get_templates()]
    assert names == ["order_update", "appointment_reminder", "hello_again", "product_news", "winter_sale"]
    assert program.wa.get_business_phone_number().display_phone_number == "+15550100100"


def test_pywa_is_refused_as_by_meta(program):
    with pytest.raises(WhatsAppError) as refused:
        program.wa.send_template(DANA, "unheard_of", TemplateLanguage.ENGLISH_US)
    assert refused.value.code == 132001
    program.vendor.simulator.connection("logged-out")
    with pytest.raises(WhatsAppError) as refused:
        program.wa.send_message(DANA, "Hello")
    assert refused.value.code == 190


def test_pywa_refuses_a_body_that_was_changed_on_the_way(program):
    program.vendor.simulator.inbound(text="Hi")
    program.vendor.simulator.wait_until_idle()
    (call,) = program.vendor.receiver.calls
    signature = call.headers["X-Hub-Signature-256"]
    assert program.wa.webhook_update_validator(call.body, signature) is None
    again = json.dumps(json.loads(call.body)).encode()
    assert again != call.body
    assert program.wa.webhook_update_validator(again, signature) is not None
