"""Every request that the Whapi client makes, against the file that Whapi publishes."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from channels_app.providers.base import InboundMedia, Outgoing
from kernel import clock
from tests.channels_app.providers.messages import DANA, DEADLINE, media_messages, plain_messages, send
from tests.channels_app.providers.openapi import PublishedApi

WHERE = os.environ.get("WHAPI_OPENAPI", "")
WITHOUT_FILE = (
    "WHAPI_OPENAPI is not set, so requests were NOT checked against the published API. Get openapi.yaml from "
    "the GitHub repository Whapi-Cloud/whatsapp-api-docs and set WHAPI_OPENAPI to its path."
)

pytestmark = pytest.mark.skipif(not WHERE, reason=WITHOUT_FILE)


@pytest.fixture(scope="module")
def published() -> PublishedApi:
    return PublishedApi(Path(WHERE))


def every_call(vendor) -> None:
    """Each call of the adapter once, in each of its variants."""
    adapter, credentials = vendor.adapter, vendor.credentials
    (theirs,) = vendor.simulator.inbound(text="Hi")
    (picture,) = vendor.simulator.inbound(type="image")
    for message in plain_messages() + media_messages():
        sent = send(vendor, message)
    more = Outgoing(to=DANA, type="text", text="@15550100202", quoted_wa_id=theirs, mentions=["15550100202", "9@lid"])
    ours = send(vendor, more).wa_message_id
    call = {"deadline": DEADLINE}
    adapter.edit(credentials, DANA, ours, "Edited", **call)
    adapter.react(credentials, DANA, theirs, "👍", **call)
    adapter.react(credentials, DANA, theirs, "", **call)
    adapter.mark_read(credentials, DANA, theirs, **call)
    adapter.show_typing(credentials, DANA, theirs, **call)
    adapter.revoke(credentials, DANA, sent.wa_message_id, **call)
    for from_me in (True, False, None):
        adapter.history(credentials, DANA, since=clock.now() - timedelta(hours=1), from_me=from_me, **call)
    media = next(m for m in vendor.simulator.messages() if m["id"] == picture)["image"]["id"]
    file = InboundMedia(kind="image", provider_media_id=media)
    with tempfile.TemporaryDirectory() as folder:
        adapter.fetch_media(credentials, file, f"{folder}/file", limit_bytes=1_000_000, **call)
    adapter.groups(credentials, **call)
    adapter.health(credentials, **call)
    adapter.register_webhook(credentials, vendor.webhook_url, "secret", **call)
    adapter.leave(credentials, vendor.webhook_url, **call)
    adapter.log_out(credentials, **call)
    adapter.qr_code(credentials, **call)
    adapter.pairing_code(credentials, "15550100100", **call)


def test_every_request_of_every_call_is_as_published(at_whapi, published):
    every_call(at_whapi)
    requests = at_whapi.simulator.requests()
    assert len(requests) > 30
    for request in requests:
        assert request["status"] == 200, request
        published.check(request["method"], request["path"], request["query"], request["headers"], request["body"])


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "complaint"),
    [
        ("POST", "/messages/text", {}, {"to": "+1555", "body": "x"}, "does not match"),
        ("POST", "/messages/text", {}, {"to": "15550100201"}, "required"),
        ("POST", "/messages/text", {}, {"to": "15550100201", "body": "x", "reply_to": "y"}, "reply_to"),
        ("GET", "/health", {"wake": "false"}, None, "wake"),
        ("GET", "/nowhere", {}, None, "not in the published file"),
        ("PATCH", "/settings", {}, {"webhooks": [{"url": "x", "mode": "loud"}]}, "loud"),
    ],
)
def test_the_check_notices_what_is_wrong(published, method, path, query, body, complaint):
    with pytest.raises(AssertionError, match=complaint):
        published.check(method, path, query, {"content-type": "application/json"}, body)
