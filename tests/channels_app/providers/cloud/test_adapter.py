"""The Cloud API's adapter: what it asks of Graph, and what Graph's answers mean."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from channels_app.providers.base import InboundMedia, InboundMessage, ListedGroups, Outgoing, OutgoingMedia
from channels_app.providers.cloud import composing, refusals
from channels_app.providers.cloud.client import Client
from channels_app.providers.cloud.filling import blanks_of, filled
from channels_app.providers.errors import ProviderError
from channels_app.states import ChannelStatus
from tests.channels_app.providers.messages import DANA, DEADLINE, PNG, refused, said_by, send, stored

ASKED = {"deadline": DEADLINE}


def error(code: int, subcode: int | None = None, details: str = "") -> dict:
    extra = {"error_subcode": subcode} if subcode else {}
    more = {"error_data": {"details": details}} if details else {}
    return {"error": {"message": f"(#{code}) Words", "code": code, **extra, **more}}


# --- Refusals ---


@pytest.mark.parametrize(
    ("code", "subcode", "means"),
    [
        (190, 463, {"unauthorized"}),
        (0, None, {"unauthorized"}),
        (10, None, {"unauthorized"}),
        (200, None, {"unauthorized"}),
        (100, 33, {"unauthorized"}),
        (33, None, {"unauthorized"}),
        (100, None, {"permanent"}),
        (131047, None, {"permanent"}),
        (131026, None, {"permanent"}),
        (132015, None, {"permanent"}),
        (130497, None, {"permanent"}),
        (131215, None, {"permanent"}),
        (4, None, {"retry_after"}),
        (80007, None, {"retry_after"}),
        (130429, None, {"retry_after"}),
        (131056, None, {"retry_after"}),
        (131048, None, {"retry_after"}),
        (131042, None, {"retry_after"}),
        (368, None, {"retry_after"}),
        (131057, None, {"retry_after"}),
        (1, None, set()),
        (2, None, set()),
        (131016, None, set()),
        (131000, None, {"outcome_unknown"}),
        (135000, None, {"outcome_unknown"}),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_the_code_decides_and_never_the_http_status(status, code, subcode, means):
    found = refusals.refusal(status, {}, error(code, subcode), acting=True)
    assert said_by(found) == means
    assert found.http_status == status


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (400, error(999999), {"permanent"}),
        (500, error(999999), {"outcome_unknown"}),
        (404, "", {"permanent"}),
        (401, "<html>Sign in</html>", {"unauthorized"}),
        (429, "", {"retry_after"}),
        (502, "<html>Bad gateway</html>", {"outcome_unknown"}),
        (302, "", set()),
    ],
)
def test_without_a_known_code_the_http_status_helps_out(status, body, means):
    assert said_by(refusals.refusal(status, {}, body, acting=True)) == means


def test_only_the_pair_limit_concerns_one_chat_alone():
    assert refusals.refusal(400, {}, error(131056), acting=True).scope == "chat"
    assert refusals.refusal(400, {}, error(130429), acting=True).scope == "lane"
    assert refusals.refusal(400, {"Retry-After": "9"}, error(130429), acting=True).retry_after == 9.0
    assert refusals.refusal(400, {}, error(131048), acting=True).retry_after >= 600


def test_what_a_repetition_cannot_harm_is_never_in_doubt():
    assert said_by(refusals.refusal(502, {}, "", acting=False)) == set()


def test_people_read_metas_details_after_our_own_words():
    found = refusals.refusal(400, {}, error(131047, details="Last reply was\x00 long ago"), acting=True)
    assert found.detail.startswith("The customer last wrote more than 24 hours ago.")
    assert found.detail.endswith(": Last reply was long ago")


def test_an_error_inside_http_200_is_an_error(at_cloud):
    at_cloud.simulator.fault(times=1, status=200, body=error(131047))
    assert refused(at_cloud).code == "window_closed"


@pytest.mark.parametrize("body", ["<html>Welcome</html>", [], {"messages": []}, {"messages": [{}]}, {}])
def test_a_success_without_an_id_leaves_it_open_what_happened(at_cloud, body):
    at_cloud.simulator.fault(times=1, status=200, body=body)
    assert said_by(refused(at_cloud)) == {"outcome_unknown"}


def test_an_upload_that_fails_leaves_nothing_in_doubt(at_cloud):
    message = Outgoing(to=DANA, type="image", media=stored(PNG, "image/png", "a.png"))
    for rule, means in (
        ({"status": 502, "body": "x"}, set()),
        ({"then": "reset"}, set()),
        ({"status": 400, "body": error(190)}, {"unauthorized"}),
    ):
        at_cloud.simulator.fault(match={"path": "*/media"}, times=1, **rule)
        assert said_by(refused(at_cloud, message)) == means
    assert at_cloud.simulator.sends() == []


# --- Requests ---

SAMPLES = os.environ.get("CLOUD_SAMPLES", "")
WITHOUT_SAMPLES = (
    "CLOUD_SAMPLES is not set, so requests were NOT compared with published ones. Save them as request-*.json, each "
    'with the JSON under the key "body", into a folder and set CLOUD_SAMPLES to its path.'
)
TO, BSUID, GROUP = "12025550143@s.whatsapp.net", "US.10000000000000000001@bsuid", "Y2FwaV9ncm91cF9sYWI=@g.us"
YES_OR_NO = {"buttons": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]}
BODY = [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}]
OF_SAMPLE = {
    "image-by-id": composing.body_of(
        Outgoing(TO, "image", "Receipt", media=OutgoingMedia("x", "image/jpeg")), "300000000000001"
    ),
    "interactive-buttons": composing.body_of(Outgoing(TO, "interactive", "Confirm?", interactive=YES_OR_NO)),
    "mark-read": composing.read_body("wamid.LAB00000001=="),
    "reaction": composing.reaction_body(TO, "wamid.LAB00000001==", "👍"),
    "reaction-remove": composing.reaction_body(TO, "wamid.LAB00000001==", ""),
    "template": composing.body_of(
        Outgoing(TO, "template", template={"name": "parcel_update", "language": "en_US", "components": BODY})
    ),
    "text": composing.body_of(Outgoing(TO, "text", "Your parcel is on its way.", client_reference="outbox:000123")),
    "text-reply": composing.body_of(Outgoing(TO, "text", "Answering that one.", quoted_wa_id="wamid.LAB00000001==")),
    "text-to-bsuid": composing.body_of(Outgoing(BSUID, "text", "Hello")),
    "text-to-group": composing.body_of(Outgoing(GROUP, "text", "Hello all")),
    "typing": composing.read_body("wamid.LAB00000001==", typing=True),
}


@pytest.mark.skipif(not SAMPLES, reason=WITHOUT_SAMPLES)
@pytest.mark.parametrize("name", OF_SAMPLE)
def test_requests_are_as_published(name):
    published = json.loads((Path(SAMPLES) / f"request-{name}.json").read_text())["body"]
    ours = json.loads(json.dumps(OF_SAMPLE[name]))
    if "text" in ours:
        published["text"].setdefault("preview_url", False)
    assert ours == published


@pytest.mark.skipif(not SAMPLES, reason=WITHOUT_SAMPLES)
def test_every_published_error_is_known():
    samples = sorted(Path(SAMPLES).glob("error-*.json"))
    assert samples
    for sample in samples:
        published = json.loads(sample.read_text())
        found = refusals.refusal(published["http_status"], {}, published["body"], acting=True)
        assert found.code not in ("refused", "provider_error"), sample.name


def test_every_request_carries_the_reference_and_no_secret(at_cloud):
    send(at_cloud, Outgoing(to=DANA, type="text", text="Hello", client_reference="0192-ours"))
    (request,) = at_cloud.simulator.sends()
    assert request["body"]["biz_opaque_callback_data"] == "0192-ours"
    assert at_cloud.credentials.token not in json.dumps(request)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Outgoing(DANA, "poll", poll={"question": "?", "options": ["a", "b"]}), "unsupported_type"),
        (Outgoing(DANA, "text", "x" * 4097), "too_long"),
        (Outgoing(DANA, "location", location={"name": "?"}), "bad_request"),
        (Outgoing(DANA, "contacts", contacts=[]), "bad_request"),
        (Outgoing(DANA, "interactive", "Good?", interactive={"buttons": []}), "bad_request"),
        (Outgoing(DANA, "interactive", "", interactive=YES_OR_NO), "bad_request"),
        (Outgoing(DANA, "interactive", "?", interactive={"buttons": [{"title": "x" * 21}]}), "bad_request"),
        (Outgoing(DANA, "template"), "bad_request"),
        (Outgoing("15550100201@lid", "text", "x"), "invalid_recipient"),
    ],
    ids=lambda value: value.type if isinstance(value, Outgoing) else value,
)
def test_the_impossible_is_said_before_meta_has_to(at_cloud, message, code):
    found = refused(at_cloud, message)
    assert (found.code, found.permanent) == (code, True)
    assert at_cloud.simulator.requests(method="POST", path="/v24.0/100000000000001/messages") == []


@pytest.mark.parametrize(
    ("type_", "mime_type", "size", "words"),
    [
        ("image", "image/gif", 10, "image/jpeg, image/png. Send it as a document"),
        ("image", "image/png", 6 * 1024 * 1024, "up to 5 MB"),
        ("sticker", "image/webp", 600 * 1024, "up to 500 KB"),
        ("voice", "audio/mpeg", 10, "audio/ogg"),
    ],
)
def test_a_file_that_whatsapp_does_not_take_never_travels(at_cloud, type_, mime_type, size, words):
    media = replace(stored(b"x", mime_type, "a.bin"), size=size)
    found = refused(at_cloud, Outgoing(to=DANA, type=type_, media=media))
    assert (found.permanent, words in found.detail) == (True, True)
    assert at_cloud.simulator.requests(path="/v24.0/100000000000001/media") == []


def test_a_file_goes_up_as_a_form_and_the_message_names_it(at_cloud):
    big = os.urandom(300_000)
    message = Outgoing(to=DANA, type="document", text="Read", media=stored(big, "application/zip", 'a "b" ü.zip'))
    sent = send(at_cloud, message)
    (there,) = at_cloud.simulator.messages()
    assert there["id"] == sent.wa_message_id
    assert there["document"]["mime_type"] == "application/zip"
    assert there["document"]["filename"] == 'a "b" ü.zip'


def test_the_answers_number_may_be_another_than_the_one_asked_for(at_cloud):
    answer = {"contacts": [{"input": "5511900000001", "wa_id": "551100000001"}], "messages": [{"id": "wamid.x=="}]}
    at_cloud.simulator.fault(times=1, body=answer)
    assert send(at_cloud).wa_chat_id == "551100000001@s.whatsapp.net"
    at_cloud.simulator.fault(times=1, body={"contacts": [{"user_id": "US.1"}], "messages": [{"id": "wamid.y=="}]})
    assert send(at_cloud).wa_chat_id == "US.1@bsuid"


def test_typing_is_shown_with_the_receipt(at_cloud):
    (theirs,) = at_cloud.simulator.inbound(text="Hi")
    at_cloud.adapter.show_typing(at_cloud.credentials, DANA, "", **ASKED)
    assert not at_cloud.simulator.messages()[0].get("typing_shown")
    at_cloud.adapter.show_typing(at_cloud.credentials, DANA, theirs, **ASKED)
    (there,) = at_cloud.simulator.messages()
    assert (there["read_by_us"], there["typing_shown"]) == (True, True)


def test_leaving_takes_our_address_away_whatever_the_public_url_is_now_and_no_other(at_cloud):
    def left(url: str) -> bool:
        at_cloud.adapter.leave(at_cloud.credentials, url, **ASKED)
        return not at_cloud.adapter.webhook_is_registered(at_cloud.credentials, at_cloud.webhook_url, "", **ASKED)

    assert not left("https://moved.example/api/webhooks/cloud/another-channel")
    assert left(f"https://moved.example/api/webhooks/cloud/{at_cloud.webhook_url.rpartition('/')[2]}")


def test_a_missing_id_is_said_before_anything_is_asked(at_cloud):
    bare = replace(at_cloud.credentials, extra={})
    with pytest.raises(ProviderError) as caught:
        at_cloud.adapter.send(bare, Outgoing(to=DANA, type="text", text="x"), **ASKED)
    assert (caught.value.code, caught.value.unauthorized) == ("phone_number_id_missing", True)


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("", "https://graph.facebook.com/v24.0"),
        ("https://graph.facebook.com/v26.0/", "https://graph.facebook.com/v26.0"),
        ("https://proxy.example", "https://proxy.example/v24.0"),
    ],
)
def test_a_base_url_may_name_another_version(at_cloud, base_url, root):
    assert Client(replace(at_cloud.credentials, base_url=base_url), 1)._root == root


# --- Files of customers ---


def test_a_files_address_lives_shortly_and_is_asked_for_each_time(at_cloud, tmp_path):
    (received,) = at_cloud.simulator.inbound(type="image", text="Look")
    media = at_cloud.wait_for_value(InboundMessage, wa_message_id=received).media
    path = str(tmp_path / "file")
    fetched = at_cloud.adapter.fetch_media(at_cloud.credentials, media, path, limit_bytes=10**6, **ASKED)
    assert (fetched.mime_type, fetched.size) == ("image/png", os.path.getsize(path))
    at_cloud.simulator.fault(match={"path": "/attachments/"}, times=1, status=404, body="<html>Gone</html>")
    with pytest.raises(ProviderError):
        at_cloud.adapter.fetch_media(at_cloud.credentials, media, path, limit_bytes=10**6, **ASKED)
    assert not os.path.exists(path)
    at_cloud.adapter.fetch_media(at_cloud.credentials, media, path, limit_bytes=10**6, **ASKED)


def test_a_file_that_meta_no_longer_has_says_why(at_cloud, tmp_path):
    media = InboundMedia(kind="image", provider_media_id="999")
    with pytest.raises(ProviderError, match="7 days") as caught:
        at_cloud.adapter.fetch_media(at_cloud.credentials, media, str(tmp_path / "x"), limit_bytes=10, **ASKED)
    assert (caught.value.code, caught.value.permanent, caught.value.unauthorized) == ("media_gone", True, False)


def test_the_token_goes_only_where_meta_keeps_files(at_cloud, tmp_path):
    (received,) = at_cloud.simulator.inbound(type="image")
    media = at_cloud.wait_for_value(InboundMessage, wa_message_id=received).media
    url = f"{at_cloud.receiver.url}/file"
    at_cloud.simulator.fault(match={"path": "*/3*"}, times=1, body={"url": url, "mime_type": "image/png"})
    with pytest.raises(ProviderError) as caught:  # a private address that is not the API's own
        at_cloud.adapter.fetch_media(at_cloud.credentials, media, str(tmp_path / "x"), limit_bytes=10, **ASKED)
    assert caught.value.code == "not_sent_refused_address"


# --- The number and its webhook ---


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("linked", ChannelStatus.CONNECTED),
        ("flagged", ChannelStatus.DEGRADED),
        ("restricted", ChannelStatus.DEGRADED),
        ("pending", ChannelStatus.ERROR),
        ("lost", ChannelStatus.ERROR),
        ("banned", ChannelStatus.ERROR),
        ("deleted", ChannelStatus.LOGGED_OUT),
    ],
)
def test_the_numbers_own_status_is_its_health(at_cloud, state, status):
    at_cloud.simulator.connection(state)
    health = at_cloud.adapter.health(at_cloud.credentials, **ASKED)
    assert (health.status, health.own_wa_id) == (status, "15550100100@s.whatsapp.net")
    assert health.provider_channel_id == "100000000000001"
    assert health.detail


def test_health_says_how_the_number_is_rated(at_cloud):
    detail = at_cloud.adapter.health(at_cloud.credentials, **ASKED).detail
    assert detail == "Quality green. Throughput standard. Limit tier 1k."


def test_a_bad_token_is_told_apart_from_a_bad_number(at_cloud):
    for credentials, words in (
        (replace(at_cloud.credentials, token="another"), "Make a new one and paste it"),
        (
            replace(at_cloud.credentials, extra={**at_cloud.credentials.extra, "phone_number_id": "42"}),
            "Check phone number id",
        ),
    ):
        health = at_cloud.adapter.health(credentials, **ASKED)
        assert (health.status, words in health.detail) == (ChannelStatus.ERROR, True)
    at_cloud.simulator.fault(status=503, body="<html>Away</html>", times=1)
    with pytest.raises(ProviderError):  # says nothing about the number
        at_cloud.adapter.health(at_cloud.credentials, **ASKED)


def test_the_webhook_is_registered_for_the_number_tried_by_meta_and_looked_up(at_cloud):
    adapter, credentials, url = at_cloud.adapter, at_cloud.credentials, at_cloud.receiver.url
    assert adapter.webhook_is_registered(credentials, url, "a-verify-token", **ASKED)
    assert not adapter.webhook_is_registered(credentials, "https://elsewhere.example/", "a-verify-token", **ASKED)
    with pytest.raises(ProviderError, match="verification failed"):
        adapter.register_webhook(credentials, url, "another token", **ASKED)
    adapter.log_out(credentials, **ASKED)
    assert not adapter.webhook_is_registered(credentials, url, "a-verify-token", **ASKED)
    at_cloud.simulator.inbound(text="Nobody hears this")
    at_cloud.simulator.wait_until_idle()
    assert at_cloud.receiver.calls == []


def test_what_the_api_does_not_offer_is_refused_in_words(at_cloud):
    adapter, credentials = at_cloud.adapter, at_cloud.credentials
    for ask, words in (
        (lambda: adapter.edit(credentials, DANA, "wamid.x==", "new", **ASKED), "cannot change a message"),
        (lambda: adapter.revoke(credentials, DANA, "wamid.x==", **ASKED), "cannot take back"),
        (lambda: adapter.pairing_code(credentials, "15550100100", **ASKED), "not linked by a phone"),
    ):
        with pytest.raises(ProviderError, match=words) as caught:
            ask()
        assert caught.value.permanent
    assert adapter.qr_code(credentials, **ASKED).status == "already_connected"
    assert adapter.groups(credentials, **ASKED) == ListedGroups()


# --- Templates ---


def test_heads_with_files_and_buttons_with_codes_have_blanks_too():
    components = [
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "x"}, {"type": "COPY_CODE", "text": "Copy"}]},
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Use {{1}} and {{ 1 }}"},
        "nonsense",
    ]
    assert [blank.key for blank in blanks_of(components)] == ["header.image", "1", "button.1"]
    assert blanks_of(components)[0].file == "image"
    values = {"header.image": "https://files.example/a.png", "1": "it", "button.1": "SALE"}
    found = filled("sale", "en", components, values)
    assert found.text == "Use it and it"
    assert found.sent["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://files.example/a.png"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "it"}]},
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "1",
            "parameters": [{"type": "coupon_code", "coupon_code": "SALE"}],
        },
    ]
