"""What WAHA's answers mean, and where it is called."""

import json

import pytest
from django.test import override_settings

from channels_app.providers.base import Credentials
from channels_app.providers.errors import ProviderError
from channels_app.providers.waha.adapter import WahaAdapter
from channels_app.providers.waha.client import may_be_private
from channels_app.providers.waha.refusals import words_of
from tests.channels_app.providers.messages import DANA, DEADLINE, refused, said_by, send
from tests.channels_app.providers.waha.bodies import NOT_WORKING

THROWN = {
    "statusCode": 500,
    "exception": {"message": "2 UNKNOWN: boom", "details": "boom"},
    "request": {"path": "/api/sendText", "body": {"text": "my private words"}},
}


def thrown(details: str) -> dict:
    return {**THROWN, "exception": {"message": f"2 UNKNOWN: {details}", "details": details}}


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (400, {"statusCode": 400, "message": ["chatId must be a string"]}, "bad_request", {"permanent"}),
        (401, {"message": "Unauthorized", "statusCode": 401}, "wrong_key", {"unauthorized"}),
        (403, {"message": "Forbidden"}, "forbidden", {"unauthorized"}),
        (404, {"message": "Session not found"}, "session_missing", {"unauthorized"}),
        (404, {"message": "Cannot POST /api/sendText"}, "not_found", {"permanent"}),
        (404, "<html><h1>404</h1></html>", "not_found", {"permanent"}),
        (413, {"message": "request entity too large"}, "too_large", {"permanent"}),
        (422, {**NOT_WORKING, "status": "STARTING"}, "session_starting", {"retry_after"}),
        (422, {**NOT_WORKING, "status": "SCAN_QR_CODE"}, "session_lost", {"unauthorized"}),
        (422, {**NOT_WORKING, "status": "PASSKEY_REQUIRED"}, "session_lost", {"unauthorized"}),
        (422, {**NOT_WORKING, "status": "FAILED"}, "session_lost", {"unauthorized"}),
        (422, {**NOT_WORKING, "status": "SOMETHING_NEW"}, "session_lost", {"unauthorized"}),
        (422, {"message": "We didn't find a session with name 'shop'."}, "session_missing", {"unauthorized"}),
        (422, {"message": "Message with id 'x' not found"}, "unprocessable", {"permanent"}),
        (429, {}, "rate_limited", {"retry_after"}),
        (500, thrown("server returned error 463"), "whatsapp_463", {"permanent"}),
        (500, thrown("server returned error 479"), "whatsapp_479", {"permanent"}),
        (500, thrown("server returned error 429"), "whatsapp_429", {"retry_after"}),
        (500, thrown("timed out waiting for message send response"), "provider_error", {"outcome_unknown"}),
        (501, {"message": "not implemented by the engine"}, "unsupported_by_engine", {"permanent"}),
        (502, "<html>Bad gateway</html>", "provider_error", {"outcome_unknown"}),
        (302, "", "redirected", set()),
        (201, {}, "no_message_id", {"outcome_unknown"}),
        (201, {"id": 7}, "no_message_id", {"outcome_unknown"}),
        (201, [1], "unreadable_answer", {"outcome_unknown"}),
        (201, "", "unreadable_answer", {"outcome_unknown"}),
        (200, "<html>", "unreadable_answer", {"outcome_unknown"}),
    ],
)
def test_every_answer_to_a_send_means_one_thing(at_waha, status, body, code, said):
    at_waha.simulator.fault(times=1, status=status, body=body)
    error = refused(at_waha)
    assert (error.code, said_by(error)) == (code, said)
    assert error.detail
    assert "<" not in error.detail
    assert "private" not in f"{error} {error.detail}", "WAHA quotes the whole request in an error"


def test_a_session_that_is_starting_holds_the_lane_for_seconds_and_not_for_ever(at_waha):
    at_waha.simulator.connection("starting")
    error = refused(at_waha)
    assert (said_by(error), error.retry_after, error.scope) == ({"retry_after"}, 5.0, "lane")


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "true_15550100201@c.us_3EB0AA", "_data": {}},
        {"id": {"_serialized": "true_15550100201@c.us_3EB0AA_out", "id": "3EB0AA"}, "timestamp": 1_700_000_000},
        {"key": {"remoteJid": DANA, "fromMe": True, "id": "3EB0AA"}, "status": 1},
        {"_data": {"id": {"_serialized": "true_900000000000201@lid_3EB0AA"}}},
    ],
    ids=["GOWS", "WEBJS", "NOWEB", "raw"],
)
def test_the_answer_of_every_engine_names_the_message(at_waha, answer):
    at_waha.simulator.fault(times=1, status=201, body=answer)
    sent = send(at_waha)
    assert (sent.wa_message_id, sent.wa_chat_id) == ("3EB0AA", DANA)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": ["a", 7, "b"]}, "a; b"),
        ({"error": "plain"}, "plain"),
        ({"error": {"code": 404, "message": "File not found"}}, "File not found"),
        ({"exception": {"message": "thrown"}, "request": {"body": {"text": "private"}}}, "thrown"),
        ({"message": {"a": 1}}, ""),
        ([1], ""),
        (None, ""),
        ("a\x00b", "ab"),
        ("<style>b{}</style><h1>502</h1>", "502"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_the_words_of_every_form_of_error_are_found(body, words):
    assert words_of(body) == words


# --- Where it is called ---


def test_a_private_address_is_called_only_when_the_operator_allows_its_host(at_waha):
    with override_settings(WAHA_PRIVATE_HOSTS=[]):
        error = refused(at_waha)
    assert (error.code, said_by(error)) == ("address_refused", {"unauthorized"})
    assert "WAHA_PRIVATE_HOSTS" in error.detail
    assert at_waha.simulator.sends() == []
    assert send(at_waha)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://waha:3000", True),
        ("http://WAHA", True),
        ("https://10.0.0.5:8443/behind", True),
        ("https://10.0.0.5:8444", False),
        ("http://waha.example.org", False),
        ("http://elsewhere/?x=waha", False),
        ("http://waha@elsewhere", False),
    ],
)
def test_hosts_are_allowed_by_name_or_by_name_and_port(url, allowed):
    with override_settings(WAHA_PRIVATE_HOSTS=["waha", "10.0.0.5:8443"]):
        assert may_be_private(url) is allowed


def test_a_key_that_waha_does_not_know_is_a_matter_of_the_channel(at_waha):
    stranger = Credentials(at_waha.credentials.base_url, "bad-key", {"session": "shop"})
    with pytest.raises(ProviderError) as caught:
        WahaAdapter().health(stranger, deadline=DEADLINE)
    assert (caught.value.code, said_by(caught.value)) == ("wrong_key", {"unauthorized"})
    nowhere = Credentials("", "a-key", {"session": "shop"})
    with pytest.raises(ProviderError, match="address_missing"):
        WahaAdapter().health(nowhere, deadline=DEADLINE)


def test_the_key_travels_in_its_header_alone(at_waha):
    send(at_waha)
    (request,) = at_waha.simulator.requests(path="/api/sendText")
    assert request["query"] == {}
    assert at_waha.credentials.token not in json.dumps(request)


def test_a_question_that_got_no_answer_can_simply_be_asked_again(at_waha):
    for rule in ({"then": "reset"}, {"status": 500}, {"body": "<html>"}):
        at_waha.simulator.fault(times=1, **rule)
        with pytest.raises(ProviderError) as caught:
            WahaAdapter().health(at_waha.credentials, deadline=DEADLINE)
        assert said_by(caught.value) == set()
