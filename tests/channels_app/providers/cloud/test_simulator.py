"""The simulated Cloud API itself: a judge must be beyond doubt."""

import json
import re

import pytest

from channels_app.providers.base import InboundMessage, InboundStatus, Outgoing
from kernel import http, signing
from tests.channels_app.providers.messages import DANA, refused, send
from tests.channels_app.providers.vendors import SECRET
from tests.support.simulator import running_simulator, simulator_process

NUMBER, ACCOUNT = "100000000000001", "200000000000001"


def call(vendor, method, path, token=None, **body):
    headers = {"Authorization": f"Bearer {token or vendor.credentials.token}"}
    url = f"{vendor.simulator.base_url}{path}"
    more = {"json": body} if body else {}
    return http.request(method, url, headers=headers, deadline=5, max_bytes=10**6, allow_private=True, **more)


def code_of(answer) -> int:
    return answer.json()["error"]["code"]


def reports(vendor) -> list[str]:
    return [value.status for value in vendor.parsed() if isinstance(value, InboundStatus)]


# --- Webhooks ---


def test_every_webhook_is_signed_over_its_bytes_and_escaped_as_meta_does(at_cloud):
    at_cloud.simulator.inbound(text="Café 👍 a/b")
    at_cloud.wait_for_value(InboundMessage, text="Café 👍 a/b")
    (told,) = at_cloud.receiver.calls
    assert rb"Caf\u00e9 \ud83d\udc4d a\/b" in told.body
    assert told.headers["X-Hub-Signature-256"] == f"sha256={signing.hmac_hex(SECRET, told.body, 'sha256')}"
    assert json.loads(told.body)["entry"][0]["id"] == ACCOUNT


def test_a_webhook_is_repeated_until_it_is_answered_with_200(at_cloud):
    at_cloud.receiver.answers = [500, 404, 204]
    at_cloud.simulator.inbound(text="Hi")
    at_cloud.simulator.wait_for(lambda: len(at_cloud.simulator.deliveries()) == 4, "three repetitions")
    assert len({told.body for told in at_cloud.receiver.calls}) == 1
    assert [one["attempt"] for one in at_cloud.simulator.deliveries()] == [1, 2, 3, 4]


def test_reports_carry_the_reference_and_may_come_first_twice_backwards_or_never(at_cloud):
    send(at_cloud, Outgoing(to=DANA, type="text", text="x", client_reference="ours"))
    at_cloud.simulator.wait_for(lambda: reports(at_cloud) == ["sent", "delivered", "read"], "all reports")
    assert {value.client_reference for value in at_cloud.parsed()} == {"ours"}
    at_cloud.receiver.calls.clear()
    at_cloud.simulator.fault(times=1, echo="before")
    send(at_cloud)
    assert reports(at_cloud)[:1] == ["sent"]
    at_cloud.simulator.wait_for(lambda: len(reports(at_cloud)) == 3, "the others")
    at_cloud.receiver.calls.clear()
    at_cloud.simulator.fault(times=1, webhooks={"reorder": True, "duplicate": 1})
    send(at_cloud)
    at_cloud.simulator.wait_for(lambda: len(reports(at_cloud)) == 6, "everything twice")
    assert reports(at_cloud)[0] == "read"
    at_cloud.receiver.calls.clear()
    at_cloud.simulator.fault(times=1, webhooks={"batch": True})
    send(at_cloud)
    at_cloud.simulator.wait_for(lambda: len(reports(at_cloud)) == 3, "all at once")
    assert len(at_cloud.receiver.calls) == 1
    at_cloud.receiver.calls.clear()
    at_cloud.simulator.fault(times=1, webhooks={"drop": ["statuses"]})
    send(at_cloud)
    at_cloud.simulator.wait_until_idle()
    assert reports(at_cloud) == []


def test_a_reaction_only_gets_a_sent_report(at_cloud):
    (theirs,) = at_cloud.simulator.inbound(text="Hi")
    at_cloud.adapter.react(at_cloud.credentials, DANA, theirs, "👍", deadline=5)
    at_cloud.simulator.options(sent_seconds=0.0)
    at_cloud.simulator.wait_for(lambda: reports(at_cloud) == ["sent"], "the report")


def test_an_address_is_tried_before_it_is_taken(at_cloud):
    values = {"override_callback_uri": at_cloud.receiver.url, "verify_token": "wrong"}
    answer = call(at_cloud, "POST", f"/v24.0/{NUMBER}", webhook_configuration=values)
    assert (answer.status, code_of(answer)) == (400, 2200)
    answer = call(at_cloud, "POST", f"/v24.0/{ACCOUNT}/subscribed_apps", **values)
    assert (answer.status, code_of(answer)) == (400, 2200)


# --- Refusals ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": "1", "type": "text", "text": {"body": "x"}}, 100),
        ({"messaging_product": "whatsapp", "to": "1", "type": "text"}, 131008),
        ({"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {}}, 131008),
        ({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}, 131008),
        ({"messaging_product": "whatsapp", "to": "1", "type": "image", "image": {"id": "9"}}, 131009),
        ({"messaging_product": "whatsapp", "to": "1", "type": "hologram", "hologram": {}}, 100),
        ({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.?"}, 100),
        (
            {
                "messaging_product": "whatsapp",
                "to": "1",
                "type": "reaction",
                "reaction": {"message_id": "wamid.?", "emoji": "x"},
            },
            131009,
        ),
    ],
)
def test_wrong_requests_are_refused_as_meta_does(at_cloud, body, code):
    answer = call(at_cloud, "POST", f"/v24.0/{NUMBER}/messages", **body)
    assert (answer.status, code_of(answer)) == (400, code)


def test_tokens_and_ids_that_are_not_known_are_told_apart(at_cloud):
    path = f"/v24.0/{NUMBER}"
    assert code_of(call(at_cloud, "GET", path, token="nobody")) == 190
    assert call(at_cloud, "GET", "/v24.0/42").json()["error"]["error_subcode"] == 33
    at_cloud.simulator.add_channel("another-token", phone_number_id="100000000000002", waba_id="300")
    assert call(at_cloud, "GET", path, token="another-token").json()["error"]["error_subcode"] == 33
    at_cloud.simulator.connection("logged-out")
    assert call(at_cloud, "GET", path).json()["error"]["error_subcode"] == 463
    fresh = call(at_cloud, "GET", "/v24.0/100000000000007?fields=status", token="sim_new_token")
    assert fresh.json() == {"id": "100000000000007", "status": "CONNECTED"}


def test_limits_are_counted_by_second_and_by_pair(at_cloud):
    at_cloud.simulator.add_channel(at_cloud.credentials.token, per_pair=1)
    send(at_cloud)
    assert refused(at_cloud).code == "pair_rate_limited"
    send(at_cloud, Outgoing(to="15550100202@s.whatsapp.net", type="text", text="x"))
    at_cloud.simulator.add_channel(at_cloud.credentials.token, per_pair=None, per_second=0)
    assert refused(at_cloud).code == "rate_limited"


def test_outside_the_window_a_message_is_accepted_and_fails_later(at_cloud):
    at_cloud.simulator.add_channel(at_cloud.credentials.token, enforces_window=True)
    sent = send(at_cloud)
    failed = at_cloud.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="failed")
    assert failed.error_code == "window_closed"
    at_cloud.simulator.inbound(text="Hi")
    sent = send(at_cloud)
    assert at_cloud.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="read")


def test_somebody_who_cannot_be_reached_fails_later(at_cloud):
    sent = send(at_cloud, Outgoing(to="15550100299@s.whatsapp.net", type="text", text="x"))
    failed = at_cloud.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="failed")
    assert failed.error_code == "undeliverable"


@pytest.mark.parametrize(("state", "code"), [("lost", 133010), ("banned", 368)])
def test_a_number_that_is_not_well_sends_nothing(at_cloud, state, code):
    at_cloud.simulator.connection(state)
    body = {"messaging_product": "whatsapp", "to": "15550100201", "type": "text", "text": {"body": "x"}}
    assert code_of(call(at_cloud, "POST", f"/v24.0/{NUMBER}/messages", **body)) == code


# --- People without a number, several numbers ---


def test_somebody_without_a_number_is_answered_by_scoped_id(at_cloud):
    (theirs,) = at_cloud.simulator.inbound(text="Hi", bsuid=True, name="Dana Demo")
    heard = at_cloud.wait_for_value(InboundMessage, wa_message_id=theirs)
    assert (heard.wa_chat_id, heard.sender_name) == ("US.15550100201@bsuid", "Dana Demo")
    sent = send(at_cloud, Outgoing(to=heard.wa_chat_id, type="text", text="Hello"))
    assert sent.wa_chat_id == heard.wa_chat_id
    read = at_cloud.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="read")
    assert read.wa_chat_id == heard.wa_chat_id


def test_numbers_of_one_account_are_kept_apart_by_their_ids(at_cloud):
    second = "100000000000002"
    at_cloud.simulator.add_channel(
        at_cloud.credentials.token,
        phone_number_id=second,
        waba_id=ACCOUNT,
        number="15550100102",
        webhook_url=at_cloud.receiver.url,
        app_secret=SECRET,
    )
    at_cloud.simulator.inbound(channel=second, text="For the second")
    told = at_cloud.wait_for_value(InboundMessage, text="For the second")
    home, *_ = at_cloud.adapter.parse(method="POST", suffix="", body=at_cloud.receiver.calls[-1].body).homes
    assert home == ("phone_number_id", second)
    assert [m["id"] for m in at_cloud.simulator.messages(channel=second)] == [told.wa_message_id]
    listed = call(at_cloud, "GET", f"/v24.0/{ACCOUNT}/phone_numbers").json()["data"]
    assert [one["id"] for one in listed] == [NUMBER, second]


# --- Controls, the demo, the process ---


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("faults", {"then": "explode"}),
        ("inbound", {"type": "dance"}),
        ("inbound", {"type": "template_status", "target": "unheard_of"}),
        ("connection", {"state": "moon"}),
        ("options", {"speed": 3}),
        ("nothing", {}),
    ],
)
def test_the_control_api_says_what_it_does_not_know(at_cloud, name, values):
    answer = call(at_cloud, "POST", f"/_sim/{name}", **values)
    assert answer.status in (400, 404)
    assert answer.json()["error"]["message"]


def test_every_request_is_kept_with_what_became_of_it_and_without_the_token(at_cloud):
    at_cloud.simulator.fault(times=1, status=500)
    refused(at_cloud)
    send(at_cloud)
    log = [r for r in at_cloud.simulator.requests(method="POST") if r["path"].endswith("/messages")]
    assert [(r["status"], r["accepted"], r["channel_id"]) for r in log] == [(500, False, NUMBER), (200, True, NUMBER)]
    assert at_cloud.credentials.token not in json.dumps(log)


def test_a_demo_customer_answers(at_cloud):
    at_cloud.simulator.options(demo=True, read_seconds=0.1)
    send(at_cloud, Outgoing(to=DANA, type="text", text="Good morning"))
    answer = at_cloud.wait_for_value(InboundMessage, from_me=False)
    assert (answer.sender_name, answer.wa_chat_id) == ("Dana Demo", DANA)


def test_the_command_serves_the_cloud_api_and_remembers_its_numbers(tmp_path):
    state = str(tmp_path / "state.json")
    with simulator_process("--provider", "cloud", "--state", state) as simulator:
        simulator.add_channel("a-token", "http://127.0.0.1:9/hook", "s", number="15550100144", phone_number_id=NUMBER)
    with simulator_process("--provider", "cloud", "--state", state) as simulator:
        (number,) = simulator.channels()
        assert (number["number"], number["phone_number_id"]) == ("15550100144", NUMBER)
        assert number["webhooks"] == [{"url": "http://127.0.0.1:9/hook"}]


def test_memory_is_bounded():
    with running_simulator("cloud", max_messages=5, statuses=False) as simulator:
        simulator.add_channel("t", phone_number_id=NUMBER)
        simulator.inbound(count=20, text="Hi {n}")
        assert len(simulator.messages()) == 5


def test_ids_look_like_metas(at_cloud):
    assert re.fullmatch(r"wamid\.[\w-]{40,}==", send(at_cloud).wa_message_id)
