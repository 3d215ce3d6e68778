"""The way to the providers, and the only place where a token is open."""

import logging
import uuid

import pytest
from django.db import OperationalError

from channels_app.models import Credential
from channels_app.providers.base import Outgoing
from channels_app.providers.errors import ProviderError
from channels_app.services import gateway
from channels_app.services.channels import remove_channel, replace_values
from kernel import crypto
from tests.channels_app.conftest import TOKEN
from tests.support.fake_provider import token_of

HELLO = Outgoing(to="15550100123@s.whatsapp.net", type="text", text="Hello")


def test_a_send_carries_the_token_of_its_channel(provider, shop):
    sent = gateway.send(shop.pk, HELLO, deadline=5.0)
    name, credentials, args, kwargs = provider.asked[0]
    assert (name, credentials.token, args) == ("send", TOKEN, (HELLO,))
    assert kwargs == {"deadline": pytest.approx(5.0, abs=2.0)}
    assert sent.wa_message_id == "wa-1"


def test_what_takes_too_long_before_the_call_lets_nothing_leave_too_late(provider, shop, monkeypatch):
    unseal = gateway._unseal

    def slowly(channel_id):
        opened = unseal(channel_id)
        later = gateway.time.monotonic() + 6.0
        monkeypatch.setattr(gateway.time, "monotonic", lambda: later)
        return opened

    monkeypatch.setattr(gateway._open, "_load", slowly)
    with pytest.raises(ProviderError, match="Nothing was sent") as refused:
        gateway.send(shop.pk, HELLO, deadline=5.0)
    assert provider.asked == []
    assert not refused.value.outcome_unknown


def test_a_database_that_is_away_before_the_call_leaves_no_doubt(provider, shop, monkeypatch):
    def away(channel_id):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(gateway._open, "_load", away)
    with pytest.raises(ProviderError, match="Nothing was sent") as refused:
        gateway.send(shop.pk, HELLO, deadline=5.0)
    assert not refused.value.outcome_unknown
    assert (refused.value.scope, refused.value.retry_after) == ("chat", gateway.NOT_CALLED_SECONDS)


def test_a_send_in_steady_state_asks_no_database_and_derives_no_key(
    provider, shop, django_assert_num_queries, monkeypatch
):
    gateway.send(shop.pk, HELLO, deadline=5.0)
    monkeypatch.setattr(gateway, "decrypt", lambda stored: pytest.fail("opened again"))
    with django_assert_num_queries(0):
        for _ in range(5):
            gateway.send(shop.pk, HELLO, deadline=5.0)
    assert len(provider.asked) == 6


def test_after_some_seconds_the_credentials_are_read_again_without_deriving_a_key(provider, shop, monkeypatch):
    now = gateway.time.monotonic()
    monkeypatch.setattr(gateway.time, "monotonic", lambda: now)
    gateway.send(shop.pk, HELLO, deadline=5.0)
    derived = crypto._derived_key.cache_info().misses
    # Another process replaced the token: this one was not told.
    Credential.objects.filter(channel=shop, name="token").update(sealed=crypto.encrypt("another-token-123456"))
    now += gateway.KEPT_OPEN_SECONDS - 0.1
    gateway.send(shop.pk, HELLO, deadline=5.0)
    assert token_of(provider) == TOKEN
    now += 0.2
    gateway.send(shop.pk, HELLO, deadline=5.0)
    assert token_of(provider) == "another-token-123456"
    assert crypto._derived_key.cache_info().misses == derived + 1  # the one of encrypting above


def test_a_replaced_token_is_used_at_once(world, provider, shop, django_capture_on_commit_callbacks):
    gateway.send(shop.pk, HELLO, deadline=5.0)
    with django_capture_on_commit_callbacks(execute=True):
        replace_values(actor=world.ana, channel_id=shop.pk, given={"token": "another-token-123456"})
    gateway.send(shop.pk, HELLO, deadline=5.0)
    assert token_of(provider) == "another-token-123456"


def test_a_channel_without_a_token_needs_a_person(world, provider):
    with pytest.raises(ProviderError) as refusal:
        gateway.send(world.channel.pk, HELLO, deadline=5.0)
    assert (refusal.value.code, refusal.value.unauthorized) == ("token_missing", True)


def test_a_token_sealed_with_a_lost_key_needs_a_person(provider, shop, settings):
    settings.ENCRYPTION_KEYS = ["quite another key"]
    with pytest.raises(ProviderError) as refusal:
        gateway.send(shop.pk, HELLO, deadline=5.0)
    assert (refusal.value.code, refusal.value.unauthorized) == ("token_unreadable", True)
    assert "ENCRYPTION_KEYS" in refusal.value.detail


def test_a_removed_channel_sends_no_more(world, provider, shop, django_capture_on_commit_callbacks):
    gateway.send(shop.pk, HELLO, deadline=5.0)
    with django_capture_on_commit_callbacks(execute=True):
        remove_channel(actor=world.ana, channel_id=shop.pk)
    for channel_id in (shop.pk, uuid.uuid4()):
        with pytest.raises(ProviderError) as refusal:
            gateway.send(channel_id, HELLO, deadline=5.0)
        assert (refusal.value.code, refusal.value.permanent) == ("channel_removed", True)


def test_the_address_is_the_setting_unless_the_channel_names_another(provider, shop, settings):
    settings.WHAPI_BASE_URL = "https://gate.example.com"
    gateway.send(shop.pk, HELLO, deadline=5.0)
    assert provider.asked[-1][1].base_url == "https://gate.example.com"
    shop.settings = {"base_url": "http://127.0.0.1:9"}
    shop.save()
    gateway.forget(shop.pk)
    gateway.send(shop.pk, HELLO, deadline=5.0)
    assert provider.asked[-1][1].base_url == "http://127.0.0.1:9"


def test_registering_the_webhook_hands_over_its_secret(provider, shop):
    gateway.register_webhook(shop.pk, "https://waybill.example.com/hook", deadline=5.0)
    _, credentials, (url, secret), _ = provider.asked[0]
    assert url == "https://waybill.example.com/hook"
    assert secret == crypto.decrypt(Credential.objects.get(channel=shop, name="webhook_secret").sealed)
    assert credentials.token == TOKEN


def test_open_secrets_show_in_no_text(provider, shop, caplog):
    with caplog.at_level(logging.DEBUG):
        gateway.send(shop.pk, HELLO, deadline=5.0)
    opened = gateway._open.get(shop.pk)
    secrets = [TOKEN, opened.credentials.extra["webhook_secret"]]
    texts = [
        repr(opened),
        str(opened),
        repr(opened.credentials),
        repr(gateway._open),
        repr(vars(gateway._open)),
        caplog.text,
    ]
    assert not [text for text in texts for secret in secrets if secret in text]


def test_a_stored_secret_shows_neither_itself_nor_its_seal(shop):
    for credential in Credential.objects.filter(channel=shop):
        assert credential.sealed not in repr(credential) + str(credential)
        assert TOKEN not in repr(credential) + str(credential)


def test_each_call_reaches_the_vendor_with_its_deadline(provider, shop):
    chat, message = "15550100123@s.whatsapp.net", "wa-9"
    gateway.edit(shop.pk, chat, message, "new", deadline=1.0)
    gateway.revoke(shop.pk, chat, message, deadline=1.0)
    gateway.react(shop.pk, chat, message, "👍", deadline=1.0)
    gateway.mark_read(shop.pk, chat, message, deadline=1.0)
    gateway.history(shop.pk, chat, since=shop.created_at, deadline=1.0)
    gateway.fetch_media(shop.pk, None, "/dev/null", limit_bytes=1, deadline=1.0)
    gateway.groups(shop.pk, deadline=1.0)
    gateway.pairing_code(shop.pk, "+15550100100", deadline=1.0)
    gateway.log_out(shop.pk, deadline=1.0)
    assert provider.names() == [
        "edit",
        "revoke",
        "react",
        "mark_read",
        "history",
        "fetch_media",
        "groups",
        "pairing_code",
        "log_out",
    ]
    assert all(kwargs["deadline"] == 1.0 for *_, kwargs in provider.asked)
