"""Adding, changing and removing channels."""

from datetime import timedelta

import pytest

from channels_app import jobs
from channels_app.errors import NoSuchChannel
from channels_app.events import ChannelCreated
from channels_app.models import Channel, Credential
from channels_app.providers.errors import ProviderError
from channels_app.selectors.channels import WebhookTarget, channels_of, webhook_target, webhook_url
from channels_app.services import channels, gateway
from channels_app.services.leaving import forget_removed
from channels_app.states import ChannelStatus
from kernel import clock, crypto, events, signing
from kernel.errors import Forbidden, Invalid
from kernel.events import Moment, subscribe
from kernel.ids import new_id
from outbox.models import Item, Lane
from outbox.services.enqueuing import enqueue
from outbox.states import ItemState
from tests.channels_app.conftest import TOKEN, move_clock
from tests.support.fake_provider import fake_provider, perform, waiting_jobs
from workspaces.access import Operator
from workspaces.models import AuditEntry

NEW = {"provider": "whapi", "name": "Deliveries", "token": TOKEN}


def test_a_new_channel_waits_to_be_connected_with_its_secrets_sealed(world):
    channel, secret = channels.create_channel(actor=world.adam, **NEW, phone_number="+1 (555) 010-0142")
    assert (channel.workspace, channel.status, channel.phone_number) == (
        world.acme,
        ChannelStatus.DISCONNECTED,
        "+15550100142",
    )
    assert channel.webhook_secret_digest == signing.digest(secret)
    lane = Lane.objects.get(pk=channel.pk)
    assert (lane.name, lane.closed, lane.workspace) == ("Deliveries", True, world.acme)
    sealed = {row.name: row for row in Credential.objects.filter(channel=channel)}
    assert crypto.decrypt(sealed["token"].sealed) == TOKEN
    assert crypto.decrypt(sealed["webhook_secret"].sealed) == secret
    assert (sealed["token"].hint, sealed["webhook_secret"].hint) == (TOKEN[-4:], "")
    assert [item.kind for item in waiting_jobs(channel)] == [jobs.REGISTER_WEBHOOK]
    assert TOKEN not in str(list(Item.objects.values()))


def test_the_deed_is_in_the_audit_log_without_the_token(world):
    channels.create_channel(actor=world.ana, **NEW)
    entry = AuditEntry.objects.get()
    assert (entry.deed, entry.actor_name, entry.details["name"]) == ("channel.created", "Ana Example", "Deliveries")
    assert TOKEN not in str(AuditEntry.objects.values())


def test_the_floors_above_hear_of_a_new_channel(world, monkeypatch):
    monkeypatch.setattr(events, "_subscribers", type(events._subscribers)(list))
    heard = []
    subscribe(ChannelCreated, heard.append, Moment.SAME_TRANSACTION)
    channel, _ = channels.create_channel(actor=world.ana, **NEW)
    assert heard == [ChannelCreated(channel_id=channel.pk, workspace_id=world.acme.pk)]


@pytest.mark.parametrize("token", [f"  {TOKEN}\n", TOKEN])
def test_white_space_around_a_pasted_token_is_dropped(world, token):
    channel, _ = channels.create_channel(actor=world.ana, **{**NEW, "token": token})
    assert crypto.decrypt(Credential.objects.get(channel=channel, name="token").sealed) == TOKEN


def test_a_short_token_gives_no_hint(world):
    channel, _ = channels.create_channel(actor=world.ana, **{**NEW, "token": "short"})
    assert Credential.objects.get(channel=channel, name="token").hint == ""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"token": ""}, "token"),
        ({"token": "two words"}, "token"),
        ({"token": "tok\0en"}, "token"),
        ({"token": "tokén"}, "token"),
        ({"token": "t" * 4097}, "token"),
        ({"provider": "pigeon"}, "provider"),
        ({"phone_number": "12"}, "phone_number"),
        ({"phone_number": "+1 555 CALL"}, "phone_number"),
        ({"phone_number": "1" * 16}, "phone_number"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_made(world, change, field):
    before = Channel.objects.count()
    with pytest.raises(Invalid) as refusal:
        channels.create_channel(actor=world.ana, **{**NEW, **change})
    assert list(refusal.value.fields) == [field]
    assert TOKEN not in str(refusal.value)
    assert Channel.objects.count() == before


def test_a_channel_is_renamed_with_its_lane_and_keeps_its_cap(world, shop):
    Lane.objects.filter(pk=shop.pk).update(cap=9)
    channels.update_channel(actor=world.ana, channel_id=shop.pk, name="Shop 2", phone_number="15550100177")
    shop.refresh_from_db()
    lane = Lane.objects.get(pk=shop.pk)
    assert (shop.name, shop.phone_number, lane.name, lane.cap) == ("Shop 2", "+15550100177", "Shop 2", 9)
    entry = AuditEntry.objects.get(deed="channel.updated")
    assert entry.details == {"name": "Shop 2", "phone_number": "+15550100177"}
    channels.update_channel(actor=world.ana, channel_id=shop.pk, name="Shop 2")
    assert AuditEntry.objects.filter(deed="channel.updated").count() == 1


def test_a_new_token_takes_the_place_of_the_old_one(world, shop):
    before = Credential.objects.get(channel=shop, name="token")
    channels.replace_values(actor=world.ana, channel_id=shop.pk, given={"token": "another-token-5678"})
    after = Credential.objects.get(channel=shop, name="token")
    assert (after.pk, after.hint) == (before.pk, "5678")
    assert crypto.decrypt(after.sealed) == "another-token-5678"
    assert AuditEntry.objects.get(deed="channel.token_replaced").details == {"hint": "5678"}


def test_a_new_webhook_secret_makes_the_old_one_worthless(world, shop):
    old = shop.webhook_secret_digest
    secret = channels.replace_webhook_secret(actor=world.ana, channel_id=shop.pk)
    shop.refresh_from_db()
    assert shop.webhook_secret_digest == signing.digest(secret) != old
    assert AuditEntry.objects.filter(deed="channel.webhook_secret_replaced").exists()


def test_a_removed_channel_loses_its_secrets_and_its_waiting_messages_visibly(
    world, shop, django_capture_on_commit_callbacks
):
    assert webhook_target(shop.pk) is not None
    chat = new_id()
    for due_at in (None, clock.now() + timedelta(hours=1)):
        enqueue(
            workspace_id=world.acme.pk,
            lane_id=shop.pk,
            order_key=chat,
            kind=jobs.CONNECT,  # of the kinds on this floor, any does
            payload={},
            due_at=due_at,
        )
    with django_capture_on_commit_callbacks(execute=True):
        channels.remove_channel(actor=world.ana, channel_id=shop.pk)
    states = Item.objects.filter(order_key=chat).values_list("state", flat=True)
    assert list(states) == [ItemState.CANCELLED, ItemState.CANCELLED]
    with pytest.raises(ProviderError, match="channel_removed"):
        gateway.health(shop.pk, deadline=1)
    assert shop not in channels_of(world.ana)
    assert webhook_target(shop.pk) is None
    assert AuditEntry.objects.get(deed="channel.removed").details == {"name": "New shop", "messages_cancelled": 2}
    with pytest.raises(NoSuchChannel):
        channels.remove_channel(actor=world.ana, channel_id=shop.pk)


@pytest.mark.parametrize("answer", [None, ProviderError("gone", "Nobody knows the channel.", permanent=True)])
def test_the_provider_of_a_removed_channel_is_told_and_then_its_secrets_are_gone(world, shop, answer):
    removed = [one for one in waiting_jobs(shop) if one.kind == jobs.REGISTER_WEBHOOK]
    channels.remove_channel(actor=world.ana, channel_id=shop.pk)
    assert Credential.objects.filter(channel=shop).exists()
    with fake_provider(leave=answer) as provider:
        for item in removed:
            perform(item)  # what was asked before the removal is nothing any more
        assert provider.names() == []
        (item,) = [one for one in waiting_jobs(shop) if one.kind == jobs.LEAVE]
        perform(item)
    ((name, credentials, (url,), _),) = provider.asked
    assert (name, credentials.token, url) == ("leave", TOKEN, webhook_url(shop))
    assert not Credential.objects.filter(channel=shop).exists()
    with fake_provider() as provider:
        perform(item)
    assert provider.names() == []


def test_secrets_of_a_removed_channel_outlive_it_by_an_hour_at_most(world, shop, monkeypatch):
    keep = channels.create_channel(actor=world.ana, provider="whapi", name="Another", token=TOKEN)[0]
    channels.remove_channel(actor=world.ana, channel_id=shop.pk)
    assert forget_removed() == 0
    move_clock(monkeypatch, hours=1, seconds=1)
    assert forget_removed() == 2
    assert not Credential.objects.filter(channel=shop).exists()
    assert Credential.objects.filter(channel=keep).count() == 2


def test_a_connected_channel_is_closed_when_it_is_removed(world):
    channels.remove_channel(actor=world.ana, channel_id=world.channel.pk)
    assert Lane.objects.get(pk=world.channel.pk).closed


DEEDS = {
    "rename": lambda actor, pk: channels.update_channel(actor=actor, channel_id=pk, name="Mine"),
    "replace token": lambda actor, pk: channels.replace_values(
        actor=actor, channel_id=pk, given={"token": TOKEN[::-1]}
    ),
    "replace secret": lambda actor, pk: channels.replace_webhook_secret(actor=actor, channel_id=pk),
    "remove": lambda actor, pk: channels.remove_channel(actor=actor, channel_id=pk),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(
    ("who", "refusal"),
    [("ana", None), ("adam", None), ("ben", Forbidden), ("vic", Forbidden), ("zoe", NoSuchChannel)],
)
def test_who_may_change_a_channel(world, shop, deed, who, refusal):
    before = AuditEntry.objects.count()
    if refusal is None:
        DEEDS[deed](getattr(world, who), shop.pk)
        assert AuditEntry.objects.count() == before + 1
    else:
        with pytest.raises(refusal):
            DEEDS[deed](getattr(world, who), shop.pk)
        assert AuditEntry.objects.count() == before


def test_agents_and_viewers_add_no_channels(world):
    for actor in (world.ben, world.vic):
        with pytest.raises(Forbidden):
            channels.create_channel(actor=actor, **NEW)


def test_an_operator_of_the_admin_site_is_named_as_such(world):
    operator = Operator(user=world.zoe.user, workspace=world.acme)
    channels.create_channel(actor=operator, **NEW)
    entry = AuditEntry.objects.get()
    assert (entry.workspace, entry.user, entry.actor_name) == (
        world.acme,
        world.zoe.user,
        "Zoe Outsider (admin site)",
    )


def test_a_webhook_finds_its_channel_without_asking_the_database_each_time(world, django_assert_num_queries):
    target = webhook_target(world.channel.pk)
    assert target == WebhookTarget(
        world.channel.pk, world.acme.pk, "whapi", Channel.objects.get(pk=world.channel.pk).webhook_secret_digest
    )
    assert target.secret_digest not in repr(target)
    with django_assert_num_queries(0):
        assert webhook_target(world.channel.pk) == target
    assert webhook_target(new_id()) is None
