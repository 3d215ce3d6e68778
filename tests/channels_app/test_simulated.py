"""A number from its first token to its log-out, with the relay, the vendor's adapter and the simulated provider."""

import pytest

from channels_app.models import Channel
from channels_app.services import connection, gateway
from channels_app.services.channels import create_channel
from channels_app.services.health import check_channels
from channels_app.states import ChannelStatus
from outbox.models import Lane
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


def now(channel: Channel) -> Channel:
    return Channel.objects.get(pk=channel.pk)
