"""The webhook in a session's configuration."""

import pytest

from channels_app.providers.errors import ProviderError
from channels_app.providers.waha import sessions
from tests.channels_app.providers.messages import DEADLINE
from tests.channels_app.providers.vendors import SECRET

OTHER = {"url": "https://crm.example.org/hook", "events": ["message"]}


def test_registering_again_leaves_a_session_alone_that_has_our_webhook(at_waha):
    before = len(at_waha.simulator.requests(method="PUT"))
    at_waha.adapter.register_webhook(at_waha.credentials, at_waha.webhook_url, SECRET, deadline=DEADLINE)
    assert len(at_waha.simulator.requests(method="PUT")) == before, "a change would restart the session"


def test_registering_replaces_our_webhook_and_keeps_the_rest_of_the_configuration():
    old = {"url": "https://old.example.org/api/webhooks/waha/0197aaaa", "events": ["message"]}
    before = {"proxy": {"server": "proxy:1"}, "webhooks": [OTHER, old]}
    new = "https://new.example.org/api/webhooks/waha/0197aaaa"
    after = sessions.with_webhook(before, new, "key-1")
    assert after["proxy"] == {"server": "proxy:1"}
    kept, ours = after["webhooks"]
    assert kept == OTHER
    assert (ours["url"], ours["hmac"]) == (new, {"key": "key-1"})
    assert "message.any" in ours["events"]
    assert "message" not in ours["events"], "message.any holds them all: both would bring each twice"
    assert sessions.has_webhook(after, new, "key-1")
    assert not sessions.has_webhook(after, new, "key-2")
    assert not sessions.has_webhook(before, new, "key-1")


@pytest.mark.parametrize(
    ("changes", "registered"),
    [
        ({}, True),
        ({"events": ["*"]}, True),
        ({"events": ["message.any"]}, False),
        ({"hmac": {"key": "****"}}, True),
        ({"hmac": {"key": None}}, True),
        ({"hmac": None}, False),
        ({"hmac": {"key": "another"}}, False),
        ({"events": None}, False),
    ],
)
def test_a_webhook_counts_with_its_key_and_all_its_events(changes, registered):
    (ours,) = sessions.with_webhook({}, "https://x.example/y", "key-1")["webhooks"]
    config = {"webhooks": ["odd", {**ours, **changes}]}
    assert sessions.has_webhook(config, "https://x.example/y", "key-1") is registered


def test_a_webhook_that_waha_did_not_keep_is_told(at_waha):
    at_waha.simulator.fault(match={"method": "PUT"}, body={"name": "shop", "config": {"webhooks": []}})
    with pytest.raises(ProviderError, match="webhook_not_registered") as caught:
        at_waha.adapter.register_webhook(at_waha.credentials, "https://x.example/y", SECRET, deadline=DEADLINE)
    assert caught.value.permanent
