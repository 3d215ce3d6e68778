"""Django admin of channels: tokens go in and never come out."""

import logging

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from channels_app import jobs
from channels_app.models import Channel, ConnectionLogEntry, Credential
from channels_app.services import connection
from kernel import crypto
from tests.channels_app.conftest import TOKEN
from tests.support.fake_provider import waiting_jobs
from tests.support.world import PASSWORD
from workspaces.models import AuditEntry, User

ADD = reverse("admin:channels_app_channel_add")
LIST = reverse("admin:channels_app_channel_changelist")


@pytest.fixture
def as_olga(client, world):
    client.force_login(User.objects.create_superuser("olga@example.com", PASSWORD, name="Olga Operator"))
    return client


def change(channel: Channel) -> str:
    return reverse("admin:channels_app_channel_change", args=[channel.pk])


def new(world, **values) -> dict:
    return {"workspace": str(world.acme.pk), "provider": "whapi", "name": "Desk", "token": TOKEN, **values}


def act(client, action: str, channel: Channel):
    return client.post(LIST, {"action": action, "_selected_action": [str(channel.pk)]}, follow=True)


def log_form() -> dict[str, str]:
    return {"connection_log-TOTAL_FORMS": "0", "connection_log-INITIAL_FORMS": "0"}


def test_a_channel_is_added_through_the_service(world, as_olga):
    response = as_olga.post(ADD, new(world, phone_number="+1 555 010 0142"), follow=True)
    assert response.status_code == 200
    channel = Channel.objects.get(name="Desk")
    assert (channel.workspace, channel.phone_number, channel.status) == (world.acme, "+15550100142", "disconnected")
    assert crypto.decrypt(Credential.objects.get(channel=channel, name="token").sealed) == TOKEN
    assert [item.kind for item in waiting_jobs(channel)] == [jobs.REGISTER_WEBHOOK]
    assert AuditEntry.objects.get(deed="channel.created").actor_name == "Olga Operator (admin site)"


def test_no_page_no_log_and_no_message_shows_a_token(world, as_olga, shop, caplog):
    connection.connect(actor=world.ana, channel_id=shop.pk)
    with caplog.at_level(logging.DEBUG):
        pages = [
            as_olga.post(ADD, new(world), follow=True),
            as_olga.post(ADD, new(world, name="")),
            as_olga.post(ADD, new(world, token=f"{TOKEN} {TOKEN}")),
            as_olga.post(change(shop), {"name": "Shop", "token": TOKEN + "-2", **log_form()}, follow=True),
            as_olga.post(change(shop), {"name": "", "token": TOKEN + "-3", **log_form()}),
            as_olga.get(change(shop)),
            as_olga.get(LIST),
            as_olga.get(reverse("admin:channels_app_credential_changelist")),
        ]
        for credential in Credential.objects.all():
            pages.append(as_olga.get(reverse("admin:channels_app_credential_change", args=[credential.pk])))
    sealed = list(Credential.objects.values_list("sealed", flat=True))
    for page in pages:
        html = page.content.decode()
        assert page.status_code == 200
        assert TOKEN not in html
        assert not [text for text in sealed if text in html]
    assert TOKEN not in "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("django.db"))
    assert TOKEN not in str(list(LogEntry.objects.values()))


def test_a_token_field_left_empty_keeps_the_token(world, as_olga, shop):
    as_olga.post(change(shop), {"name": "Renamed", "token": "", **log_form()})
    shop.refresh_from_db()
    assert shop.name == "Renamed"
    assert crypto.decrypt(Credential.objects.get(channel=shop, name="token").sealed) == TOKEN
    assert not AuditEntry.objects.filter(deed="channel.token_replaced").exists()


def test_a_new_token_is_sealed_and_noted(world, as_olga, shop):
    as_olga.post(change(shop), {"name": "New shop", "token": "another-token-5678", **log_form()})
    assert crypto.decrypt(Credential.objects.get(channel=shop, name="token").sealed) == "another-token-5678"
    assert AuditEntry.objects.get(deed="channel.token_replaced").details == {"hint": "5678"}


def test_state_workspace_and_provider_cannot_be_written(world, as_olga, shop):
    before = Channel.objects.filter(pk=shop.pk).values().get()
    as_olga.post(
        change(shop),
        {
            "name": "New shop",
            "status": "connected",
            "own_wa_id": "x",
            "workspace": str(world.zoes.pk),
            "wants_connection": "",
            "webhook_secret_digest": "0" * 64,
            **log_form(),
        },
    )
    assert Channel.objects.filter(pk=shop.pk).values().get() == before


@pytest.mark.parametrize(
    "wrong", [{"token": ""}, {"token": "two words"}, {"name": ""}, {"phone_number": "call me"}, {"provider": "pigeon"}]
)
def test_a_mistake_is_shown_beside_its_field_and_nothing_is_made(world, as_olga, wrong):
    response = as_olga.post(ADD, new(world, **wrong))
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == list(wrong)
    assert not Channel.objects.filter(name="Desk").exists()


@pytest.mark.parametrize(
    ("action", "status", "deed"),
    [
        ("connect", "connecting", "channel.connect_asked"),
        ("reconnect", "connecting", "channel.reconnect_asked"),
        ("disconnect", "disconnected", "channel.disconnected"),
        ("log_out", "disconnected", "channel.log_out_asked"),
        ("remove", "disconnected", "channel.removed"),
    ],
)
def test_actions_are_the_deeds_of_the_services(world, as_olga, shop, action, status, deed):
    act(as_olga, action, shop)
    shop.refresh_from_db()
    assert shop.status == status
    assert AuditEntry.objects.filter(deed=deed, target_id=shop.pk).exists()


def test_a_refused_action_is_told_in_words(world, as_olga):
    response = act(as_olga, "connect", world.channel)
    assert "has no token yet" in response.content.decode()
    world.channel.refresh_from_db()
    assert world.channel.status == "connected"


def test_nothing_is_deleted_with_its_chats(world, as_olga, shop):
    assert (
        as_olga.post(reverse("admin:channels_app_channel_delete", args=[shop.pk]), {"post": "yes"}).status_code == 403
    )
    assert "delete_selected" not in as_olga.get(LIST).content.decode()


def test_the_connection_log_is_read_only(world, as_olga, shop):
    connection.connect(actor=world.ana, channel_id=shop.pk)
    entry = ConnectionLogEntry.objects.get()
    path = reverse("admin:channels_app_connectionlogentry_change", args=[entry.pk])
    assert as_olga.get(path).status_code == 200
    assert as_olga.post(path, {"reason": "x"}).status_code == 403
    assert "Ana Example asked to connect." in as_olga.get(change(shop)).content.decode()


def test_zoe_does_not_enter(world, client, shop):
    client.force_login(world.zoe.user)
    for path in (LIST, ADD, change(shop)):
        assert client.get(path, follow=True).status_code == 403
