"""Evidence of health beyond the provider's word: confirmations, lost connections, webhooks that vanish, e-mail."""

import uuid
from datetime import timedelta

import pytest
from django.core import mail

from channels_app import jobs
from channels_app.models import Channel, ConnectionLogEntry
from channels_app.policy import RESTARTS_MOST, linking_wait_seconds, restart_wait_seconds
from channels_app.providers.base import Health, InboundConnection
from channels_app.providers.errors import ProviderError
from channels_app.services import connection
from channels_app.services.credentials import TOKEN, store_credential
from channels_app.services.restarting import restart_lost
from channels_app.services.silence import judge_silence
from channels_app.services.webhooking import look_after_webhooks
from channels_app.states import ChannelStatus
from channels_app.views.cards import card_of
from kernel import clock
from kernel.ids import first_id_since
from outbox.models import Item, Lane
from outbox.models.lane import SentMinute
from tests.channels_app.conftest import move_clock
from tests.support.fake_provider import perform, waiting_jobs

S = ChannelStatus


@pytest.fixture
def channel(world, provider) -> Channel:
    """Acme's connected number with a token."""
    store_credential(channel=world.channel, name=TOKEN, secret="tok-0123456789")
    put(world.channel, status_since=clock.now() - timedelta(days=2))
    return world.channel


def put(channel: Channel, **values) -> None:
    Channel.objects.filter(pk=channel.pk).update(**values)


def job(channel: Channel, kind: str) -> Item:
    (found,) = [item for item in waiting_jobs(channel) if item.kind == kind]
    return found


def accepted(channel: Channel, *, minutes_ago: float, chats: int = 3, provider_id: str = "wa-1") -> None:
    """The provider accepted one message in each of some chats."""
    at = clock.now() - timedelta(minutes=minutes_ago)
    for number in range(chats):
        Item.objects.create(
            id=first_id_since(at + timedelta(milliseconds=number)),
            workspace=channel.workspace,
            lane_id=channel.pk,
            order_key=uuid.uuid4(),
            seq=1,
            kind="test",
            payload={},
            state="sent",
            open=False,
            provider_id=provider_id,
            finished_at=at,
        )
    SentMinute.objects.create(lane_id=channel.pk, minute=at.replace(second=0, microsecond=0), sent=chats)


# --- Accepted, but never confirmed ------------------------------------------------------------------------------------


def test_a_number_that_accepts_and_confirms_nothing_is_degraded_whatever_the_provider_says(channel):
    accepted(channel, minutes_ago=11)
    assert judge_silence() == 1
    channel.refresh_from_db()
    assert channel.status == S.DEGRADED
    assert "WhatsApp has confirmed none" in channel.status_detail
    assert not Lane.objects.get(pk=channel.pk).closed, "what is written still goes out"
    assert job(channel, jobs.REGISTER_WEBHOOK), "reports may be lost only on their way to us"
    connection.note_health(channel_id=channel.pk, health=Health(status=S.CONNECTED))
    channel.refresh_from_db()
    assert channel.status == S.DEGRADED
    assert card_of(channel, None).cure[0] == "reconnect"
    assert judge_silence() == 0, "told once"
    assert ConnectionLogEntry.objects.filter(channel=channel, new=S.DEGRADED).count() == 1


def test_a_report_lifts_it(channel):
    accepted(channel, minutes_ago=11)
    judge_silence()
    connection.note_confirmed([channel.pk], clock.now())
    assert judge_silence() == 1
    channel.refresh_from_db()
    assert (channel.status, channel.silent_since) == (S.CONNECTED, None)


@pytest.mark.parametrize(
    "evidence",
    [
        {"minutes_ago": 9},  # reports may still come
        {"minutes_ago": 11, "chats": 1},  # may be one customer's phone
        {"minutes_ago": 11, "provider_id": ""},  # receipts and reactions are never reported on
        {"minutes_ago": 125},  # too long ago to say anything about now
    ],
)
def test_what_proves_nothing_changes_nothing(channel, evidence):
    accepted(channel, **evidence)
    assert judge_silence() == 0


def test_a_new_connection_is_not_judged_by_what_the_one_before_did(world, channel):
    accepted(channel, minutes_ago=11)
    judge_silence()
    connection.reconnect(actor=world.ana, channel_id=channel.pk)
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.CONNECTED))
    assert judge_silence() == 0
    channel.refresh_from_db()
    assert channel.status == S.CONNECTED


def test_silence_that_is_long_over_is_lifted_without_claiming_a_report(channel, monkeypatch):
    accepted(channel, minutes_ago=11)
    judge_silence()
    move_clock(monkeypatch, hours=2)
    assert judge_silence() == 1
    last = ConnectionLogEntry.objects.filter(channel=channel).order_by("-id").first()
    assert last.reason == "Nothing was sent lately that could be confirmed."


def test_messages_confirmed_since_prove_nothing_either(channel):
    accepted(channel, minutes_ago=11)
    put(channel, last_confirmed_at=clock.now() - timedelta(minutes=10.5))
    assert judge_silence() == 0


# --- Lost connections -------------------------------------------------------------------------------------------------


def lose(channel: Channel) -> None:
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.CONNECTING, "The connection broke."))


@pytest.mark.parametrize(
    ("tries", "jitter", "seconds"), [(0, 0, 30), (0, 1, 90), (1, 0.5, 120), (5, 0.5, 1920), (20, 1, 5400)]
)
def test_pauses_between_restarts_grow_with_jitter_and_have_a_limit(tries, jitter, seconds):
    assert restart_wait_seconds(tries, jitter) == seconds


@pytest.mark.parametrize(("tries", "asked", "seconds"), [(0, None, 2), (1, None, 4), (9, None, 30), (0, 45.0, 45)])
def test_who_waits_at_the_page_waits_seconds(tries, asked, seconds):
    assert linking_wait_seconds(tries, asked) == seconds


def test_a_lost_connection_is_taken_up_again_after_a_pause(channel, provider, monkeypatch):
    lose(channel)
    assert restart_lost() == 0, "most come back by themselves"
    move_clock(monkeypatch, seconds=91)
    assert restart_lost() == 1
    perform(job(channel, jobs.RESTART))
    assert provider.names() == ["restart"]
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.CONNECTED))
    channel.refresh_from_db()
    assert (channel.restarts, channel.restart_at) == (0, None)


def test_restarts_end_and_say_so(channel, provider, monkeypatch):
    provider.answers["restart"] = ProviderError("not_sent_dns", "The name could not be resolved.")
    lose(channel)
    asked = 0
    for _ in range(RESTARTS_MOST + 5):
        move_clock(monkeypatch, hours=2)
        asked += restart_lost()
        for item in waiting_jobs(channel):
            if item.kind == jobs.RESTART:
                perform(item)
    assert asked == RESTARTS_MOST
    channel.refresh_from_db()
    assert channel.restart_at is None
    assert channel.status_detail.endswith(f"Waybill has tried {RESTARTS_MOST} times. Reconnect it.")


def test_a_number_that_a_person_stopped_or_whose_phone_is_gone_is_not_restarted(world, channel, monkeypatch):
    lose(channel)
    connection.disconnect(actor=world.ana, channel_id=channel.pk)
    move_clock(monkeypatch, hours=2)
    assert restart_lost() == 0
    put(channel, status=S.CONNECTED, wants_connection=True)
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.LOGGED_OUT))
    move_clock(monkeypatch, hours=2)
    assert restart_lost() == 0


def test_many_numbers_lost_at_once_do_not_come_back_at_once(channel, world):
    waits = set()
    for _ in range(20):
        put(channel, status=S.CONNECTED, restart_at=None)
        lose(channel)
        channel.refresh_from_db()
        waits.add(round((channel.restart_at - clock.now()).total_seconds()))
    assert len(waits) > 5


# --- The webhook ------------------------------------------------------------------------------------------------------


def test_a_webhook_that_vanished_is_found_missing_and_registered_again(channel, provider, monkeypatch):
    assert look_after_webhooks() == 1
    provider.answers["webhook_is_registered"] = True
    perform(job(channel, jobs.REGISTER_WEBHOOK))
    assert provider.names() == ["webhook_is_registered"]
    channel.refresh_from_db()
    assert channel.webhook_state == "registered"
    assert look_after_webhooks() == 0
    move_clock(monkeypatch, minutes=61)
    assert look_after_webhooks() == 1
    provider.answers["webhook_is_registered"] = False
    perform(job(channel, jobs.REGISTER_WEBHOOK))
    assert provider.names()[-1] == "register_webhook"
    assert ConnectionLogEntry.objects.filter(channel=channel, reason__startswith="The webhook was gone").count() == 1


def test_a_webhook_that_cannot_be_registered_is_shown_with_what_to_do(channel, provider, world, client):
    provider.answers["register_webhook"] = ProviderError("forbidden", "The plan has no webhooks.", permanent=True)
    look_after_webhooks()
    perform(job(channel, jobs.REGISTER_WEBHOOK))
    client.force_login(world.ana.user)
    page = client.get(f"/w/acme/channels/{channel.pk}/").content.decode()
    assert "The plan has no webhooks." in page
    assert "Not registered" in page
    assert f"/api/webhooks/whapi/{channel.pk}" in page


# --- Telling the admins -----------------------------------------------------------------------------------------------


@pytest.fixture
def mail_host(settings):
    settings.EMAIL_HOST = "mail.example"


def test_the_admins_are_told_by_e_mail_when_a_number_stays_away(channel, mail_host, monkeypatch):
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.LOGGED_OUT, "Unlinked on the phone."))
    item = job(channel, jobs.TELL_ADMINS)
    assert (item.due_at - clock.now()).total_seconds() > 170
    perform(item)
    (letter,) = mail.outbox
    assert sorted(letter.bcc) == ["adam@example.com", "ana@example.com"]
    assert letter.to == []
    assert "Unlinked on the phone." in letter.body
    assert f"/w/acme/channels/{channel.pk}/" in letter.body


def test_each_admin_is_written_to_in_the_language_they_read(world, channel, mail_host):
    world.ana.user.language = "es"
    world.ana.user.save()
    connection.note_connection(
        channel_id=channel.pk, values=InboundConnection(S.LOGGED_OUT, "WhatsApp banned the number.")
    )
    perform(job(channel, jobs.TELL_ADMINS))
    letters = {letter.bcc[0]: letter for letter in mail.outbox}
    assert "WhatsApp bloqueó el número." in letters["ana@example.com"].body
    assert letters["ana@example.com"].subject.endswith(": Desvinculado")
    assert "WhatsApp banned the number." in letters["adam@example.com"].body


def test_what_is_over_soon_and_what_repeats_within_the_hour_is_no_e_mail(channel, mail_host, monkeypatch):
    away, back = InboundConnection(S.ERROR, "It broke."), InboundConnection(S.CONNECTED)
    connection.note_connection(channel_id=channel.pk, values=away)
    connection.note_connection(channel_id=channel.pk, values=back)
    perform(job(channel, jobs.TELL_ADMINS))
    assert mail.outbox == []
    for _ in range(3):
        connection.note_connection(channel_id=channel.pk, values=away)
        perform(job(channel, jobs.TELL_ADMINS))
        connection.note_connection(channel_id=channel.pk, values=back)
    assert len(mail.outbox) == 1


def test_silence_is_told_too_and_without_a_mail_server_nothing_is_asked(channel, mail_host, settings):
    accepted(channel, minutes_ago=11)
    judge_silence()
    perform(job(channel, jobs.TELL_ADMINS))
    assert "has confirmed none" in mail.outbox[0].body
    settings.EMAIL_HOST = ""
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.ERROR))
    assert jobs.TELL_ADMINS not in [item.kind for item in waiting_jobs(channel)]


def test_a_mail_server_that_refuses_is_tried_again(channel, mail_host, monkeypatch):
    connection.note_connection(channel_id=channel.pk, values=InboundConnection(S.ERROR, "It broke."))
    monkeypatch.setattr("django.core.mail.EmailMessage.send", _refused)
    item = job(channel, jobs.TELL_ADMINS)
    perform(item)
    item.refresh_from_db()
    assert item.state == "failed", "which the relay would have tried again"
    monkeypatch.undo()
    from channels_app.services.alarming import tell_admins

    tell_admins(channel_id=channel.pk, deadline=5)
    assert len(mail.outbox) == 1


def _refused(self) -> None:
    raise ConnectionRefusedError
