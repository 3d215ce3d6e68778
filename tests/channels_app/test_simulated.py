"""A number from its first token to its log-out, with the relay, the vendor's adapter and the simulated provider."""

import pytest

from channels_app.models import Channel
from channels_app.services import connection, gateway
from channels_app.services.channels import create_channel
from channels_app.services.health import check_channels
from channels_app.services.linking import ask_pairing_code, code_for
from channels_app.services.simulating import simulator_url
from channels_app.states import ChannelStatus
from kernel import clock
from outbox.models import Item, Lane
from outbox.services.relaying.draining import drain_once
from tests.support.simulator import running_simulator
from tests.support.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)

S = ChannelStatus
TOKEN = "sim_new_0123456789"


def test_a_number_is_added_linked_watched_and_logged_out(settings):
    world = make_world()
    with running_simulator() as simulator:
        settings.WHAPI_BASE_URL = simulator.base_url
        channel, secret = create_channel(actor=world.ana, provider="whapi", name="Demo", token=TOKEN)
        drain_once(max_seconds=20)
        (known,) = simulator.channels()
        hook = simulator.requests(method="PATCH", path="/settings")[-1]["body"]["webhooks"][0]
        assert hook["url"].endswith(f"/api/webhooks/whapi/{channel.pk}")
        assert hook["headers"] == {"X-Webhook-Secret": secret}

        connection.connect(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        assert now(channel).status == S.QR_PENDING
        qr, _ = gateway.waiting_code(channel.pk, "qr")
        assert qr.startswith("data:image/png;base64,")

        simulator.connection("linked", channel_id=known["channel_id"])
        assert check_channels() == 1
        linked = now(channel)
        assert (linked.status, linked.own_wa_id[-15:]) == (S.CONNECTED, "@s.whatsapp.net")
        assert gateway.waiting_code(channel.pk, "qr") is None
        assert not Lane.objects.get(pk=channel.pk).closed

        connection.log_out(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        assert now(channel).status == S.LOGGED_OUT
        assert simulator.requests(path="/users/logout")
        assert Lane.objects.get(pk=channel.pk).closed


def test_a_session_of_ones_own_gateway_is_made_linked_and_ended(settings):
    world = make_world()
    settings.WAHA_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_simulator("waha") as simulator:
        given = {"base_url": simulator.base_url, "token": "a-key-of-the-gateway", "session": "workshop"}
        channel, _ = create_channel(actor=world.ana, provider="waha", name="Workshop", **given)
        connection.connect(actor=world.ana, channel_id=channel.pk)
        for _ in range(4):
            make_due(channel)
            drain_once(max_seconds=20)
            if now(channel).status == S.QR_PENDING:
                break
        assert now(channel).status == S.QR_PENDING, now(channel).status_detail
        assert code_for(world.ana, now(channel), "qr")[0].startswith("data:image/png;base64,")
        assert now(channel).webhook_state == "registered"

        ask_pairing_code(actor=world.ana, channel_id=channel.pk, phone_number="+15550100155")
        drain_once(max_seconds=20)
        assert code_for(world.ana, now(channel), "pairing_code")[0]

        simulator.connection("linked", channel="workshop", number="15550100155")
        assert check_channels() == 1
        linked = now(channel)
        assert (linked.status, linked.phone_number) == (S.CONNECTED, "+15550100155")

        connection.log_out(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        assert now(channel).status == S.LOGGED_OUT


def test_a_passkey_is_waited_for_in_words(settings):
    world = make_world()
    settings.WAHA_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_simulator("waha") as simulator:
        given = {"base_url": simulator.base_url, "token": "a-key-of-the-gateway", "session": "workshop"}
        channel, _ = create_channel(actor=world.ana, provider="waha", name="Workshop", **given)
        drain_once(max_seconds=20)
        simulator.connection("passkey_required", channel="workshop")
        connection.connect(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        waiting = now(channel)
        assert waiting.status == S.QR_PENDING
        assert "passkey" in waiting.status_detail.lower()


def test_a_number_of_the_cloud_api_is_connected_by_its_token_alone(settings):
    world = make_world()
    with running_simulator("cloud") as simulator:
        ids = {"phone_number_id": "100000000000042", "waba_id": "200000000000042"}
        simulator.add_channel("a-token-of-the-cloud", number="15550100142", app_secret="an-app-secret", **ids)
        given = {"token": "a-token-of-the-cloud", "app_secret": "an-app-secret", **ids}
        channel, verify_token = create_channel(
            actor=world.ana, provider="cloud", name="Cloud", settings={"base_url": simulator.base_url}, **given
        )
        assert verify_token
        connection.connect(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        connected = now(channel)
        assert (connected.status, connected.phone_number) == (S.CONNECTED, "+15550100142"), connected.status_detail
        assert not Lane.objects.get(pk=channel.pk).closed


@pytest.mark.parametrize("provider", ["cloud", "waha"])
def test_a_wrong_token_of_the_others_is_said_in_words_too(settings, provider):
    world = make_world()
    settings.WAHA_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_simulator(provider) as simulator:
        values = {
            "cloud": {
                "app_secret": "an-app-secret",
                "phone_number_id": "100000000000042",
                "waba_id": "200000000000042",
            },
            "waha": {"session": "workshop"},
        }[provider]
        if provider == "waha":
            values["base_url"] = simulator.base_url
        channel, _ = create_channel(
            actor=world.ana,
            provider=provider,
            name="Demo",
            token="bad-token-of-nobody",
            settings={"base_url": simulator.base_url},
            **values,
        )
        connection.connect(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        broken = now(channel)
        assert broken.status == S.ERROR, broken.status_detail
        assert broken.status_detail
        assert "bad-token" not in broken.status_detail


def test_a_wrong_token_is_said_in_words(settings):
    world = make_world()
    with running_simulator() as simulator:
        settings.WHAPI_BASE_URL = simulator.base_url
        channel, _ = create_channel(actor=world.ana, provider="whapi", name="Demo", token="nobody-knows-this-token")
        simulator.fault(match={"path": "/users/login"}, times=9, status=401, body={"error": "wrong token"})
        connection.connect(actor=world.ana, channel_id=channel.pk)
        drain_once(max_seconds=20)
        broken = now(channel)
        assert broken.status == S.ERROR
        assert broken.status_detail
        assert "nobody-knows-this-token" not in broken.status_detail


def make_due(channel: Channel) -> None:
    """What is planned for later is to be done now."""
    Item.objects.filter(subject_id=channel.pk, state="scheduled").update(due_at=clock.now())


def now(channel: Channel) -> Channel:
    return Channel.objects.get(pk=channel.pk)


# --- A number without a phone -----------------------------------------------------------------------------------------


def test_who_has_no_phone_at_hand_uses_the_simulator(settings, client):
    world = make_world()
    client.force_login(world.zoe.user)
    Channel.objects.filter(workspace=world.zoes).delete()
    inbox, address = "/w/zoes/inbox/", "/w/zoes/channels/simulator/"
    assert "Use the simulator" not in client.get(inbox).content.decode()
    refused = client.post(address, follow=True)
    assert "No simulator answers" in refused.content.decode()
    with running_simulator() as simulator:
        settings.WHAPI_BASE_URL = simulator.base_url
        for page in (inbox, "/w/zoes/channels/add/"):
            assert f'action="{address}"' in client.get(page).content.decode()
        first, again = client.post(address), client.post(address)
        channel = Channel.objects.get(workspace=world.zoes)
        assert first["Location"] == again["Location"] == f"/w/zoes/channels/{channel.pk}/"
        drain_once(max_seconds=20)
        linked = now(channel)
        assert (linked.status, linked.settings["simulated"]) == (S.CONNECTED, True), linked.status_detail
        settings.WHAPI_BASE_URL = "https://gate.example.com"
        assert simulator_url() == "", "a real provider is never taken for a simulator"


def test_only_who_manages_channels_adds_a_simulated_one(client):
    world = make_world()
    for member, status in ((world.ben, 403), (world.vic, 403), (world.zoe, 404)):
        client.force_login(member.user)
        assert client.post("/w/acme/channels/simulator/").status_code == status
