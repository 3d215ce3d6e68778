"""What every vendor's adapter must do, whoever the vendor is. A vendor joins by an entry in vendors.py."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.providers import adapter_named
from channels_app.providers.base import (
    InboundConnection,
    InboundEdit,
    InboundMedia,
    InboundMessage,
    InboundPresence,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
    Outgoing,
    OutgoingMedia,
    Parsed,
)
from channels_app.providers.errors import ProviderError, Unreadable
from channels_app.states import ChannelStatus
from kernel import clock, http
from tests.channels_app.providers.messages import (
    DANA,
    DEADLINE,
    PNG,
    media_messages,
    plain_messages,
    refused,
    said_by,
    send,
    stored,
)
from tests.channels_app.providers.vendors import SECRET, VENDORS

# --- Sending ---


def test_every_type_is_sent_and_comes_back_as_the_same_type(vendor):
    for message in plain_messages() + media_messages():
        if message.type in vendor.lacks:
            continue
        sent = send(vendor, message)
        assert sent.wa_message_id
        assert sent.wa_chat_id == DANA
        echo = vendor.sent_message(sent.wa_message_id)
        assert (echo.type, echo.from_me) == (message.type, True)
        if message.type not in ("audio", "voice", "sticker", "poll"):
            assert echo.text == message.text


def test_a_text_with_a_link_is_still_a_text(vendor):
    sent = send(vendor, Outgoing(to=DANA, type="text", text="See https://example.org/offers today"))
    echo = vendor.sent_message(sent.wa_message_id)
    assert (echo.type, echo.text) == ("text", "See https://example.org/offers today")


def test_a_file_arrives_as_it_was(vendor, tmp_path):
    sent = send(vendor, Outgoing(to=DANA, type="image", media=stored(PNG, "image/png", "a.png")))
    echo = vendor.sent_message(sent.wa_message_id)
    path = tmp_path / "fetched"
    vendor.adapter.fetch_media(vendor.credentials, echo.media, str(path), limit_bytes=10_000, deadline=DEADLINE)
    assert path.read_bytes() == PNG


def test_a_reply_names_what_it_answers(vendor):
    (asked,) = vendor.simulator.inbound(text="Are you open?")
    sent = send(vendor, Outgoing(to=DANA, type="text", text="Yes", quoted_wa_id=asked))
    assert vendor.sent_message(sent.wa_message_id).quoted_wa_id == asked


def test_reports_of_a_sent_message_follow(vendor):
    sent = send(vendor)
    for status in ("sent", "delivered", "read"):
        report = vendor.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status=status)
        assert report.at is not None


@pytest.mark.parametrize(
    "message",
    [
        Outgoing(to=DANA, type="hologram", text="x"),
        Outgoing(to="not an id", type="text", text="x"),
        Outgoing(to=DANA, type="image", media=OutgoingMedia(path="nowhere.png", mime_type="image/png")),
    ],
    ids=["unknown type", "unusable recipient", "missing file"],
)
def test_the_impossible_is_refused_before_anything_is_sent(vendor, message):
    assert refused(vendor, message).permanent
    assert vendor.simulator.sends() == []


# --- What can go wrong ---


@pytest.mark.parametrize("accepted", [False, True], ids=["not accepted", "accepted"])
@pytest.mark.parametrize("then", ["reset", "close", "hang"])
def test_no_answer_to_a_send_leaves_its_outcome_unknown(vendor, then, accepted):
    vendor.simulator.fault(match={"path": "*"}, times=1, then=then, accept=accepted)
    assert said_by(refused(vendor, deadline=0.5)) == {"outcome_unknown"}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_leaves_the_outcome_of_a_send_unknown(vendor, status):
    vendor.simulator.fault(times=1, status=status, body="<html>Bad gateway</html>")
    error = refused(vendor)
    assert said_by(error) == {"outcome_unknown"}
    assert error.http_status == status


def test_a_provider_that_is_not_there_received_nothing(vendor):
    nowhere = replace(vendor.credentials, base_url="http://127.0.0.1:9")
    with pytest.raises(ProviderError) as caught:
        vendor.adapter.send(nowhere, Outgoing(to=DANA, type="text", text="x"), deadline=2)
    assert said_by(caught.value) == set()


@pytest.mark.parametrize("drip", ["drip_ms", "delay_ms"])
def test_the_deadline_holds_against_a_slow_answer(vendor, drip):
    vendor.simulator.fault(times=1, **{drip: 60_000 if drip == "delay_ms" else 50})
    started = time.monotonic()
    assert refused(vendor, deadline=0.4).outcome_unknown
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"Retry-After": "1.5"}, 1.5), ({"Retry-After": "soon"}, 0.0), ({}, 0.0)],
)
def test_being_told_to_slow_down_is_neither_failure_nor_doubt(vendor, header, seconds):
    vendor.simulator.fault(times=1, status=429, headers=header)
    error = refused(vendor)
    assert error.retry_after == seconds
    assert said_by(error) == {"retry_after"}


def test_a_session_that_is_gone_is_told_apart_from_a_bad_message(vendor):
    vendor.simulator.connection("qr")
    assert said_by(refused(vendor)) == {"unauthorized"}


def test_errors_never_show_the_token_or_the_text(vendor):
    private = "my private words"
    for rule in ({"status": 500}, {"then": "reset"}, {"status": 429}, {"status": 400}):
        vendor.simulator.fault(times=1, **rule)
        error = refused(vendor, Outgoing(to=DANA, type="text", text=private))
        assert vendor.credentials.token not in f"{error} {error!r} {error.__cause__}"
        assert private not in f"{error} {error!r} {error.__cause__}"
        assert vendor.credentials.token not in repr(vendor.credentials)


# --- Acting on messages ---


def test_edit_revoke_reaction_and_read_receipts_reach_the_message(vendor):
    vendor.needs("edit", "echo")
    (theirs,) = vendor.simulator.inbound(text="Hi")
    ours = send(vendor).wa_message_id
    call = {"deadline": DEADLINE}
    vendor.adapter.edit(vendor.credentials, DANA, ours, "Hello again", **call)
    assert vendor.wait_for_value(InboundEdit, target_wa_id=ours).text == "Hello again"
    vendor.adapter.react(vendor.credentials, DANA, theirs, "👍", **call)
    assert vendor.wait_for_value(InboundReaction, target_wa_id=theirs, emoji="👍").from_me
    vendor.adapter.react(vendor.credentials, DANA, theirs, "", **call)
    assert vendor.wait_for_value(InboundReaction, target_wa_id=theirs, emoji="")
    vendor.adapter.mark_read(vendor.credentials, DANA, theirs, **call)
    assert vendor.wait_for_value(InboundStatus, wa_message_id=theirs, status="read")
    vendor.adapter.revoke(vendor.credentials, DANA, ours, **call)
    assert vendor.wait_for_value(InboundRevoke, target_wa_id=ours)


def test_acting_on_a_message_that_is_gone_is_refused_for_good(vendor):
    """Also where the vendor offers no such act at all."""
    for act in (
        lambda: vendor.adapter.revoke(vendor.credentials, DANA, "gonegone-gonegone", deadline=DEADLINE),
        lambda: vendor.adapter.react(vendor.credentials, DANA, "gonegone-gonegone", "👍", deadline=DEADLINE),
    ):
        with pytest.raises(ProviderError) as caught:
            act()
        assert caught.value.permanent


# --- Looking up ---


def test_a_send_that_got_no_answer_is_found_in_the_history(vendor):
    vendor.needs("history")
    since = clock.now() - timedelta(minutes=1)
    vendor.simulator.inbound(text="Before")
    vendor.simulator.fault(times=1, then="hang", accept=True)
    refused(vendor, Outgoing(to=DANA, type="text", text="Did this arrive?"), deadline=0.5)
    ask = {"since": since, "deadline": DEADLINE}
    (found,) = vendor.adapter.history(vendor.credentials, DANA, from_me=True, **ask)
    assert (found.text, found.from_me) == ("Did this arrive?", True)
    both = vendor.adapter.history(vendor.credentials, DANA, from_me=None, **ask)
    assert [message.text for message in both] == ["Before", "Did this arrive?"]
    later = clock.now() + timedelta(hours=1)
    assert vendor.adapter.history(vendor.credentials, DANA, since=later, from_me=None, deadline=DEADLINE) == []


# --- Files ---


def test_a_file_that_is_too_large_or_gone_leaves_nothing_behind(vendor, tmp_path):
    (received,) = vendor.simulator.inbound(type="image", text="Look")
    media = vendor.wait_for_value(InboundMessage, wa_message_id=received).media
    path = tmp_path / "file"
    with pytest.raises(ProviderError) as caught:
        vendor.adapter.fetch_media(vendor.credentials, media, str(path), limit_bytes=10, deadline=DEADLINE)
    assert caught.value.permanent
    gone = media.__class__(kind="image", provider_media_id="png-00ff00ff")
    with pytest.raises(ProviderError) as caught:
        vendor.adapter.fetch_media(vendor.credentials, gone, str(path), limit_bytes=10_000, deadline=DEADLINE)
    assert caught.value.permanent
    assert not path.exists()


def test_typing_is_shown_to_the_customer(vendor):
    (theirs,) = vendor.simulator.inbound(text="Are you there?")
    before = len(vendor.simulator.requests())
    vendor.adapter.show_typing(vendor.credentials, DANA, theirs, deadline=DEADLINE)
    (asked,) = vendor.simulator.requests()[before:]
    assert asked["accepted"]
    assert "typing" in f"{asked['path']} {asked['body']}".lower()


def test_leaving_takes_the_webhook_away_and_may_be_done_again(vendor):
    there = vendor.credentials, vendor.webhook_url
    assert vendor.adapter.webhook_is_registered(*there, SECRET, deadline=DEADLINE)
    for _ in range(2):
        vendor.adapter.leave(*there, deadline=DEADLINE)
        assert not vendor.adapter.webhook_is_registered(*there, SECRET, deadline=DEADLINE)


def test_no_secret_travels_to_another_host(vendor, tmp_path, monkeypatch):
    vendor.needs("links")
    called = []

    def request(method, url, **more):
        called.append((url, more))
        return http.Response(200, {}, b"", 0.1)

    monkeypatch.setattr(http, "request", request)
    media = InboundMedia("image", link="https://files.example.org/x.png")
    vendor.adapter.fetch_media(vendor.credentials, media, str(tmp_path / "f"), limit_bytes=10, deadline=DEADLINE)
    ((url, more),) = called
    assert url == media.link
    assert "headers" not in more
    assert more["allow_private"] is False


# --- The connection ---


def test_the_connection_is_walked_from_code_to_link_to_log_out(vendor):
    vendor.needs("link")
    adapter, credentials = vendor.adapter, vendor.credentials
    linked = adapter.health(credentials, deadline=DEADLINE)
    assert (linked.status, linked.own_wa_id) == (ChannelStatus.CONNECTED, "15550100100@s.whatsapp.net")
    assert adapter.qr_code(credentials, deadline=DEADLINE).status == "already_connected"
    adapter.log_out(credentials, deadline=DEADLINE)
    adapter.log_out(credentials, deadline=DEADLINE)
    assert adapter.health(credentials, deadline=DEADLINE).status == ChannelStatus.QR_PENDING
    code = adapter.qr_code(credentials, deadline=DEADLINE)
    assert code.status == "ready"
    assert code.png_data_uri.startswith("data:image/png;base64,")
    assert code.png_data_uri not in repr(code)
    assert adapter.pairing_code(credentials, "+1 555 010 0100", deadline=DEADLINE)
    vendor.simulator.connection("re-paired", number="15550100177")
    told = vendor.wait_for_value(InboundConnection, own_wa_id="15550100177@s.whatsapp.net")
    assert told.status == ChannelStatus.CONNECTED
    assert vendor.wait_for_value(InboundConnection, status=ChannelStatus.LOGGED_OUT)


def test_groups_are_listed_with_everybody_in_them(vendor):
    vendor.needs("groups")
    vendor.simulator.inbound(type="group", text="Front desk", options=["15550100201", "15550100202"])
    listed = vendor.adapter.groups(vendor.credentials, deadline=DEADLINE)
    (group,) = listed.groups
    assert listed.whole
    assert (group.name, group.complete) == ("Front desk", True)
    assert [p.wa_id[:11] for p in group.participants] == ["15550100100", "15550100201", "15550100202"]


# --- Webhooks ---


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("text", "text"),
        ("image", "image"),
        ("video", "video"),
        ("audio", "audio"),
        ("voice", "voice"),
        ("document", "document"),
        ("sticker", "sticker"),
        ("location", "location"),
        ("contact", "contacts"),
        ("poll", "poll"),
        ("button", "interactive"),
    ],
)
def test_a_customers_message_of_every_type_is_understood(vendor, asked, shown):
    if asked in vendor.lacks:
        vendor.needs(asked)
    (message_id,) = vendor.simulator.inbound(type=asked, text="Words", name="Dana Demo")
    message = vendor.wait_for_value(InboundMessage, wa_message_id=message_id)
    assert (message.type, message.from_me, message.sender_name) == (shown, False, "Dana Demo")
    assert message.wa_chat_id == message.sender_wa_id == DANA
    assert abs(clock.now() - message.at) < timedelta(minutes=1)


def test_what_customers_do_to_messages_is_understood(vendor):
    (theirs,) = vendor.simulator.inbound(text="Teh")
    ours = send(vendor).wa_message_id
    act = vendor.simulator.inbound
    act(type="edit", target=theirs, text="The")
    act(type="reaction", target=ours, emoji="❤")
    act(type="revoke", target=theirs)
    assert vendor.wait_for_value(InboundEdit, target_wa_id=theirs).text == "The"
    assert vendor.wait_for_value(InboundReaction, target_wa_id=ours).emoji == "❤"
    assert vendor.wait_for_value(InboundRevoke, target_wa_id=theirs).by_wa_id == DANA


def test_votes_and_typing_of_customers_are_understood(vendor):
    vendor.needs("poll", "presence")
    poll = Outgoing(to=DANA, type="poll", poll={"question": "When?", "options": ["Now", "Later"], "multiple": False})
    ours = send(vendor, poll).wa_message_id
    vendor.simulator.inbound(type="vote", target=ours, options=["Later"])
    vendor.simulator.inbound(type="typing")
    assert vendor.wait_for_value(InboundVote, target_wa_id=ours).options == ("Later",)
    assert vendor.wait_for_value(InboundPresence).status == "typing"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "\ud800", DANA, "x-y", "99999999999999999999", 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_parses_or_says_why(vendor_name: str, method: str, suffix: str, body: bytes) -> None:
    try:
        parsed = adapter_named(vendor_name).parse(method=method, suffix=suffix, body=body)
    except Unreadable as refusal:
        reason = str(refusal)
    else:
        reason = "read"
        assert isinstance(parsed, Parsed)
        assert parsed.values
        assert len(parsed.homes) in (0, len(parsed.values))
        shown = repr(parsed)
        assert "\\x00" not in shown
        assert "\\ud8" not in shown
    assert reason, "a refusal needs a sentence"


@pytest.mark.parametrize("name", sorted(VENDORS))
@FUZZ
@given(method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), suffix=st.text(max_size=20), body=st.binary())
def test_any_bytes_are_read_or_refused_with_a_reason(name, method, suffix, body):
    assert_parses_or_says_why(name, method, suffix, body)


@pytest.mark.parametrize("name", sorted(VENDORS))
@FUZZ
@given(value=JSON)
def test_any_json_is_read_or_refused_with_a_reason(name, value):
    assert_parses_or_says_why(name, "POST", "", json.dumps(value).encode())


@pytest.fixture(scope="module", params=sorted(VENDORS))
def true_bodies(request) -> tuple[str, list[bytes]]:
    """A vendor's name and bodies of all kinds that it really calls with."""
    with VENDORS[request.param]() as vendor:
        act = vendor.simulator.inbound
        for kind in ("text", "image", "document", "location", "contact", "button", "typing", "call", "group"):
            act(type=kind, text="Words")
        (theirs,) = act(type="poll", options=["Now", "Later"])
        for kind in ("reaction", "edit", "vote", "revoke", "failed"):
            act(type=kind, target=theirs, text="Words", options=["Now"])
        for kind in ("rename", "join", "leave", "promote"):
            act(type=kind, chat_id="120363000000000077@g.us", text="Team")
        vendor.simulator.connection("re-paired")
        vendor.simulator.wait_until_idle()
        return vendor.name, [call.body for call in vendor.receiver.calls]


def places(value, path=()):
    """Every place inside a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*path, key))


@settings(FUZZ, max_examples=500, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_true_body_with_one_value_replaced_is_read_or_refused_with_a_reason(true_bodies, data):
    name, bodies = true_bodies
    body = json.loads(data.draw(st.sampled_from(bodies)))
    *path, last = data.draw(st.sampled_from([place for place in places(body) if place]))
    target = body
    for key in path:
        target = target[key]
    target[last] = data.draw(st.sampled_from(["a\x00b", "a\ud800b", {}, [], None, -1, 1e300, "x" * 100_000]) | JSON)
    assert_parses_or_says_why(name, "POST", "", json.dumps(body).encode())


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_deep_nesting_is_refused_with_a_reason(name):
    for depth in (500, 900, 5_000, 100_000):
        body = b'{"messages":' + b"[" * depth + b"]" * depth + b"}"
        assert_parses_or_says_why(name, "POST", "", body)
