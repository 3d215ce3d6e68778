"""What is particular to Whapi: its error bodies, its settings, its log-in answers."""

import json
from datetime import UTC, datetime

import pytest

from channels_app.providers.base import Credentials, InboundMedia, Outgoing
from channels_app.providers.errors import ProviderError
from channels_app.providers.retry_after import retry_after_seconds
from channels_app.providers.whapi.adapter import WhapiAdapter
from channels_app.providers.whapi.refusals import message_of
from tests.channels_app.providers.messages import DANA, DEADLINE, PNG, refused, said_by, send, stored

NESTED = {"error": {"code": 400, "message": "wrong request parameters", "details": "/body/to must match"}}
FLAT = {"code": 402, "error": "trial version limit exceeded"}
PAGE = "<html><head><style>b{}</style></head><body><h1>502</h1> Bad gateway</body></html>"


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (400, NESTED, "bad_request", {"permanent"}),
        (401, {"error": {"message": "need channel authorization for send message"}}, "session_lost", {"unauthorized"}),
        (402, FLAT, "payment_required", {"retry_after"}),
        (403, {"error": "forbidden"}, "forbidden", {"permanent"}),
        (404, {"error": {"code": 404, "message": "Channel NOT found"}}, "channel_not_found", {"unauthorized"}),
        (404, {"error": {"message": "specified group not found"}}, "not_found", {"permanent"}),
        (404, PAGE, "not_found", {"permanent"}),
        (406, {}, "wrong_channel_type", {"permanent"}),
        (409, {}, "conflict", {"permanent"}),
        (413, PAGE, "too_large", {"permanent"}),
        (415, None, "unsupported_media", {"permanent"}),
        (418, {}, "refused", {"permanent"}),
        (429, {"error": {"message": "too many requests"}}, "rate_limited", {"retry_after"}),
        (500, {"error": {"message": "internal"}}, "provider_error", {"outcome_unknown"}),
        (502, PAGE, "provider_error", {"outcome_unknown"}),
        (302, "", "redirected", set()),
        (200, {"error": "operation_timeout"}, "error_in_answer", {"outcome_unknown"}),
        (200, {"error": {"code": 403, "message": "forbidden"}}, "forbidden", {"permanent"}),
        (200, {"error": {"code": 500, "message": "?"}}, "error_in_answer", {"outcome_unknown"}),
        (200, {"sent": False}, "not_sent", set()),
        (200, {"sent": True}, "no_message_id", {"outcome_unknown"}),
        (200, {"sent": True, "message": {"id": 7}}, "no_message_id", {"outcome_unknown"}),
        (200, PAGE, "unreadable_answer", {"outcome_unknown"}),
        (200, [1], "unreadable_answer", {"outcome_unknown"}),
        (200, "", "unreadable_answer", {"outcome_unknown"}),
    ],
)
def test_every_answer_to_a_send_means_one_thing(at_whapi, status, body, code, said):
    at_whapi.simulator.fault(times=1, status=status, body=body if body is not None else "")
    error = refused(at_whapi)
    assert (error.code, said_by(error)) == (code, said)
    assert error.detail
    assert "<" not in error.detail


def test_a_token_that_nobody_knows_is_a_matter_of_the_channel(at_whapi):
    stranger = Credentials(base_url=at_whapi.credentials.base_url, token="unknown-token")
    with pytest.raises(ProviderError) as caught:
        WhapiAdapter().health(stranger, deadline=DEADLINE)
    assert (caught.value.code, said_by(caught.value)) == ("channel_not_found", {"unauthorized"})


def test_a_question_that_got_no_answer_can_simply_be_asked_again(at_whapi):
    for rule in ({"then": "reset"}, {"status": 500}, {"body": "<html>"}):
        at_whapi.simulator.fault(times=1, **rule)
        with pytest.raises(ProviderError) as caught:
            WhapiAdapter().health(at_whapi.credentials, deadline=DEADLINE)
        assert said_by(caught.value) == set()


def test_an_upload_that_fails_was_certainly_not_sent(at_whapi):
    for rule in ({"then": "reset"}, {"status": 500}):
        at_whapi.simulator.fault(match={"path": "/media"}, times=1, **rule)
        assert said_by(refused(at_whapi, picture())) == set()
    assert at_whapi.simulator.sends() == []


def picture() -> Outgoing:
    return Outgoing(to=DANA, type="image", media=stored(PNG, "image/png", "a.png"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (NESTED, "wrong request parameters: /body/to must match"),
        (FLAT, "trial version limit exceeded"),
        ({"message": "plain"}, "plain"),
        (PAGE, "502 Bad gateway"),
        ({"error": {"message": {"a": 1}}}, ""),
        ([1], ""),
        (None, ""),
        ("a\x00b", "ab"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_the_words_of_every_form_of_error_are_found(body, words):
    assert message_of(body) == words


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0.25", 0.25),
        ("Sun, 01 Jun 2025 12:00:45 GMT", 45.0),
        ("Sun, 01 Jun 2025 11:00:00 GMT", 0.0),
        ("-5", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("1e300", 86_400.0),
        ("later", 0.0),
        ("", 0.0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(header, seconds):
    headers = {"Retry-After": header, "Date": "Sun, 01 Jun 2025 12:00:00 GMT"}
    assert retry_after_seconds(headers) == seconds


def test_health_is_asked_without_waking_the_channel(at_whapi):
    at_whapi.simulator.connection("stop")
    health = at_whapi.adapter.health(at_whapi.credentials, deadline=DEADLINE)
    assert health.status == "disconnected"
    assert at_whapi.simulator.requests(path="/health")[0]["query"] == {"wakeup": "false"}


@pytest.mark.parametrize(
    ("body", "status", "image"),
    [
        ({"status": "OK", "base64": "AAAA", "expire": 20}, "ready", "data:image/png;base64,AAAA"),
        ({"status": "OK", "base64": "data:image/png;base64,AAAA"}, "ready", "data:image/png;base64,AAAA"),
        ({"status": "OK", "rowdata": "2@abc"}, "ready", "data:image/png;base64,"),
        ({"status": "WAITING"}, "pending", None),
        ({"status": "TIMEOUT"}, "pending", None),
        ({"status": "ERROR"}, "unavailable", None),
    ],
)
def test_a_qr_code_comes_in_many_forms(at_whapi, body, status, image):
    at_whapi.simulator.fault(times=1, body=body)
    code = at_whapi.adapter.qr_code(at_whapi.credentials, deadline=DEADLINE)
    assert code.status == status
    assert (code.png_data_uri or "").startswith(image or "")
    assert (code.png_data_uri is None) == (image is None)


def test_a_mobile_channel_has_no_qr_code(at_whapi):
    at_whapi.simulator.fault(times=1, status=406)
    assert at_whapi.adapter.qr_code(at_whapi.credentials, deadline=DEADLINE).status == "unavailable"


def test_registering_again_replaces_our_webhook_and_leaves_those_of_others(at_whapi):
    credentials, register = at_whapi.credentials, at_whapi.adapter.register_webhook
    ours = "https://old.example.org/api/webhooks/whapi/0197aaaa"
    other = {"url": "https://crm.example.org/hook", "mode": "path", "events": [{"type": "messages", "method": "post"}]}
    at_whapi.simulator.fault(match={"method": "GET", "path": "/settings"}, body={"webhooks": [other, {"url": ours}]})
    register(credentials, "https://new.example.org/api/webhooks/whapi/0197aaaa", "secret-1", deadline=DEADLINE)
    (patch,) = at_whapi.simulator.requests(method="PATCH")[-1:]
    kept, new = patch["body"]["webhooks"]
    assert kept == other
    assert new["url"] == "https://new.example.org/api/webhooks/whapi/0197aaaa"
    assert new["headers"] == {"X-Webhook-Secret": "secret-1"}
    assert new["mode"] == "body"
    assert {"type": "messages", "method": "post"} in new["events"]
    assert patch["body"]["callback_persist"] is True


def test_a_webhook_that_the_provider_did_not_keep_is_told(at_whapi):
    at_whapi.simulator.fault(match={"method": "PATCH"}, body={"before_update": {}, "after_update": {"webhooks": []}})
    with pytest.raises(ProviderError, match="webhook_not_registered") as caught:
        at_whapi.adapter.register_webhook(at_whapi.credentials, "https://x.example/y", "s", deadline=DEADLINE)
    assert caught.value.permanent


def test_a_file_that_the_provider_lost_is_fetched_by_its_link(at_whapi, tmp_path):
    at_whapi.simulator.inbound(type="image")
    media = next(m for m in at_whapi.simulator.messages())["image"]
    link = f"{at_whapi.simulator.base_url}/files/{media['id']}"
    path = tmp_path / "file"
    fetch = at_whapi.adapter.fetch_media
    by_link = InboundMedia("image", provider_media_id="png-00ff00ff", link=link)
    got = fetch(at_whapi.credentials, by_link, str(path), limit_bytes=1_000_000, deadline=DEADLINE)
    assert (got.mime_type, got.size) == ("image/png", path.stat().st_size)
    elsewhere = InboundMedia("image", link="http://10.0.0.1/secret")
    with pytest.raises(ProviderError, match="refused_address"):
        fetch(at_whapi.credentials, elsewhere, str(path), limit_bytes=1_000_000, deadline=DEADLINE)


def test_history_is_read_page_by_page_and_what_is_unreadable_is_left_out(at_whapi):
    at_whapi.simulator.inbound(count=250, text="Message {n}")
    since = datetime(2020, 1, 1, tzinfo=UTC)
    found = at_whapi.adapter.history(at_whapi.credentials, DANA, since=since, from_me=None, deadline=DEADLINE)
    assert len(found) == 250
    odd = {"messages": [{"id": "x"}, 7, *at_whapi.simulator.messages()[:1]]}
    at_whapi.simulator.fault(body=odd)
    (one,) = at_whapi.adapter.history(at_whapi.credentials, DANA, since=since, from_me=None, deadline=DEADLINE)
    assert one.text == "Message 1"
    at_whapi.simulator.clear_faults()
    at_whapi.simulator.fault(status=404, body={"error": {"message": "specified chat not found"}})
    assert at_whapi.adapter.history(at_whapi.credentials, DANA, since=since, from_me=None, deadline=DEADLINE) == []


def test_a_send_uses_the_bearer_header_and_no_query(at_whapi):
    send(at_whapi)
    (request,) = at_whapi.simulator.requests(path="/messages/text")
    assert request["query"] == {}
    assert at_whapi.credentials.token not in json.dumps(request)
