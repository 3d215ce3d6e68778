"""A number at WAHA inside Waybill: made, linked, written from and to, with every webhook through the signed door."""

import pytest
from django.test import Client

from channels_app.models import Channel, Credential
from channels_app.selectors.channels import _targets
from channels_app.services import connection, gateway
from channels_app.services.channels import create_channel, replace_values
from channels_app.services.grouping import sync_groups
from channels_app.states import ChannelStatus
from inbox.jobs import Draft
from inbox.models import Chat, Message, MessageFact, Participant
from inbox.services.sending import send_message, start_chat
from kernel import clock, signing
from kernel.errors import Invalid
from outbox.models import Item, Lane
from outbox.services.relaying.draining import drain_once
from tests.channels_app.providers.receiver import PREFIX, Call, running_receiver
from tests.support.simulator import running_simulator
from tests.support.world import make_world
from webhooks.models import InboundEvent
from webhooks.services import applier
from webhooks.services.applying import apply_pending
from webhooks.states import Result

pytestmark = pytest.mark.django_db(transaction=True)

S = ChannelStatus
DANA = "15550100201@s.whatsapp.net"
GROUP = "120363000000000077@g.us"


class Place:
    """Acme with a new number at a simulated WAHA, whose webhook calls wait at the receiver until they are let in."""

    def __init__(self, simulator, receiver, settings):
        settings.WAHA_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.PUBLIC_URL = receiver.url.removesuffix(PREFIX)
        _targets.clear()
        self.world = make_world()
        self.simulator, self.receiver = simulator, receiver
        given = {"base_url": simulator.base_url, "token": "an-api-key-0123456789", "session": "shop"}
        self.channel, self.secret = create_channel(actor=self.world.ana, provider="waha", name="Shop", **given)
        drain()

    def link(self) -> None:
        connection.connect(actor=self.world.ana, channel_id=self.channel.pk)
        drain()
        self.simulator.connection("linked", channel="shop", number="15550100100")
        self.let_in()

    def let_in(self) -> list[int]:
        """All webhook calls so far go through the door and are applied; returns the door's answers."""
        self.simulator.wait_until_idle()
        answers = [self.post(call).status_code for call in self.taken()]
        while apply_pending():
            continue
        return answers

    def taken(self) -> list[Call]:
        calls, self.receiver.calls[:] = list(self.receiver.calls), []
        return calls

    def post(self, call: Call, *, to: Channel | None = None, body: bytes | None = None, **headers: str):
        names = ("X-Webhook-Hmac", "X-Webhook-Hmac-Algorithm")
        sent = {name: call.headers[name] for name in names} | {k.replace("_", "-"): v for k, v in headers.items()}
        url = f"/api/webhooks/waha/{(to or self.channel).pk}"
        return Client().post(url, call.body if body is None else body, content_type="application/json", headers=sent)

    def now(self) -> Channel:
        return Channel.objects.get(pk=self.channel.pk)


@pytest.fixture
def place(settings, monkeypatch):
    monkeypatch.setattr(applier, "wake", lambda: None)  # `let_in` applies, in the test's own time
    with running_receiver() as receiver, running_simulator("waha", backoff_ms=20) as simulator:
        yield Place(simulator, receiver, settings)


def drain() -> None:
    drain_once(max_seconds=20)


def test_a_number_is_added_linked_written_from_and_logged_out(place):
    (hook,) = place.simulator.channels()[0]["webhooks"]
    assert hook["url"].endswith(f"/api/webhooks/waha/{place.channel.pk}")

    connection.connect(actor=place.world.ana, channel_id=place.channel.pk)
    drain()
    assert place.now().status == S.CONNECTING, "the session is starting"
    place.let_in()
    assert place.now().status == S.QR_PENDING
    Item.objects.filter(subject_id=place.channel.pk, state="scheduled").update(due_at=clock.now())
    drain()
    qr, _ = gateway.waiting_code(place.channel.pk, "qr")
    assert qr.startswith("data:image/png;base64,")
    place.simulator.connection("linked", channel="shop", number="15550100100")
    assert set(place.let_in()) == {200}
    linked = place.now()
    assert (linked.status, linked.own_wa_id) == (S.CONNECTED, "15550100100@s.whatsapp.net")
    assert (linked.phone_number, linked.provider_channel_id) == ("+15550100100", "shop")
    assert not Lane.objects.get(pk=place.channel.pk).closed

    chat = start_chat(actor=place.world.ana, channel=linked, to="+15550100201")
    message = send_message(actor=place.world.ana, chat=chat, client_id="c-1", draft=Draft(type="text", text="Hello"))
    drain()
    (sent,) = place.simulator.sends()
    assert (sent["path"], sent["body"]["chatId"]) == ("/api/sendText", "15550100201@c.us")
    assert sent["body"]["id"] == message.pk.hex.upper()
    place.simulator.wait_for(lambda: len(place.receiver.calls) >= 4, "the echo and three reports")
    place.let_in()
    message.refresh_from_db()
    assert (message.status, message.wa_message_id) == ("read", message.pk.hex.upper())
    assert Message.objects.filter(chat=chat).count() == 1, "the echo is no second message"

    connection.log_out(actor=place.world.ana, channel_id=place.channel.pk)
    drain()
    assert place.now().status == S.LOGGED_OUT
    assert place.simulator.requests(path="/api/sessions/shop/logout")


def test_a_customer_under_a_hidden_id_answers_in_the_chat_that_was_begun_by_number(place):
    place.link()
    chat = start_chat(actor=place.world.ana, channel=place.now(), to="+15550100201")
    place.simulator.inbound(text="Hi there", name="Dana Demo", lid="900000000000201@lid")
    assert set(place.let_in()) == {200}
    (message,) = Message.objects.filter(direction="inbound")
    assert (message.chat_id, message.text) == (chat.pk, "Hi there")
    answer = send_message(actor=place.world.ana, chat=chat, client_id="c-1", draft=Draft(type="text", text="Hello"))
    drain()
    place.simulator.wait_for(lambda: len(place.receiver.calls) >= 4, "the echo and three reports")
    place.simulator.inbound(type="reaction", target=answer.pk.hex.upper(), emoji="❤")
    place.let_in()
    answer.refresh_from_db()
    assert answer.status == "read"
    assert MessageFact.objects.get(wa_message_id=answer.wa_message_id, kind="reaction").value == {"emoji": "❤"}
    assert Chat.objects.count() == 1


def test_a_send_without_an_answer_is_settled_by_its_echo(place):
    place.link()
    chat = start_chat(actor=place.world.ana, channel=place.now(), to="+15550100201")
    place.simulator.fault(match={"path": "/api/sendText"}, times=1, then="reset", accept=True)
    message = send_message(actor=place.world.ana, chat=chat, client_id="c-1", draft=Draft(type="text", text="Hello"))
    drain()
    message.refresh_from_db()
    assert message.status == "uncertain"
    place.simulator.wait_for(lambda: len(place.receiver.calls) >= 4, "the echo and three reports")
    place.let_in()
    message.refresh_from_db()
    assert message.status == "read"
    assert len(place.simulator.sends()) == 1


def test_a_session_that_stops_working_holds_what_is_written_and_fails_nothing(place):
    place.link()
    chat = start_chat(actor=place.world.ana, channel=place.now(), to="+15550100201")
    place.simulator.connection("stop")
    message = send_message(actor=place.world.ana, chat=chat, client_id="c-1", draft=Draft(type="text", text="Hello"))
    drain()
    message.refresh_from_db()
    assert message.status == "pending"
    assert Lane.objects.get(pk=place.channel.pk).closed
    assert place.simulator.sends() == []


def test_groups_are_read_with_their_ranks_and_a_group_without_us_is_read_only(place):
    place.link()
    people = {"chat_id": GROUP, "text": "Crew", "options": ["15550100201", "15550100202"]}
    place.simulator.inbound(type="group", webhooks={"drop": True}, **people)
    sync_groups(actor=place.world.ana, channel_id=place.channel.pk)
    drain()
    chat = Chat.objects.get(wa_chat_id=GROUP)
    ranks = dict(Participant.objects.filter(chat=chat).values_list("wa_id", "rank"))
    own = "15550100100@s.whatsapp.net"
    assert (chat.name, ranks) == ("Crew", {own: "creator", DANA: "member", "15550100202@s.whatsapp.net": "member"})
    assert not chat.read_only
    place.simulator.inbound(type="leave", chat_id=GROUP, **{"from": "15550100100"})
    place.let_in()
    chat.refresh_from_db()
    assert chat.read_only


# --- The door ---


def a_call(place) -> Call:
    place.simulator.wait_until_idle()
    place.taken()
    place.simulator.inbound(text="Hi")
    place.simulator.wait_until_idle()
    (call,) = place.taken()
    return call


def test_only_a_body_signed_with_the_channels_key_is_let_in(place):
    call = a_call(place)
    refused = [
        place.post(call, X_Webhook_Hmac=""),
        place.post(call, X_Webhook_Hmac="0" * 128),
        place.post(call, X_Webhook_Hmac="Ü"),
        place.post(call, X_Webhook_Hmac_Algorithm="sha256"),
        place.post(call, X_Webhook_Hmac=signing.hmac_hex("another key", call.body, "sha512")),
        place.post(call, X_Webhook_Hmac=signing.hmac_hex(place.secret, call.body, "sha256")),
        place.post(call, body=call.body.replace(b"Hi", b"Ho")),
        place.post(call, X_Webhook_Hmac="", X_Webhook_Secret=place.secret),
    ]
    assert [answer.status_code for answer in refused] == [401] * len(refused)
    assert "X-Webhook-Hmac" in refused[0].json()["detail"]
    assert not InboundEvent.objects.exclude(result=Result.REFUSED).exists()
    assert place.post(call).json() == {"received": 1}
    assert place.post(call).status_code == 200, "a repeat is a success"


def test_a_key_of_another_channel_opens_no_door(place):
    call = a_call(place)
    given = {"base_url": place.simulator.base_url, "token": "another-key-0123456789", "session": "studio"}
    zoes, _ = create_channel(actor=place.world.zoe, provider="waha", name="Studio", **given)
    assert place.post(call, to=zoes).status_code == 401
    assert place.post(call, to=place.world.channel).status_code == 404, "a channel of another provider"
    call.headers |= {"X-Webhook-Hmac": signing.hmac_hex("", call.body, "sha512")}
    Credential.objects.filter(channel=place.channel, name="hmac_key").delete()
    gateway.forget(place.channel.pk)
    assert place.post(call).status_code == 401, "no key is no empty key"


def test_a_kept_key_is_never_sent_to_another_address(place):
    elsewhere = "https://elsewhere.example.org"
    change = {"actor": place.world.ana, "channel_id": place.channel.pk}
    with pytest.raises(Invalid) as refused:
        replace_values(**change, given={"base_url": elsewhere})
    assert "token" in refused.value.fields
    replace_values(**change, given={"base_url": f"{place.simulator.base_url}/", "session": "shop-2"})
    assert place.now().settings["session"] == "shop-2", "the same address is no new one"
    replace_values(**change, given={"base_url": elsewhere, "token": "another-key-0123456789"})
    assert place.now().settings["base_url"] == elsewhere


def test_key_and_api_key_are_sealed(place):
    stored = {row.name: row.sealed for row in Credential.objects.filter(channel=place.channel)}
    assert {"token", "hmac_key"} <= stored.keys()
    assert "an-api-key-0123456789" not in str(stored)
    assert place.secret not in str(stored)
    assert place.channel.settings["session"] == "shop"
    assert "token" not in place.channel.settings
