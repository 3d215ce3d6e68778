"""The channels page, one channel's page, and the way from a token to a scanned code."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from channels_app.models import Channel, Credential
from channels_app.services import connection
from channels_app.services.credentials import QR, store_credential
from kernel import clock, signing
from outbox.models import Item, Lane
from outbox.services import operating
from tests.channels_app.conftest import TOKEN
from tests.support.fake_provider import fake_provider, perform, waiting_jobs
from tests.support.world import make_channel
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

QR_PNG = "data:image/png;base64,c2NhbiBtZQ=="
DEEDS = ["connect", "reconnect", "disconnect", "log-out", "remove", "pause", "resume", "resume-now"]
LANE_DEEDS = ["pause", "resume", "resume-now"]


def url(name="channel-list", slug="acme", **kwargs):
    return reverse(f"channels_app:{name}", kwargs={"slug": slug, **kwargs})


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.fixture
def ana(world, client):
    client.force_login(world.ana.user)
    return client


# --- Who --------------------------------------------------------------------------------------------------------------


def test_everybody_in_the_workspace_sees_the_channels_and_nobody_else(world, client, shop):
    pages = [url(), url("channel-cards"), url("channel-detail", channel_id=shop.pk)]
    for page in pages:
        client.logout()
        assert client.get(page).status_code == 302
        for member, status in ((world.vic, 200), (world.ben, 200), (world.adam, 200), (world.zoe, 404)):
            client.force_login(member.user)
            assert client.get(page).status_code == status, (page, member)


def test_only_admins_add_link_and_change_channels(world, client, shop):
    pages = [
        ("get", url("channel-add")),
        ("post", url("channel-add")),
        ("get", url("channel-link", channel_id=shop.pk)),
        ("post", url("channel-rename", channel_id=shop.pk)),
        ("post", url("channel-token", channel_id=shop.pk)),
        ("post", url("channel-webhook-secret", channel_id=shop.pk)),
    ]
    pages += [("post", url("channel-act", channel_id=shop.pk, deed=deed)) for deed in DEEDS]
    for method, page in pages:
        client.logout()
        assert getattr(client, method)(page).status_code == 302
        for member, status in ((world.vic, 403), (world.ben, 403), (world.zoe, 404)):
            client.force_login(member.user)
            assert getattr(client, method)(page, {"name": "x", "token": TOKEN}).status_code == status, (page, member)
    shop.refresh_from_db()
    assert (shop.name, shop.status, shop.removed_at) == ("New shop", "disconnected", None)
    assert not Lane.objects.get(pk=shop.pk).paused


def test_agents_and_viewers_see_no_buttons_that_would_refuse_them(world, client, shop):
    client.force_login(world.ben.user)
    for page in (url(), url("channel-detail", channel_id=shop.pk)):
        html = client.get(page).content.decode().split('class="page"')[1]
        assert '<form method="post"' not in html
        assert "webhook-url" not in html


def test_channels_of_another_workspace_are_not_there(world, ana):
    theirs = world.zoes_channel.pk
    assert "Zoe" not in text(ana.get(url()))
    for name in ("channel-detail", "channel-link"):
        assert ana.get(url(name, channel_id=theirs)).status_code == 404
    for name in ("channel-rename", "channel-token"):
        assert ana.post(url(name, channel_id=theirs), {"name": "x", "token": TOKEN}).status_code == 404
    assert ana.post(url("channel-webhook-secret", channel_id=theirs)).status_code == 404
    for deed in DEEDS:
        assert ana.post(url("channel-act", channel_id=theirs, deed=deed)).status_code == 404
    assert ana.get(url(), {"channel": theirs}).status_code == 404


# --- Adding -----------------------------------------------------------------------------------------------------------


def add(client, **changes):
    form = {"provider": "whapi", "name": "Branch", "token": TOKEN, "phone_number": "+1 (555) 010-0111", **changes}
    return client.post(url("channel-add"), form)


def test_ana_adds_a_channel_and_is_led_to_the_code(world, ana):
    answer = add(ana)
    assert answer.status_code == 201
    channel = Channel.objects.get(name="Branch")
    page = answer.content.decode()
    secret = re.search(r'id="webhook-secret">([^<]+)<', page).group(1)
    assert signing.matches_digest(secret, channel.webhook_secret_digest)
    assert f"{settings.PUBLIC_URL}/api/webhooks/whapi/{channel.pk}" in page
    assert channel.status == "connecting"
    assert channel.phone_number == "+15550100111"
    asked = set(Item.objects.filter(subject_id=channel.pk).values_list("kind", flat=True))
    assert asked == {"channel.register_webhook", "channel.connect"}


def test_secrets_are_never_shown_again(world, ana):
    page = add(ana).content.decode()
    secret = re.search(r'id="webhook-secret">([^<]+)<', page).group(1)
    assert TOKEN not in page
    channel = Channel.objects.get(name="Branch")
    sealed = list(Credential.objects.filter(channel=channel).values_list("sealed", flat=True))
    for address in (url(), url("channel-cards"), url("channel-detail", channel_id=channel.pk)):
        page = ana.get(address).content.decode()
        for hidden in (TOKEN, secret, channel.webhook_secret_digest, *sealed):
            assert hidden not in page
    assert f"•••• {TOKEN[-4:]}" in ana.get(url("channel-detail", channel_id=channel.pk)).content.decode()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"token": "two words"}, "Paste the token exactly"),
        ({"token": ""}, "This field is required"),
        ({"token": "x" * 5000}, "at most 4096 characters"),
        ({"name": ""}, "This field is required"),
        ({"name": "a\0b"}, "Null characters"),
        ({"phone_number": "abc"}, "country code"),
        ({"provider": "pigeon"}, "not one of the available choices"),
    ],
)
def test_a_mistake_is_named_and_the_token_is_not_drawn_again(world, ana, wrong, complaint):
    answer = add(ana, **wrong)
    assert answer.status_code == 400
    assert complaint in text(answer)
    assert TOKEN not in answer.content.decode()
    assert not Channel.objects.filter(name="Branch").exists()


# --- Linking ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def linking(world, shop) -> Channel:
    """Ana's new shop with a code to scan."""
    connection.connect(actor=world.ana, channel_id=shop.pk)
    store_credential(channel=shop, name=QR, secret=QR_PNG, expires_at=clock.now() + timedelta(seconds=20))
    connection.move(channel_id=shop.pk, to="qr_pending", reason="Waiting for somebody to scan the QR code.")
    return shop


def test_the_code_appears_with_its_countdown_and_refreshes(world, ana, shop):
    connection.connect(actor=world.ana, channel_id=shop.pk)
    page = ana.get(url("channel-link", channel_id=shop.pk)).content.decode()
    assert "The provider is preparing the code" in page
    assert 'data-every="2"' in page
    store_credential(channel=shop, name=QR, secret=QR_PNG, expires_at=clock.now() + timedelta(seconds=20))
    page = ana.get(url("channel-link", channel_id=shop.pk)).content.decode()
    assert f'src="{QR_PNG}"' in page
    assert re.search(r'data-time="until"[^>]*>0:(19|20)<', page)


def test_an_expired_code_is_not_shown(world, ana, linking):
    Credential.objects.filter(name=QR).update(expires_at=clock.now() - timedelta(seconds=1))
    assert QR_PNG not in ana.get(url("channel-link", channel_id=linking.pk)).content.decode()


def test_only_who_may_link_sees_the_code(world, client, linking):
    for member in (world.ben, world.vic):
        client.force_login(member.user)
        assert QR_PNG not in client.get(url("channel-detail", channel_id=linking.pk)).content.decode()
        assert client.get(url("channel-link", channel_id=linking.pk)).status_code == 403
    client.force_login(world.zoe.user)
    assert client.get(url("channel-link", channel_id=linking.pk)).status_code == 404
    client.force_login(world.adam.user)
    page = client.get(url("channel-detail", channel_id=linking.pk)).content.decode()
    assert QR_PNG not in page
    assert "Only they see the code" in page
    client.force_login(world.ana.user)
    assert QR_PNG in client.get(url("channel-detail", channel_id=linking.pk)).content.decode()


def test_when_the_phone_has_scanned_the_panel_says_so_and_stops_asking(world, ana, linking):
    connection.move(channel_id=linking.pk, to="connected", reason="Scanned.")
    page = ana.get(url("channel-link", channel_id=linking.pk)).content.decode()
    assert "is connected" in page
    assert "data-every" not in page
    assert QR_PNG not in page


def test_when_nobody_scanned_the_panel_offers_to_begin_again(world, ana, linking):
    connection.move(channel_id=linking.pk, to="disconnected", reason="Nobody scanned the QR code in time.")
    page = ana.get(url("channel-link", channel_id=linking.pk)).content.decode()
    assert "Nobody scanned the QR code in time." in page
    assert url("channel-act", channel_id=linking.pk, deed="connect") in page


# --- The cards and their buttons --------------------------------------------------------------------------------------


def card(client, channel) -> str:
    page = client.get(url("channel-cards")).content.decode()
    article = re.search(rf'<article[^>]*id="channel-{channel.pk}".*?</article>', page, re.DOTALL).group()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", article))


def test_a_card_tells_the_worst_news_first(world, ana):
    channel = world.channel
    assert "Connected" in card(ana, channel)
    operating.hold_lane(lane_id=channel.pk, seconds=60, reason="WhatsApp asked to slow down.")
    told = card(ana, channel)
    assert "WhatsApp asked to slow down. Resumes by itself in " in told
    assert "Resume now" in told
    operating.pause_lane(lane_id=channel.pk, reason="Stocktaking.")
    assert "Stocktaking." in card(ana, channel)
    connection.move(channel_id=channel.pk, to="logged_out", reason="Unlinked on the phone")
    told = card(ana, channel)
    assert "Logged out" in told
    assert "Unlinked on the phone." in told
    assert "Scan again" in told


def test_the_page_counts_what_can_send_now(world, ana):
    make_channel(world.acme, "Support", "+15550100101")
    assert "2 of 2 can send now" in text(ana.get(url()))
    operating.pause_lane(lane_id=world.channel.pk, reason="Stocktaking.")
    assert "1 of 2 can send now" in text(ana.get(url()))


def test_ana_pauses_and_resumes(world, ana):
    lane = Lane.objects.get(pk=world.channel.pk)
    ana.post(url("channel-act", channel_id=lane.pk, deed="pause"))
    lane.refresh_from_db()
    assert (lane.paused, lane.paused_reason) == (True, "Paused by Ana Example.")
    ana.post(url("channel-act", channel_id=lane.pk, deed="resume"))
    operating.hold_lane(lane_id=lane.pk, seconds=60, reason="429")
    ana.post(url("channel-act", channel_id=lane.pk, deed="resume-now"))
    lane.refresh_from_db()
    assert (lane.paused, lane.not_before) == (False, None)
    assert AuditEntry.objects.filter(deed__startswith="lane.", actor_name="Ana Example").count() == 3


def test_ana_connects_logs_out_and_removes(world, ana, shop):
    answer = ana.post(url("channel-act", channel_id=shop.pk, deed="connect"))
    assert answer.url == url("channel-detail", channel_id=shop.pk)
    connection.move(channel_id=shop.pk, to="connected", reason="Scanned.")
    ana.post(url("channel-act", channel_id=shop.pk, deed="log-out"))
    shop.refresh_from_db()
    assert shop.status == "disconnected"
    answer = ana.post(url("channel-act", channel_id=shop.pk, deed="remove"), {"from": "detail"})
    assert answer.url == url()
    assert f'id="channel-{shop.pk}"' not in ana.get(url()).content.decode()
    with fake_provider() as provider:
        for item in waiting_jobs(shop):
            perform(item)
    assert "leave" in provider.names()
    assert not Credential.objects.filter(channel=shop).exists()


def test_a_deed_that_is_not_possible_now_says_why(world, ana, shop):
    answer = ana.post(url("channel-act", channel_id=world.channel.pk, deed="reconnect"), follow=True)
    assert "The channel has no token yet" in text(answer)
    assert ana.post(url("channel-act", channel_id=shop.pk, deed="explode")).status_code == 404
    assert ana.get(url("channel-act", channel_id=shop.pk, deed="remove")).status_code == 405


def test_ana_renames_and_replaces_token_and_secret(world, ana, shop):
    ana.post(url("channel-rename", channel_id=shop.pk), {"name": "Corner shop"})
    answer = ana.post(url("channel-token", channel_id=shop.pk), {"token": "another-token-0123456789-ABCD"}, follow=True)
    assert "another-token" not in answer.content.decode()
    assert "•••• ABCD" in text(answer)
    answer = ana.post(url("channel-webhook-secret", channel_id=shop.pk))
    secret = re.search(r'id="webhook-secret">([^<]+)<', answer.content.decode()).group(1)
    shop.refresh_from_db()
    assert shop.name == "Corner shop"
    assert signing.matches_digest(secret, shop.webhook_secret_digest)
    answer = ana.post(url("channel-token", channel_id=shop.pk), {"token": "two words"}, follow=True)
    assert "two words" not in text(answer)


# --- History ----------------------------------------------------------------------------------------------------------


def test_the_history_is_of_this_workspace_and_pages_backwards(world, ana):
    channel = world.channel
    for number in range(13):
        connection.move(channel_id=channel.pk, to="degraded", reason=f"Loss number {number}.")
        connection.move(channel_id=channel.pk, to="connected", reason=f"Return number {number}.")
    connection.move(channel_id=world.zoes_channel.pk, to="logged_out", reason="Zoe's loss.")
    first = ana.get(url())
    assert "Return number 12." in text(first)
    assert "Loss number 0." not in text(first)
    assert "Zoe" not in text(first)
    older = re.search(r'href="(\?[^"]*cursor=[^"]+)"', first.content.decode()).group(1)
    second = ana.get(url() + older)
    assert "Loss number 0." in text(second)
    assert "Return number 12." not in text(second)
    assert ana.get(url(), {"cursor": "nonsense"}).status_code == 404
    assert ana.get(url(), {"channel": "nonsense"}).status_code == 200


def test_the_page_asks_as_often_for_two_channels_as_for_twenty(world, ana, django_assert_max_num_queries):
    make_channel(world.acme, "Second", "+15550100101")
    with django_assert_max_num_queries(25) as few:
        ana.get(url())
    for number in range(18):
        make_channel(world.acme, f"Branch {number}", f"+155501001{number:02}")
    with django_assert_max_num_queries(len(few)):
        ana.get(url())


def test_a_workspace_without_channels_says_what_to_do(world, client):
    Channel.objects.filter(workspace=world.acme).delete()
    client.force_login(world.ana.user)
    assert "No number is connected yet" in text(client.get(url()))
    assert url("channel-add") in client.get(url()).content.decode()
    client.force_login(world.vic.user)
    assert url("channel-add") not in client.get(url()).content.decode()
