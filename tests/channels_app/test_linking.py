"""Linking a phone by QR code."""

from contextlib import nullcontext

import pytest

from channels_app import jobs
from channels_app.errors import MoveNotAllowed
from channels_app.models import Channel, Credential
from channels_app.providers.base import Health, InboundConnection, QrCode
from channels_app.providers.errors import ProviderError
from channels_app.services import connection, gateway
from channels_app.services.linking import PATIENCE_SECONDS, ask_pairing_code, code_for, expire_qr_codes
from channels_app.states import ChannelStatus
from kernel import clock
from kernel.errors import Forbidden, Invalid
from outbox.models import Item
from tests.channels_app.conftest import move_clock
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


def status_of(channel: Channel) -> str:
    return Channel.objects.get(pk=channel.pk).status


def test_the_code_of_the_provider_waits_sealed_until_it_ends(provider, linking, monkeypatch):
    assert perform_next(linking) == jobs.CONNECT
    assert status_of(linking) == S.QR_PENDING
    stored = Credential.objects.get(channel=linking, name="qr")
    assert QR not in stored.sealed
    assert stored.hint == ""
    assert gateway.waiting_code(linking.pk, "qr") == (QR, stored.expires_at)
    move_clock(monkeypatch, seconds=31)
    assert gateway.waiting_code(linking.pk, "qr") is None


def test_the_code_is_renewed_when_it_ends(provider, linking):
    perform_next(linking)
    (renewal,) = waiting_jobs(linking)
    assert renewal.kind == jobs.CONNECT
    assert 28 < (renewal.due_at - clock.now()).total_seconds() <= 30
    provider.answers["qr_code"] = QrCode("ready", "data:image/png;base64,bmV3", 20)
    perform(renewal)
    assert gateway.waiting_code(linking.pk, "qr")[0] == "data:image/png;base64,bmV3"
    assert len(waiting_jobs(linking)) == 1


def test_a_number_that_lost_its_phone_makes_no_code_until_somebody_asks(world, provider, shop):
    Channel.objects.filter(pk=shop.pk).update(status=S.CONNECTED)
    Item.objects.all().delete()
    connection.note_connection(channel_id=shop.pk, values=InboundConnection(status=S.QR_PENDING))
    assert (status_of(shop), waiting_jobs(shop)) == (S.QR_PENDING, [])
    connection.connect(actor=world.ana, channel_id=shop.pk)
    perform_next(shop)
    shop.refresh_from_db()
    assert code_for(world.ana, shop, "qr")[0] == QR


def test_only_who_asked_sees_the_code_and_who_asks_again_takes_it_over(world, provider, linking):
    perform_next(linking)
    linking.refresh_from_db()
    assert code_for(world.ana, linking, "qr")[0] == QR
    assert code_for(world.adam, linking, "qr") is None
    connection.reconnect(actor=world.adam, channel_id=linking.pk)
    linking.refresh_from_db()
    assert not Credential.objects.filter(channel=linking, name="qr").exists(), "the code made for Ana is gone"
    provider.answers["qr_code"] = QrCode("ready", "data:image/png;base64,bmV3", 20)
    perform_next(linking)
    linking.refresh_from_db()
    assert code_for(world.adam, linking, "qr")[0] == "data:image/png;base64,bmV3"
    assert code_for(world.ana, linking, "qr") is None
    assert code_for(world.zoe, linking, "qr") is None


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ProviderError("not_sent_dns", "The name gate.example could not be resolved."), 2),
        (ProviderError("no_answer_timeout", "The provider did not answer within 15 seconds.", outcome_unknown=True), 2),
        (ProviderError("rate_limited", "Asked to slow down.", retry_after=12.0), 12),
    ],
)
def test_a_provider_that_cannot_be_reached_is_told_at_once_and_tried_again(provider, linking, error, wait, monkeypatch):
    provider.answers["qr_code"] = error
    perform_next(linking)
    linking.refresh_from_db()
    assert linking.status == S.CONNECTING
    assert linking.status_detail == f"{error.detail} Waybill tries again by itself."
    (again,) = waiting_jobs(linking)
    assert wait - 1 < (again.due_at - clock.now()).total_seconds() <= wait
    perform(again)
    (third,) = waiting_jobs(linking)
    assert (third.due_at - clock.now()).total_seconds() > 3, "the pauses grow"
    del provider.answers["qr_code"]
    perform(third)
    linking.refresh_from_db()
    assert (linking.status, linking.status_detail) == (S.QR_PENDING, "Waiting for somebody to scan the QR code.")


def test_a_provider_that_is_never_reached_ends_in_an_error_with_its_words(provider, linking, monkeypatch):
    provider.answers["qr_code"] = ProviderError("not_sent_tls", "A safe connection to gate.example could not be made.")
    perform_next(linking)
    move_clock(monkeypatch, seconds=PATIENCE_SECONDS + 1)
    perform_next(linking)
    linking.refresh_from_db()
    assert (linking.status, linking.status_detail) == (S.ERROR, provider.answers["qr_code"].detail)
    assert not waiting_jobs(linking)


def test_a_passkey_is_asked_for_in_words_and_waited_for(provider, linking):
    provider.answers["qr_code"] = QrCode("passkey", detail="Confirm the passkey on the phone.")
    perform_next(linking)
    linking.refresh_from_db()
    assert (linking.status, linking.status_detail) == (S.QR_PENDING, "Confirm the passkey on the phone.")
    assert len(waiting_jobs(linking)) == 1
    news = InboundConnection(status=S.QR_PENDING, detail="Press Confirm now.", passkey=True)
    connection.note_connection(channel_id=linking.pk, values=news)
    linking.refresh_from_db()
    assert linking.status_detail == "Press Confirm now."


def test_a_passkey_asked_for_after_the_scan_takes_the_used_code_away(world, provider, linking):
    perform_next(linking)
    news = InboundConnection(status=S.QR_PENDING, detail="The phone must scan the QR code.")
    connection.note_connection(channel_id=linking.pk, values=news)
    linking.refresh_from_db()
    assert code_for(world.ana, linking, "qr"), "news that says nothing new changes nothing"
    news = InboundConnection(status=S.QR_PENDING, detail="WhatsApp asks for the passkey.", passkey=True)
    connection.note_connection(channel_id=linking.pk, values=news)
    linking.refresh_from_db()
    assert linking.status_detail == "WhatsApp asks for the passkey."
    assert code_for(world.ana, linking, "qr") is None


def test_a_pairing_code_is_made_for_who_asked_and_goes_with_the_linking(world, provider, linking):
    perform_next(linking)
    provider.answers["pairing_code"] = "ABCD-1234"
    for other in (world.adam, world.ana):
        with pytest.raises((Forbidden, MoveNotAllowed)) if other is world.adam else nullcontext():
            ask_pairing_code(actor=other, channel_id=linking.pk, phone_number="+1 555 010 0123")
    perform(next(item for item in waiting_jobs(linking) if item.kind == jobs.PAIR))
    linking.refresh_from_db()
    assert code_for(world.ana, linking, "pairing_code")[0] == "ABCD-1234"
    assert code_for(world.adam, linking, "pairing_code") is None
    assert "ABCD" not in Credential.objects.get(channel=linking, name="pairing_code").sealed
    connection.note_connection(channel_id=linking.pk, values=InboundConnection(status=S.CONNECTED))
    assert not Credential.objects.filter(channel=linking, name__in=["qr", "pairing_code"]).exists()


def test_a_pairing_code_that_is_refused_is_told_and_can_be_asked_for_again(world, provider, linking):
    perform_next(linking)
    provider.answers["pairing_code"] = ProviderError("bad_request", "The number is not right.", permanent=True)
    ask_pairing_code(actor=world.ana, channel_id=linking.pk, phone_number="+15550100123")
    perform(next(item for item in waiting_jobs(linking) if item.kind == jobs.PAIR))
    linking.refresh_from_db()
    assert linking.status_detail == "There is no pairing code. The number is not right."
    assert linking.status == S.QR_PENDING
    for wrong in ("", "call me", "123"):
        with pytest.raises(Invalid):
            ask_pairing_code(actor=world.ana, channel_id=linking.pk, phone_number=wrong)


def test_a_linking_that_the_outbox_lost_is_ended_by_the_clock(linking, monkeypatch):
    Item.objects.all().delete()
    move_clock(monkeypatch, seconds=PATIENCE_SECONDS + 59)
    expire_qr_codes()
    assert status_of(linking) == S.CONNECTING
    move_clock(monkeypatch, seconds=2)
    expire_qr_codes()
    assert status_of(linking) == S.DISCONNECTED


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
    (only,) = waiting_jobs(linking)
    perform(only)
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
    assert (shop.webhook_state, shop.webhook_detail) == ("missing", "The provider refuses.")
    (url, _) = next(args for name, _, args, _ in provider.asked if name == "register_webhook")
    assert url == f"{settings.PUBLIC_URL}/api/webhooks/whapi/{shop.pk}"


def test_codes_whose_time_is_over_are_swept(linking, monkeypatch):
    perform_next(linking)
    assert expire_qr_codes() == 0
    move_clock(monkeypatch, seconds=31)
    assert expire_qr_codes() == 1
    assert Credential.objects.filter(channel=linking).count() == 2  # token and webhook secret stay
