"""What is particular to WAHA: its sessions, its answers, its ids, its files."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from channels_app.providers.base import Credentials, InboundMedia, InboundMessage, InboundStatus, Outgoing
from channels_app.providers.errors import ProviderError
from channels_app.providers.waha import sessions
from channels_app.providers.waha.adapter import WahaAdapter
from channels_app.providers.waha.client import may_be_private
from channels_app.providers.waha.refusals import words_of
from channels_app.states import ChannelStatus
from kernel import clock, http
from tests.channels_app.providers.messages import DANA, DEADLINE, PNG, refused, said_by, send, stored
from tests.channels_app.providers.vendors import SECRET

LID = "900000000000201@lid"
GROUP = "120363000000000077@g.us"
NOT_WORKING = {"error": "Session status is not as expected.", "session": "shop", "expected": ["WORKING"]}
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


# --- Sending ---


def body_of(vendor, path: str) -> dict:
    return vendor.simulator.requests(path=path)[-1]["body"]


def test_a_message_gets_the_id_that_we_chose_and_its_echo_and_reports_name_it(at_waha):
    reference = str(uuid.UUID("0197f3d2-1111-7222-8333-444455556666"))
    sent = send(at_waha, Outgoing(to=DANA, type="text", text="Hello", client_reference=reference))
    assert sent.wa_message_id == "0197F3D2111172228333444455556666"
    echo = at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id)
    assert (echo.source, echo.client_reference) == ("api", reference)
    assert at_waha.wait_for_value(InboundStatus, status="sent").client_reference == reference
    send(at_waha, Outgoing(to=DANA, type="text", text="Hello", client_reference="not-a-uuid"))
    assert "id" not in body_of(at_waha, "/api/sendText")


def test_voice_and_video_are_converted_only_where_whatsapp_could_not_play_them(at_waha):
    for kind, mime_type, path, converts in (
        ("voice", "audio/ogg", "/api/sendVoice", False),
        ("voice", "audio/webm", "/api/sendVoice", True),
        ("video", "video/mp4", "/api/sendVideo", False),
        ("video", "video/webm", "/api/sendVideo", True),
    ):
        media = stored(b"content", mime_type, "a.bin")
        send(at_waha, Outgoing(to=DANA, type=kind, media=media))
        assert body_of(at_waha, path)["convert"] is converts
    assert body_of(at_waha, "/api/sendVoice")["file"]["mimetype"] == "audio/webm"


def test_a_song_stays_a_song_and_does_not_become_a_voice_message(at_waha):
    sent = send(at_waha, Outgoing(to=DANA, type="audio", media=stored(b"song", "audio/mpeg", "song.mp3")))
    echo = at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id)
    assert (echo.type, echo.media.file_name) == ("audio", "song.mp3")
    assert at_waha.simulator.requests(path="/api/sendVoice") == []


def test_a_place_keeps_its_address_in_the_title(at_waha):
    place = {"latitude": 51.5, "longitude": -0.12, "name": "Square", "address": "1 Street"}
    send(at_waha, Outgoing(to=DANA, type="location", location=place))
    assert body_of(at_waha, "/api/sendLocation")["title"] == "Square, 1 Street"


def test_people_are_mentioned_by_their_ids_at_waha(at_waha):
    mentions = ["15550100202", DANA, LID, "all", "nobody@nowhere"]
    send(at_waha, Outgoing(to=DANA, type="text", text="@15550100202", mentions=mentions))
    assert body_of(at_waha, "/api/sendText")["mentions"] == ["15550100202@c.us", "15550100201@c.us", LID]


def test_a_reply_names_its_message_in_the_long_form_also_when_it_is_ours_or_gone(at_waha):
    (theirs,) = at_waha.simulator.inbound(text="Are you open?")
    ours = send(at_waha).wa_message_id
    for quoted, named in (
        (theirs, f"false_15550100201@c.us_{theirs}"),
        (ours, f"true_15550100201@c.us_{ours}"),
        ("3EB0GONE", "false_15550100201@c.us_3EB0GONE"),
    ):
        send(at_waha, Outgoing(to=DANA, type="text", text="Yes", quoted_wa_id=quoted))
        assert body_of(at_waha, "/api/sendText")["reply_to"] == named


def test_in_a_group_the_author_is_looked_up_before_something_is_done_to_the_message(at_waha):
    at_waha.simulator.inbound(type="group", chat_id=GROUP, options=["15550100201"])
    (theirs,) = at_waha.simulator.inbound(chat_id=GROUP, text="Hi all")
    at_waha.adapter.react(at_waha.credentials, GROUP, theirs, "👍", deadline=DEADLINE)
    named = f"false_{GROUP}_{theirs}_15550100201@c.us"
    assert body_of(at_waha, "/api/reaction") == {"session": "shop", "messageId": named, "reaction": "👍"}
    at_waha.adapter.mark_read(at_waha.credentials, GROUP, theirs, deadline=DEADLINE)
    seen = body_of(at_waha, "/api/sendSeen")
    assert (seen["messageIds"], seen["participant"]) == ([named], "15550100201@c.us")
    ours = at_waha.adapter.send(
        at_waha.credentials, Outgoing(to=GROUP, type="text", text="Hello"), deadline=DEADLINE
    ).wa_message_id
    at_waha.adapter.revoke(at_waha.credentials, GROUP, ours, deadline=DEADLINE)
    (revoked,) = at_waha.simulator.requests(method="DELETE")
    assert revoked["path"].endswith(f"/true_{GROUP}_{ours}_15550100100@c.us")


def test_an_engine_that_cannot_look_up_a_message_by_its_bare_id_is_asked_for_the_long_one(at_waha):
    (theirs,) = at_waha.simulator.inbound(text="Hi")
    path = f"/api/shop/chats/15550100201@c.us/messages/{theirs}"
    at_waha.simulator.fault(match={"path": path}, times=1, status=422, body={"message": "wrong id"})
    at_waha.adapter.react(at_waha.credentials, DANA, theirs, "👍", deadline=DEADLINE)
    assert body_of(at_waha, "/api/reaction")["messageId"] == f"false_15550100201@c.us_{theirs}"


def test_typing_is_shown_to_the_customer(at_waha):
    at_waha.adapter.show_typing(at_waha.credentials, DANA, deadline=DEADLINE)
    assert body_of(at_waha, "/api/startTyping") == {"session": "shop", "chatId": "15550100201@c.us"}


def test_a_group_without_us_is_refused_for_good(at_waha):
    at_waha.simulator.inbound(type="group", chat_id=GROUP, options=["15550100201"])
    at_waha.simulator.inbound(type="leave", chat_id=GROUP, **{"from": "15550100100"})
    with pytest.raises(ProviderError) as caught:
        at_waha.adapter.send(at_waha.credentials, Outgoing(to=GROUP, type="text", text="x"), deadline=DEADLINE)
    assert (caught.value.code, said_by(caught.value)) == ("whatsapp_403", {"permanent"})


# --- Hidden ids ---


def test_what_is_sent_to_a_number_and_what_comes_back_under_a_hidden_id_meet_in_one_chat(at_waha):
    (theirs,) = at_waha.simulator.inbound(text="Hi", lid=LID)
    assert at_waha.wait_for_value(InboundMessage, wa_message_id=theirs).wa_chat_id == DANA
    sent = send(at_waha)
    assert sent.wa_chat_id == DANA
    assert at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id).wa_chat_id == DANA
    report = at_waha.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="read")
    assert report.wa_chat_id == LID, "reports name the hidden id only: the message's id must be enough"
    since = clock.now() - timedelta(minutes=1)
    listed = at_waha.simulator.messages()
    for message in listed:
        message["_data"]["Info"] |= {"SenderAlt": "", "RecipientAlt": ""}
    at_waha.simulator.fault(match={"path": "*/messages"}, times=1, body=listed)
    found = at_waha.adapter.history(at_waha.credentials, DANA, since=since, from_me=None, deadline=DEADLINE)
    assert [(message.wa_message_id, message.wa_chat_id) for message in found] == [
        (theirs, DANA),
        (sent.wa_message_id, DANA),
    ], "what the history of a chat holds belongs to that chat, whatever id it is listed under"


def test_a_listed_group_names_our_own_number_whatever_it_is_listed_under(at_waha):
    group = {"JID": GROUP, "Name": "Crew", "Participants": [{"JID": "915550100100@lid", "PhoneNumber": ""}]}
    for answer in ([group], {GROUP: group}):
        at_waha.simulator.fault(match={"path": "*/groups"}, times=1, body=answer)
        (found,) = at_waha.adapter.groups(at_waha.credentials, deadline=DEADLINE)
        assert [p.wa_id for p in found.participants] == ["15550100100@s.whatsapp.net"]


# --- Files ---


def test_a_file_is_fetched_with_the_key_from_the_channels_address_whatever_host_waha_names(at_waha, tmp_path):
    (received,) = at_waha.simulator.inbound(type="image", text="Look")
    media = at_waha.wait_for_value(InboundMessage, wa_message_id=received).media
    assert media.link.startswith("http://localhost:")
    path = tmp_path / "file"
    got = at_waha.adapter.fetch_media(at_waha.credentials, media, str(path), limit_bytes=1_000_000, deadline=DEADLINE)
    assert (got.mime_type, got.size) == ("image/png", path.stat().st_size)


def test_a_file_that_waha_deleted_is_downloaded_by_it_again(at_waha, tmp_path):
    sent = send(at_waha, Outgoing(to=DANA, type="image", media=stored(PNG, "image/png", "a.png")))
    media = at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id).media
    at_waha.simulator.fault(match={"path": "/api/files/*"}, times=1, status=404, body={"error": {"code": 404}})
    path = tmp_path / "file"
    at_waha.adapter.fetch_media(at_waha.credentials, media, str(path), limit_bytes=10_000, deadline=DEADLINE)
    assert path.read_bytes() == PNG


def test_a_file_of_the_history_has_no_address_yet_and_is_fetched_all_the_same(at_waha, tmp_path):
    at_waha.simulator.inbound(type="document", text="Read")
    since = clock.now() - timedelta(minutes=1)
    (found,) = at_waha.adapter.history(at_waha.credentials, DANA, since=since, from_me=None, deadline=DEADLINE)
    assert (found.type, found.media.link) == ("document", "")
    path = tmp_path / "file"
    at_waha.adapter.fetch_media(at_waha.credentials, found.media, str(path), limit_bytes=10_000, deadline=DEADLINE)
    assert path.read_bytes().startswith(b"%PDF")


def test_the_key_does_not_travel_to_another_host(at_waha, tmp_path, monkeypatch):
    called = []

    def request(method, url, **more):
        called.append((url, more))
        return http.Response(200, {}, b"", 0.1)

    monkeypatch.setattr(http, "request", request)
    media = InboundMedia("image", link="https://bucket.example.org/x.png")
    at_waha.adapter.fetch_media(at_waha.credentials, media, str(tmp_path / "f"), limit_bytes=10, deadline=DEADLINE)
    ((url, more),) = called
    assert url == media.link
    assert "headers" not in more
    assert more["allow_private"] is False


def test_history_is_read_page_by_page_and_what_is_unreadable_is_left_out(at_waha):
    at_waha.simulator.inbound(count=250, text="Message {n}")
    since = datetime(2020, 1, 1, tzinfo=UTC)
    ask = {"since": since, "from_me": None, "deadline": DEADLINE}
    assert len(at_waha.adapter.history(at_waha.credentials, DANA, **ask)) == 250
    at_waha.simulator.fault(times=1, body=[{"id": "x"}, 7, *at_waha.simulator.messages()[:1]])
    (one,) = at_waha.adapter.history(at_waha.credentials, DANA, **ask)
    assert one.text == "Message 1"
    at_waha.simulator.fault(times=1, status=404, body={"message": "Chat not found"})
    assert at_waha.adapter.history(at_waha.credentials, DANA, **ask) == []
    for rule in ({"status": 422, "body": {"message": "no store"}}, {"body": {"messages": []}}):
        at_waha.simulator.fault(times=1, **rule)
        with pytest.raises(ProviderError):
            at_waha.adapter.history(at_waha.credentials, DANA, **ask)


def test_what_was_said_lately_is_read_over_all_chats_and_without_stories(at_waha):
    at_waha.simulator.inbound(text="From Dana")
    at_waha.simulator.inbound(text="From Sam", **{"from": "15550100202"})
    at_waha.simulator.inbound(text="A story", chat_id="status@broadcast")
    since = clock.now() - timedelta(minutes=1)
    found = at_waha.adapter.recent(at_waha.credentials, since=since, deadline=DEADLINE)
    assert [(m.text, m.wa_chat_id[:11]) for m in found] == [("From Dana", DANA[:11]), ("From Sam", "15550100202")]


# --- The session ---


def fresh(vendor, name: str = "new-shop") -> Credentials:
    """Credentials of a session that WAHA does not have."""
    return Credentials(vendor.credentials.base_url, "a-key", {"session": name, "hmac_key": SECRET})


def test_a_session_is_made_with_its_webhook_and_started_when_somebody_wants_to_link(at_waha):
    adapter, credentials = at_waha.adapter, fresh(at_waha)
    assert adapter.health(credentials, deadline=DEADLINE).status == ChannelStatus.DISCONNECTED
    adapter.register_webhook(credentials, at_waha.webhook_url, SECRET, deadline=DEADLINE)
    (made,) = at_waha.simulator.requests(method="POST", path="/api/sessions")
    assert (made["body"]["name"], made["body"]["start"]) == ("new-shop", False)
    assert made["body"]["config"]["noweb"]["store"]["enabled"] is True
    assert adapter.webhook_is_registered(credentials, at_waha.webhook_url, SECRET, deadline=DEADLINE)
    assert adapter.health(credentials, deadline=DEADLINE).status == ChannelStatus.DISCONNECTED
    assert adapter.qr_code(credentials, deadline=DEADLINE).status == "pending"
    code = adapter.qr_code(credentials, deadline=DEADLINE)
    assert (code.status, code.expires_in_seconds) == ("ready", 20)
    at_waha.simulator.connection("linked", channel="new-shop", number="15550100188")
    health = adapter.health(credentials, deadline=DEADLINE)
    assert (health.status, health.own_wa_id) == (ChannelStatus.CONNECTED, "15550100188@s.whatsapp.net")
    assert health.provider_channel_id == "new-shop"


def test_a_session_that_nobody_registered_is_made_by_the_wish_to_link(at_waha):
    assert at_waha.adapter.qr_code(fresh(at_waha), deadline=DEADLINE).status == "pending"
    assert at_waha.adapter.qr_code(fresh(at_waha), deadline=DEADLINE).status == "ready"


def test_a_stopped_session_is_started_and_needs_no_code(at_waha):
    at_waha.simulator.connection("stopped")
    assert at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE).status == "pending"
    assert at_waha.simulator.requests(path="/api/sessions/shop/start")
    assert at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE).status == "already_connected"


def test_a_failed_session_is_started_again_and_told_so_that_nobody_hurries(at_waha):
    at_waha.simulator.connection("failed")
    with pytest.raises(ProviderError, match="session_failed") as caught:
        at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE)
    assert said_by(caught.value) == set()
    assert at_waha.simulator.requests(path="/api/sessions/shop/restart")
    assert at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE).status == "ready"


@pytest.mark.parametrize(
    ("state", "word"), [("passkey_required", "passkey"), ("passkey_confirmation_required", "code on the phone")]
)
def test_a_passkey_that_whatsapp_wants_is_told_with_what_to_do(at_waha, state, word):
    at_waha.simulator.connection(state)
    code = at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE)
    assert (code.status, code.png_data_uri) == ("passkey", None)
    assert word in code.detail
    health = at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE)
    assert (health.status, health.detail) == (ChannelStatus.QR_PENDING, code.detail)


@pytest.mark.parametrize(
    ("answer", "image"),
    [
        ({"body": {"mimetype": "image/png", "data": "AAAA"}}, "data:image/png;base64,AAAA"),
        ({"body": "png", "headers": {"Content-Type": "image/png"}}, "data:image/png;base64,cG5n"),
    ],
    ids=["as JSON", "bare"],
)
def test_a_qr_code_comes_as_json_or_as_a_bare_image(at_waha, answer, image):
    at_waha.simulator.connection("qr")
    at_waha.simulator.fault(match={"path": "*/auth/qr"}, times=1, **answer)
    assert at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE).png_data_uri == image


def test_a_page_in_place_of_a_qr_code_is_refused(at_waha):
    at_waha.simulator.connection("qr")
    for body in ("<html>", {"mimetype": "text/html", "data": "AAAA"}, {"value": "2@abc"}):
        at_waha.simulator.fault(match={"path": "*/auth/qr"}, times=1, body=body)
        with pytest.raises(ProviderError, match="unreadable_answer"):
            at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE)


def test_a_code_whose_time_was_over_meanwhile_is_asked_for_again(at_waha):
    at_waha.simulator.connection("qr")
    at_waha.simulator.fault(match={"path": "*/auth/qr"}, times=1, status=422, body={**NOT_WORKING, "status": "FAILED"})
    assert at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE).status == "pending"


def test_a_restricted_number_is_degraded_and_says_until_when(at_waha):
    at_waha.simulator.connection("restricted")
    health = at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE)
    assert health.status == ChannelStatus.DEGRADED
    assert health.detail.endswith("UTC.")
    at_waha.simulator.connection("free")
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.CONNECTED


def test_asking_for_the_health_changes_nothing(at_waha):
    at_waha.simulator.connection("stop")
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.DISCONNECTED
    assert {r["method"] for r in at_waha.simulator.requests()[-1:]} == {"GET"}


def test_a_lost_connection_is_taken_up_without_a_new_link(at_waha):
    at_waha.simulator.connection("lost")
    at_waha.adapter.restart(at_waha.credentials, deadline=DEADLINE)
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.CONNECTED


def test_a_session_is_stopped_once_and_a_missing_one_is_stopped_already(at_waha):
    at_waha.adapter.stop(at_waha.credentials, deadline=DEADLINE)
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.DISCONNECTED
    at_waha.adapter.stop(fresh(at_waha), deadline=DEADLINE)


def test_logging_out_of_a_session_that_is_gone_is_done(at_waha):
    at_waha.adapter.log_out(fresh(at_waha), deadline=DEADLINE)


# --- The webhook ---

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
