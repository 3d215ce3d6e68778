"""A number of the Cloud API inside Waybill: made, tried by Meta, connected, looked after; a server is at the door."""

import json
from datetime import timedelta

import pytest

from channels_app.models import Channel, Credential, MessageTemplate
from channels_app.selectors.channels import _targets
from channels_app.services import connection, gateway
from channels_app.services.channels import create_channel
from channels_app.services.health import check_channels
from channels_app.states import ChannelStatus, WebhookState
from inbox.jobs import Draft
from inbox.models import Chat, Message
from inbox.services.sending import send_message
from kernel import clock
from outbox.models import Lane
from outbox.services.relaying.draining import drain_once
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.world import World, make_world
from webhooks.models import InboundEvent
from webhooks.services.applying import apply_pending

pytestmark = pytest.mark.django_db(transaction=True)

S = ChannelStatus
GIVEN = {
    "token": "an-access-token-0123456789",
    "phone_number_id": "100000000000001",
    "waba_id": "200000000000001",
    "app_secret": "an-app-secret-0123456789",
}


def drain() -> None:
    drain_once(max_seconds=20)


class Place:
    """Acme with a new number at a simulated Meta that reaches Waybill over HTTP."""

    def __init__(self, simulator: SimulatorControl, world: World):
        self.simulator, self.world = simulator, world
        simulator.add_channel(**{**GIVEN, "number": "15550100100", "name": "Demo shop"})
        self.channel, self.verify_token = create_channel(
            actor=world.ana, provider="cloud", name="Shop", settings={"base_url": simulator.base_url}, **GIVEN
        )

    def now(self) -> Channel:
        return Channel.objects.get(pk=self.channel.pk)

    def connect(self) -> None:
        connection.connect(actor=self.world.ana, channel_id=self.channel.pk)
        for _ in range(2):  # what linking asks for comes with the second
            drain()

    def hear(self) -> None:
        self.simulator.wait_until_idle()
        while apply_pending():
            continue


@pytest.fixture
def place(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    _targets.clear()
    gateway._open.clear()
    with running_simulator("cloud", backoff_ms=20) as simulator:
        yield Place(simulator, make_world())
    gateway._open.clear()


def test_secrets_are_sealed_and_ids_are_shown(place):
    sealed = set(Credential.objects.filter(channel=place.channel).values_list("name", flat=True))
    assert sealed == {"token", "app_secret", "verify_token"}
    assert place.now().settings["phone_number_id"] == GIVEN["phone_number_id"]
    everything = json.dumps([list(Channel.objects.values()), list(Credential.objects.values())], default=str)
    assert not [name for name in ("token", "app_secret") if GIVEN[name] in everything]
    assert place.verify_token not in everything


def test_a_good_token_connects_at_once_and_meta_finds_the_door(place):
    place.connect()
    channel = place.now()
    assert (channel.status, channel.own_wa_id) == (S.CONNECTED, "15550100100@s.whatsapp.net")
    assert channel.webhook_state == WebhookState.REGISTERED
    assert not Lane.objects.get(pk=channel.pk).closed
    assert MessageTemplate.objects.filter(channel=channel, status="approved").exists()
    place.simulator.inbound(text="Hello?", name="Dana Demo")
    place.hear()
    message = Message.objects.get()
    assert (message.text, message.channel_id, message.sender_name) == ("Hello?", channel.pk, "Dana Demo")
    answer = send_message(actor=place.world.ben, chat=Chat.objects.get(), client_id="a", draft=Draft(text="Hi!"))
    drain()
    place.simulator.wait_for(lambda: place.hear() or Message.objects.get(pk=answer.pk).status == "read", "the reports")
    assert not InboundEvent.objects.exclude(result="applied").exists()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"status": 401, "body": {"error": {"code": 190}}}, "Make a new one and paste it"),
        ({"status": 400, "body": {"error": {"code": 100, "error_subcode": 33}}}, "Check phone number id"),
    ],
)
def test_wrong_ids_and_tokens_say_what_to_do(place, rule, words):
    place.simulator.fault(**rule)
    place.connect()
    channel = place.now()
    assert (channel.status, words in channel.status_detail) == (S.ERROR, True), channel.status_detail


def test_a_token_that_ends_closes_the_lane_and_a_check_notices(place):
    place.connect()
    place.simulator.connection("logged-out")
    Channel.objects.update(checked_at=clock.now() - timedelta(minutes=11))
    check_channels()
    channel = place.now()
    assert (channel.status, "access token" in channel.status_detail) == (S.ERROR, True)
    assert Lane.objects.get(pk=channel.pk).closed


def test_what_meta_says_of_a_number_stands_in_its_history_and_moves_nothing(place, client):
    place.connect()
    place.simulator.connection("flagged")
    place.hear()
    assert place.now().status == S.CONNECTED
    assert not InboundEvent.objects.exclude(result="applied").exists()
    page = f"/w/acme/channels/{place.channel.pk}/"
    client.force_login(place.world.ana.user)
    assert "Meta changed what a number may send: 15550100100, flagged, tier 1k." in client.get(page).content.decode()
    client.force_login(place.world.zoe.user)
    assert client.get(page).status_code == 404


def test_a_restriction_that_meta_tells_is_shown_and_sending_goes_on(place):
    place.connect()
    place.simulator.connection("restricted")
    place.hear()
    channel = place.now()
    assert channel.status == S.DEGRADED
    assert "restricted" in channel.status_detail
    assert not Lane.objects.get(pk=channel.pk).closed
