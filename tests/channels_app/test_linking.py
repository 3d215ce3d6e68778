"""Linking a phone by QR code."""

from datetime import timedelta

import pytest

from channels_app import jobs
from channels_app.models import Channel, Credential
from channels_app.providers.base import Health, InboundConnection, QrCode
from channels_app.providers.errors import ProviderError
from channels_app.services import connection, gateway
from channels_app.services.linking import PATIENCE_SECONDS, expire_qr_codes
from channels_app.states import ChannelStatus
from kernel import clock
from outbox.models import Item
from tests.support.fake_provider import perform, perform_next, waiting_jobs

S = ChannelStatus
QR = "data:image/png;base64,c2VjcmV0LXFy"


@pytest.fixture
def linking(world, provider, shop) -> Channel:
    """Ana has pressed connect, and the webhook is registered."""
    connection.connect(actor=world.ana, channel_id=shop.pk)
    assert perform_next(shop) == jobs.REGISTER_WEBHOOK
    provider.asked.clear()
    return shop


def move_clock(monkeypatch, **by) -> None:
    at = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: at)


def status_of(channel: Channel) -> str:
    return Channel.objects.get(pk=channel.pk).status


def test_the_code_of_the_provider_waits_sealed_until_it_ends(provider, linking, monkeypatch):
    assert perform_next(linking) == jobs.CONNECT
    assert status_of(linking) == S.QR_PENDING
    stored = Credential.objects.get(channel=linking, name="qr")
    assert QR not in stored.sealed
    assert stored.hint == ""
    assert gateway.waiting_qr(linking.pk) == (QR, stored.expires_at)
    move_clock(monkeypatch, seconds=31)
    assert gateway.waiting_qr(linking.pk) is None


def test_the_code_is_renewed_when_it_ends(provider, linking):
    perform_next(linking)
    (renewal,) = waiting_jobs(linking)
    assert renewal.kind == jobs.CONNECT
    assert 28 < (renewal.due_at - clock.now()).total_seconds() <= 30
    provider.answers["qr_code"] = QrCode("ready", "data:image/png;base64,bmV3", 20)
    perform(renewal)
    assert gateway.waiting_qr(linking.pk)[0] == "data:image/png;base64,bmV3"
    assert len(waiting_jobs(linking)) == 1


def test_a_number_that_lost_its_phone_offers_a_code_for_some_minutes(provider, shop, monkeypatch):
    Channel.objects.filter(pk=shop.pk).update(status=S.CONNECTED)
    Item.objects.all().delete()
    for _ in range(2):
        connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.QR_PENDING))
    assert [item.kind for item in waiting_jobs(shop)] == [jobs.CONNECT]
    perform_next(shop)
    assert gateway.waiting_qr(shop.pk)[0] == QR
    connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.QR_PENDING))
    assert len(waiting_jobs(shop)) == 1
    move_clock(monkeypatch, seconds=PATIENCE_SECONDS + 1)
    perform_next(shop)
    connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.QR_PENDING))
    assert status_of(shop) == S.DISCONNECTED
    assert not waiting_jobs(shop)


def test_the_code_goes_when_the_phone_is_linked(linking):
    perform_next(linking)
    connection.note_connection(channel_id=linking.pk, values=InboundConnection(status=S.CONNECTED))
    assert status_of(linking) == S.CONNECTED
    assert not Credential.objects.filter(channel=linking, name="qr").exists()


def test_the_renewal_after_the_phone_was_linked_does_nothing(provider, linking):
    perform_next(linking)
    connection.note_connection(channel_id=linking.pk, values=InboundConnection(status=S.CONNECTED))
    provider.asked.clear()
    perform(next(item for item in waiting_jobs(linking) if item.kind == jobs.CONNECT))
    assert provider.asked == []
    assert status_of(linking) == S.CONNECTED
    assert jobs.CONNECT not in [item.kind for item in waiting_jobs(linking)]


def test_a_phone_that_is_linked_already_needs_no_code(provider, linking):
    provider.answers["qr_code"] = QrCode("already_connected")
    perform_next(linking)
    assert provider.names() == ["qr_code", "health"]
    linking.refresh_from_db()
    assert (linking.status, linking.phone_number) == (S.CONNECTED, "+15550100123")


def test_a_provider_that_still_prepares_is_asked_again(provider, linking):
    provider.answers["qr_code"] = QrCode("pending")
    perform_next(linking)
    assert status_of(linking) == S.CONNECTING
    (again,) = waiting_jobs(linking)
    assert 0 < (again.due_at - clock.now()).total_seconds() <= 2


def test_a_linked_phone_whose_session_still_starts_is_asked_again(provider, linking):
    provider.answers |= {"qr_code": QrCode("already_connected"), "health": Health(status=S.CONNECTING)}
    perform_next(linking)
    assert status_of(linking) == S.CONNECTING
    assert len(waiting_jobs(linking)) == 1


def test_nobody_scans_and_the_channel_gives_up_in_words(provider, linking, monkeypatch):
    perform_next(linking)
    move_clock(monkeypatch, seconds=PATIENCE_SECONDS + 1)
    perform_next(linking)
    linking.refresh_from_db()
    assert linking.status == S.DISCONNECTED
    assert "Nobody scanned" in linking.status_detail
    assert not waiting_jobs(linking)
    assert not Credential.objects.filter(channel=linking, name="qr").exists()


def test_a_provider_without_a_code_is_an_error_in_words(provider, linking):
    provider.answers["qr_code"] = QrCode("unavailable")
    perform_next(linking)
    linking.refresh_from_db()
    assert linking.status == S.ERROR
    assert "Try again" in linking.status_detail


def test_a_refused_token_is_an_error_with_the_reason_of_the_provider(provider, linking):
    provider.answers["qr_code"] = ProviderError("unauthorized", "The token is not known.", unauthorized=True)
    perform_next(linking)
    linking.refresh_from_db()
    assert (linking.status, linking.status_detail) == (S.ERROR, "The token is not known.")


def test_a_person_who_disconnects_stops_the_walk(world, provider, linking):
    connection.disconnect(actor=world.ana, channel_id=linking.pk)
    provider.asked.clear()
    perform_next(linking)
    assert provider.asked == []
    assert status_of(linking) == S.DISCONNECTED


def test_connecting_twice_leads_to_one_renewal(world, provider, linking):
    connection.connect(actor=world.ana, channel_id=linking.pk)
    first, second = waiting_jobs(linking)
    perform(first)
    perform(second)
    assert len(waiting_jobs(linking)) == 1


def test_logging_out_ends_at_logged_out(world, provider, shop):
    connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.CONNECTED))
    connection.log_out(actor=world.ana, channel_id=shop.pk)
    Item.objects.filter(kind=jobs.REGISTER_WEBHOOK).delete()
    assert perform_next(shop) == jobs.LOG_OUT
    assert provider.names() == ["log_out"]
    assert status_of(shop) == S.LOGGED_OUT


def test_a_log_out_that_fails_is_told(world, provider, shop):
    provider.answers["log_out"] = ProviderError("refused", "The provider refuses.", permanent=True)
    connection.log_out(actor=world.ana, channel_id=shop.pk)
    perform(waiting_jobs(shop)[-1])
    shop.refresh_from_db()
    assert (shop.status, shop.status_detail) == (S.DISCONNECTED, "Logging out failed. The provider refuses.")


def test_a_webhook_that_is_not_registered_is_told(provider, shop, settings):
    provider.answers["register_webhook"] = ProviderError("refused", "The provider refuses.", permanent=True)
    perform_next(shop)
    shop.refresh_from_db()
    assert shop.status_detail == "The webhook was not registered. The provider refuses."
    _, _, (url, _), _ = provider.asked[0]
    assert url == f"{settings.PUBLIC_URL}/api/webhooks/whapi/{shop.pk}"


def test_codes_whose_time_is_over_are_swept(linking, monkeypatch):
    perform_next(linking)
    assert expire_qr_codes() == 0
    move_clock(monkeypatch, seconds=31)
    assert expire_qr_codes() == 1
    assert Credential.objects.filter(channel=linking).count() == 2  # token and webhook secret stay
