"""Asking providers how their connections are."""

import logging
from datetime import timedelta

import pytest

from channels_app.models import Channel
from channels_app.providers.base import Health
from channels_app.providers.errors import ProviderError
from channels_app.services.credentials import TOKEN, store_credential
from channels_app.services.health import QUIET, check_channels
from channels_app.states import ChannelStatus
from kernel import clock
from outbox.models import Lane
from tests.support.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)  # the pool's threads have connections of their own

S = ChannelStatus


@pytest.fixture
def channel() -> Channel:
    """Acme's connected number, asked and heard of just now."""
    channel = make_world().channel
    store_credential(channel=channel, name=TOKEN, secret="tok-0123456789")
    now = clock.now()
    put(channel, checked_at=now, last_inbound_at=now, status_since=now - timedelta(days=2))
    return channel


def put(channel: Channel, **values) -> None:
    Channel.objects.filter(pk=channel.pk).update(**values)


def test_a_number_with_traffic_is_not_asked(provider, channel):
    assert check_channels() == 0
    assert provider.asked == []


def test_a_quiet_number_is_asked_and_the_answer_believed(provider, channel):
    before = clock.now()
    long_ago = before - QUIET - timedelta(seconds=1)
    put(channel, checked_at=long_ago, last_inbound_at=long_ago)
    provider.answers["health"] = Health(status=S.QR_PENDING, detail="The phone unlinked the session.")
    assert check_channels() == 1
    channel.refresh_from_db()
    assert (channel.status, channel.status_detail) == (S.QR_PENDING, "The phone unlinked the session.")
    assert channel.checked_at >= before
    assert Lane.objects.get(pk=channel.pk).closed


@pytest.mark.parametrize("traffic", ["last_inbound_at", "last_acknowledged_at"])
def test_traffic_in_either_direction_is_evidence(provider, channel, traffic):
    put(channel, checked_at=clock.now() - timedelta(days=1), last_inbound_at=None)
    put(channel, **{traffic: clock.now()})
    check_channels()
    assert provider.asked == []


def test_an_unsettled_number_is_asked_every_minute(provider, channel):
    put(channel, status=S.CONNECTING, checked_at=clock.now() - timedelta(seconds=50))
    check_channels()
    assert provider.asked == []
    put(channel, checked_at=clock.now() - timedelta(seconds=70))
    assert check_channels() == 1
    channel.refresh_from_db()
    assert channel.status == S.CONNECTED


def test_a_number_that_moved_since_it_was_asked_is_asked_again(provider, channel):
    put(channel, checked_at=clock.now() - timedelta(seconds=70))
    check_channels()
    assert provider.asked == []
    put(channel, status_since=clock.now())
    check_channels()
    assert provider.names() == ["health"]


def test_a_provider_that_does_not_answer_proves_nothing(provider, channel, caplog):
    put(channel, checked_at=None, last_inbound_at=None)
    provider.answers["health"] = ProviderError("no_answer", "The provider did not answer.", outcome_unknown=True)
    with caplog.at_level(logging.WARNING):
        assert check_channels() == 0
    channel.refresh_from_db()
    assert channel.status == S.CONNECTED
    assert channel.checked_at is not None
    assert "channel.check_failed" in caplog.text
    assert "tok-0123456789" not in caplog.text


def test_what_a_person_disconnected_or_removed_is_left_in_peace(provider, channel):
    put(channel, checked_at=None, status=S.DISCONNECTED, wants_connection=False)
    check_channels()
    put(channel, wants_connection=True, removed_at=clock.now())
    check_channels()
    assert provider.asked == []
