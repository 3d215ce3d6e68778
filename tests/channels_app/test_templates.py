"""Templates: read from the vendor, kept up to date by its news, listed, and filled."""

import json
from datetime import timedelta

import pytest

from channels_app.models import Channel, MessageTemplate
from channels_app.providers.base import InboundConnection, InboundTemplate
from channels_app.providers.cloud.simulator.samples import TEMPLATES
from channels_app.services.connection import note_connection
from channels_app.services.credentials import store_credential
from channels_app.services.templates import note_template, read_old_templates, sync_templates
from kernel.clock import now
from kernel.errors import Conflict, Forbidden
from tests.support.chats import drain
from tests.support.simulator import running_simulator

pytestmark = pytest.mark.django_db
IDS = {"phone_number_id": "100000000000001", "waba_id": "200000000000001"}


@pytest.fixture
def at_meta(world):
    """Acme's channel, at a simulated Cloud API."""
    with running_simulator("cloud") as simulator:
        simulator.add_channel("a-token", number="15550100100", **IDS)
        channel = world.channel
        channel.provider, channel.settings = "cloud", {**IDS, "base_url": simulator.base_url}
        channel.save()
        store_credential(channel=channel, name="token", secret="a-token")
        yield simulator


def names(channel) -> list[tuple[str, str]]:
    return list(MessageTemplate.objects.filter(channel=channel).order_by("name").values_list("name", "status"))


def test_ana_reads_the_templates_of_her_number_and_later_those_that_are_left(world, at_meta):
    sync_templates(actor=world.ana, channel_id=world.channel.pk)
    drain()
    assert names(world.channel) == [
        (one["name"], one["status"].lower()) for one in sorted(TEMPLATES, key=lambda t: t["name"])
    ]
    at_meta.fault(match={"path": "*/message_templates"}, times=1, body={"data": [TEMPLATES[0]]})
    sync_templates(actor=world.ana, channel_id=world.channel.pk)
    drain()
    assert names(world.channel) == [("order_update", "approved")]


def test_templates_come_page_by_page(world, at_meta, monkeypatch):
    monkeypatch.setattr("channels_app.providers.cloud.limits.TEMPLATES_PAGE", 1)
    sync_templates(actor=world.ana, channel_id=world.channel.pk)
    drain()
    assert len(names(world.channel)) == len(TEMPLATES)
    assert len(at_meta.requests(method="GET")) == len(TEMPLATES)


def test_news_of_a_template_change_it_and_one_that_is_not_known_is_read(world, at_meta):
    sync_templates(actor=world.ana, channel_id=world.channel.pk)
    drain()
    note_template(channel_id=world.channel.pk, news=InboundTemplate("order_update", "en_US", status="paused"))
    assert MessageTemplate.objects.get(name="order_update").status == "paused"
    MessageTemplate.objects.all().delete()
    note_template(channel_id=world.channel.pk, news=InboundTemplate("order_update", "en_US", status="approved"))
    drain()
    assert len(names(world.channel)) == len(TEMPLATES)


def test_templates_are_read_when_the_number_connects_and_again_after_a_day(world, at_meta):
    Channel.objects.filter(pk=world.channel.pk).update(status="connecting")
    note_connection(channel_id=world.channel.pk, values=InboundConnection("connected"))
    drain()
    assert len(names(world.channel)) == len(TEMPLATES)
    assert read_old_templates() == 0
    MessageTemplate.objects.update(synced_at=now() - timedelta(hours=25))
    assert read_old_templates() == 1
    assert read_old_templates() == 1
    drain()
    assert len([one for one in at_meta.requests() if one["path"].endswith("/message_templates")]) == 2


def test_a_number_without_templates_and_an_agent_are_refused(world):
    with pytest.raises(Conflict, match="no templates"):
        sync_templates(actor=world.ana, channel_id=world.channel.pk)
    with pytest.raises(Forbidden):
        sync_templates(actor=world.ben, channel_id=world.channel.pk)


def test_the_api_lists_templates_with_their_variables_page_by_page(world, client, at_meta):
    sync_templates(actor=world.ana, channel_id=world.channel.pk)
    drain()
    url = f"/api/v1/channels/{world.channel.pk}/templates"
    first = client.get(f"{url}?limit=3", **world.bearer()).json()
    assert [one["name"] for one in first["results"]] == ["appointment_reminder", "hello_again", "order_update"]
    assert first["results"][0]["variables"] == [
        {"key": "name", "example": "Dana", "file": ""},
        {"key": "day", "example": "Monday", "file": ""},
        {"key": "button.1", "example": "", "file": ""},
    ]
    rest = client.get(f"{url}?limit=3&cursor={first['next']}", **world.bearer()).json()
    assert [one["name"] for one in rest["results"]] == ["product_news", "winter_sale"]
    assert rest["results"][0]["variables"][0] == {"key": "header.image", "example": "", "file": "image"}
    assert rest["next"] is None


def test_an_agents_key_may_not_ask_for_a_synchronisation_and_the_outsider_sees_nothing(world, client, at_meta):
    url = f"/api/v1/channels/{world.channel.pk}/templates"
    assert client.post(f"{url}/sync", **world.bearer()).status_code == 403
    theirs = f"/api/v1/channels/{world.zoes_channel.pk}/templates"
    assert client.get(theirs, **world.bearer()).status_code == 404
    assert client.post(f"{theirs}/sync", **world.bearer()).status_code == 404


def test_ana_asks_by_the_api(world, client, at_meta):
    client.force_login(world.ana.user)
    response = client.post(
        f"/api/v1/channels/{world.channel.pk}/templates/sync", json.dumps({}), content_type="application/json"
    )
    assert response.status_code == 202
    drain()
    assert names(world.channel)


def test_the_channels_page_shows_templates_and_reads_them_again(world, client, at_meta):
    client.force_login(world.ana.user)
    page = f"/w/acme/channels/{world.channel.pk}/"
    assert client.post(f"{page}sync-templates/", {"from": "detail"}).status_code == 302
    drain()
    shown = client.get(page).content.decode()
    assert all(one["name"] in shown for one in TEMPLATES)
    assert "paused" in shown
    client.force_login(world.ben.user)
    assert client.post(f"{page}sync-templates/", {"from": "detail"}).status_code == 403
    client.force_login(world.zoe.user)
    assert client.post(f"{page}sync-templates/", {"from": "detail"}).status_code == 404
