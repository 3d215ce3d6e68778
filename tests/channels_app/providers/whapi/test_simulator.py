"""The simulator itself: a judge must be beyond doubt."""

import itertools
import random
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command

from channels_app.providers.base import (
    Credentials,
    InboundConnection,
    InboundMessage,
    InboundParticipants,
    InboundPresence,
    InboundStatus,
    Outgoing,
)
from channels_app.providers.errors import ProviderError
from channels_app.providers.simulating.talking import answer_to
from channels_app.providers.simulating.webhooks import Event, tweaked
from channels_app.states import ChannelStatus
from kernel import http
from tests.channels_app.providers.messages import DANA, DEADLINE, send
from tests.channels_app.providers.vendors import SECRET
from tests.support.simulator import ROOT, running_simulator, simulator_process

TOKEN = {"Authorization": "Bearer sim_conformance_token"}


def post(simulator, path, json, headers=TOKEN):
    url = simulator.base_url + path
    return http.request("POST", url, json=json, headers=headers, deadline=5, max_bytes=10**6, allow_private=True)


def statuses(vendor) -> list[str]:
    return [value.status for value in vendor.parsed() if isinstance(value, InboundStatus)]


# --- Webhooks ---


def test_the_echo_comes_after_the_answer_unless_told_otherwise(at_whapi):
    send(at_whapi)
    at_whapi.simulator.wait_for(lambda: statuses(at_whapi) == ["sent", "delivered", "read"], "all reports")
    kinds = [type(value) for value in at_whapi.parsed()]
    assert kinds == [InboundMessage, InboundStatus, InboundStatus, InboundStatus]
    at_whapi.simulator.fault(times=1, echo="before")
    sent = send(at_whapi)
    echoes = [value.wa_message_id for value in at_whapi.parsed() if isinstance(value, InboundMessage)]
    assert sent.wa_message_id in echoes, "the echo is there when the answer is"
    at_whapi.simulator.fault(times=1, echo="never")
    silent = send(at_whapi)
    at_whapi.wait_for_value(InboundStatus, wa_message_id=silent.wa_message_id, status="read")
    messages = [value.wa_message_id for value in at_whapi.parsed() if isinstance(value, InboundMessage)]
    assert len(messages) == 2
    assert silent.wa_message_id not in messages


def test_webhooks_carry_the_secret_and_the_channel(at_whapi):
    at_whapi.simulator.inbound(text="Hi")
    at_whapi.wait_for_value(InboundMessage)
    (call,) = at_whapi.receiver.calls
    assert call.headers["X-Webhook-Secret"] == SECRET
    assert call.data["channel_id"].startswith("SIMULA-")
    assert call.data["event"] == {"type": "messages", "event": "post"}


@pytest.mark.parametrize(
    ("mode", "verb", "suffix"), [("path", "POST", "presences/post"), ("method", "POST", "presences")]
)
def test_path_and_method_mode_have_no_event_in_the_body(at_whapi, mode, verb, suffix):
    at_whapi.simulator.add_channel(at_whapi.credentials.token, at_whapi.webhook_url, SECRET, mode=mode)
    at_whapi.simulator.inbound(type="typing")
    assert at_whapi.wait_for_value(InboundPresence).status == "typing"
    (call,) = at_whapi.receiver.calls
    assert (call.method, call.suffix) == (verb, suffix)
    assert "event" not in call.data


def test_in_method_mode_the_verb_is_the_event(at_whapi):
    at_whapi.simulator.add_channel(at_whapi.credentials.token, at_whapi.webhook_url, SECRET, mode="method")
    group = {"chat_id": "120363000000000077@g.us", "from": "15550100201"}
    at_whapi.simulator.inbound(type="join", **group)
    assert at_whapi.wait_for_value(InboundParticipants).action == "add"
    at_whapi.simulator.inbound(type="rename", text="New", **group)
    at_whapi.simulator.wait_for(lambda: len(at_whapi.receiver.calls) == 2, "both webhooks")
    assert [call.method for call in at_whapi.receiver.calls] == ["PUT", "PATCH"]


def test_only_what_was_subscribed_is_told(at_whapi):
    events = [{"type": "messages", "method": "post"}]
    at_whapi.simulator.add_channel(at_whapi.credentials.token, at_whapi.webhook_url, SECRET, events=events)
    at_whapi.simulator.inbound(type="typing")
    at_whapi.simulator.inbound(text="Hi")
    at_whapi.wait_for_value(InboundMessage)
    at_whapi.simulator.wait_until_idle()
    assert len(at_whapi.receiver.calls) == 1


def test_without_persistence_a_refused_webhook_is_lost_and_with_it_repeated_in_order(at_whapi):
    at_whapi.simulator.add_channel(at_whapi.credentials.token, persist=False)
    at_whapi.receiver.answers = [500]
    at_whapi.simulator.inbound(count=2, text="Lost {n}")
    at_whapi.simulator.wait_until_idle()
    assert [d["status"] for d in at_whapi.simulator.deliveries()] == [500, 200]
    at_whapi.simulator.add_channel(at_whapi.credentials.token, persist=True)
    at_whapi.receiver.calls.clear()
    at_whapi.receiver.answers = [503, 500, 204]
    at_whapi.simulator.inbound(count=2, text="Kept {n}")
    at_whapi.simulator.wait_for(lambda: len(at_whapi.receiver.calls) == 5, "three repetitions and the next")
    assert [value.text for value in at_whapi.parsed()] == ["Kept 1"] * 4 + ["Kept 2"]
    assert [d["attempt"] for d in at_whapi.simulator.deliveries()][2:] == [1, 2, 3, 4, 1]


def test_webhooks_are_duplicated_reordered_batched_and_dropped_on_demand():
    events = [Event("statuses", "post", "statuses", [{"n": n}], n / 10) for n in range(3)]

    def told(**tweaks):
        return [(e.items, e.seconds) for e in tweaked(events, tweaks)]

    assert told() == [([{"n": 0}], 0.0), ([{"n": 1}], 0.1), ([{"n": 2}], 0.2)]
    assert [items for items, _ in told(duplicate=1)] == [[{"n": n}] for n in (0, 0, 1, 1, 2, 2)]
    assert told(reorder=True) == [([{"n": n}], 0.2) for n in (2, 1, 0)]
    assert told(batch=True) == [([{"n": 0}, {"n": 1}, {"n": 2}], 0.2)]
    assert told(delay_ms=500)[0] == ([{"n": 0}], 0.5)
    assert told(drop=True) == told(drop=["statuses"]) == told(drop=["statuses.post"]) == []
    assert len(told(drop=["messages"])) == 3


def test_the_tweaks_reach_the_wire(at_whapi):
    at_whapi.simulator.fault(times=1, webhooks={"batch": True, "duplicate": 1})
    send(at_whapi)
    at_whapi.simulator.wait_for(lambda: len(at_whapi.receiver.calls) == 4, "two bodies, twice")
    assert statuses(at_whapi) == ["sent", "delivered", "read"] * 2


# --- Requests ---


def test_every_request_is_kept_in_order_with_what_became_of_it(at_whapi):
    at_whapi.simulator.fault(times=1, status=500)
    for text in ("one", "two"):
        post(at_whapi.simulator, "/messages/text", {"to": DANA, "body": text})
    post(at_whapi.simulator, "/messages/text", {"to": "+1", "body": "three"})
    log = at_whapi.simulator.requests(path="/messages/text")
    assert [(r["body"]["body"], r["status"], r["accepted"]) for r in log] == [
        ("one", 500, False),
        ("two", 200, True),
        ("three", 400, False),
    ]
    assert all(a["at"] <= b["at"] and a["n"] < b["n"] for a, b in itertools.pairwise(log))
    assert [m["text"]["body"] for m in at_whapi.simulator.messages()] == ["two"]
    assert "authorization" not in log[0]["headers"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/messages/text", {"to": "+15550100201", "body": "x"}, 400, "must match pattern"),
        ("/messages/text", {"to": DANA}, 400, "required property"),
        ("/messages/text", {"to": DANA, "body": "x", "quoted": "?"}, 400, "quoted"),
        ("/messages/image", {"to": DANA, "media": "png-00ff"}, 404, "media not found"),
        ("/messages/image", {"to": DANA, "media": "https://example.org/x.png"}, 400, "link"),
        ("/messages/poll", {"to": DANA, "title": "?", "options": ["one"]}, 400, "options"),
        ("/messages/hologram", {"to": DANA}, 404, "not found"),
        ("/", {}, 404, "/ not found"),
    ],
)
def test_wrong_requests_are_refused_as_the_provider_does(at_whapi, path, body, status, words):
    answer = post(at_whapi.simulator, path, body)
    assert answer.status == status
    assert answer.json()["error"]["code"] == status
    assert words in str(answer.json())


def test_channels_are_kept_apart_by_their_tokens(at_whapi):
    other = {"Authorization": "Bearer sim_other"}
    assert post(at_whapi.simulator, "/messages/text", {"to": DANA, "body": "x"}, headers=other).status == 200
    at_whapi.simulator.inbound(channel="sim_other", text="For the other")
    at_whapi.simulator.wait_until_idle()
    assert at_whapi.receiver.calls == []
    assert len(at_whapi.simulator.messages(channel="sim_other")) == 2
    assert at_whapi.simulator.messages(channel=at_whapi.credentials.token) == []
    stranger = {"Authorization": "Bearer nobody"}
    answer = post(at_whapi.simulator, "/messages/text", {"to": DANA, "body": "x"}, headers=stranger)
    assert (answer.status, answer.json()["error"]["message"]) == (404, "Channel not found")


def test_a_new_token_becomes_a_channel_with_its_settings(at_whapi):
    register = at_whapi.adapter.register_webhook
    fresh = Credentials(base_url=at_whapi.simulator.base_url, token="a-new-token")
    register(fresh, at_whapi.webhook_url, SECRET, deadline=DEADLINE)
    assert at_whapi.adapter.health(fresh, deadline=DEADLINE).status == ChannelStatus.CONNECTED
    at_whapi.simulator.options(demo=True)
    unlinked = Credentials(base_url=at_whapi.simulator.base_url, token="another-token")
    register(unlinked, at_whapi.webhook_url, SECRET, deadline=DEADLINE)
    assert at_whapi.adapter.health(unlinked, deadline=DEADLINE).status == ChannelStatus.QR_PENDING
    bad = Credentials(base_url=at_whapi.simulator.base_url, token="bad-token")
    with pytest.raises(ProviderError, match="channel_not_found"):
        register(bad, at_whapi.webhook_url, SECRET, deadline=DEADLINE)


def test_a_group_that_our_number_left_takes_no_messages(at_whapi):
    group = "120363000000000077@g.us"
    at_whapi.simulator.inbound(type="group", chat_id=group, text="Team")
    sent = send(at_whapi, Outgoing(to=group, type="text", text="Hi"))
    assert len(sent.wa_message_id.split("-")) == 3
    report = at_whapi.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="read")
    assert report.viewer_wa_id == DANA
    at_whapi.simulator.inbound(type="leave", chat_id=group, **{"from": "15550100100"})
    assert post(at_whapi.simulator, "/messages/text", {"to": group, "body": "x"}).status == 403


def test_a_rule_meets_only_what_it_names_and_as_often_as_it_says(at_whapi):
    at_whapi.simulator.fault(match={"path": "/messages/*", "to": "15550100202*"}, times=2, status=429)

    def status(to: str) -> int:
        return post(at_whapi.simulator, "/messages/text", {"to": to, "body": "x"}).status

    assert [status("15550100201"), status("15550100202"), status("15550100202"), status("15550100202")] == [
        200,
        429,
        429,
        200,
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("faults", {"then": "explode"}),
        ("faults", {"match": {"colour": "red"}}),
        ("faults", {"webhooks": {"loud": True}}),
        ("faults", {"what": 1}),
        ("inbound", {"type": "dance"}),
        ("connection", {"state": "moon"}),
        ("options", {"speed": 3}),
        ("nothing", {}),
    ],
)
def test_the_control_api_says_what_it_does_not_know(at_whapi, name, values):
    answer = post(at_whapi.simulator, f"/_sim/{name}", values)
    assert answer.status in (400, 404)
    assert answer.json()["error"]["message"]


def test_memory_is_bounded():
    with running_simulator(max_messages=10, max_requests=15, statuses=False) as simulator:
        for _ in range(40):
            post(simulator, "/messages/text", {"to": DANA, "body": "x"})
        assert len(simulator.messages()) == 10
        assert [r["n"] for r in simulator.requests()] == list(range(26, 41))


# --- The connection ---


def test_every_step_of_the_connection_is_told(at_whapi):
    at_whapi.simulator.connection("qr")
    at_whapi.simulator.connection("linked")
    at_whapi.simulator.connection("lost")
    at_whapi.simulator.connection("linked")

    def states() -> list[str]:
        return [v.status for v in at_whapi.parsed() if isinstance(v, InboundConnection)]

    S = ChannelStatus
    walk = [S.CONNECTING, S.CONNECTING, S.QR_PENDING, S.QR_PENDING, S.CONNECTED, S.CONNECTED, S.CONNECTING]
    at_whapi.simulator.wait_for(lambda: states() == [*walk, S.CONNECTED, S.CONNECTED], "the whole walk")


def test_a_ban_takes_the_webhook_with_it(at_whapi):
    at_whapi.simulator.connection("banned")
    (channel,) = at_whapi.simulator.channels()
    assert (channel["state"], channel["webhooks"]) == ("QR", [])


def test_in_the_demo_somebody_scans_the_code():
    with running_simulator(auto_link_seconds=0.05) as simulator:
        simulator.add_channel("sim_new_one", state="QR")
        url = f"{simulator.base_url}/users/login"
        headers = {"Authorization": "Bearer sim_new_one"}
        code = http.request("GET", url, headers=headers, deadline=5, max_bytes=10**6, allow_private=True).json()
        assert code["base64"].startswith("data:image/png;base64,")
        simulator.wait_for(lambda: simulator.channels()[0]["state"] == "AUTH", "the scan")


# --- The demo ---


def test_a_demo_customer_reads_types_and_answers(at_whapi):
    at_whapi.simulator.options(demo=True, read_seconds=0.1)
    send(at_whapi, Outgoing(to=DANA, type="text", text="Good morning"))
    answer = at_whapi.wait_for_value(InboundMessage, from_me=False)
    assert answer.text
    assert answer.sender_name == "Dana Demo"
    order = [type(value) for value in at_whapi.parsed() if not isinstance(value, InboundStatus)]
    assert order.index(InboundPresence) < order.index(InboundMessage, 1)


def test_answers_fit_the_question():
    def answers(type_: str, text: str) -> set[str]:
        return {answer_to(type_, text, random.Random(seed)) for seed in range(50)}

    assert "You are welcome!" in answers("text", "Thank you very much")
    assert "That works." in answers("text", "Shall we say tomorrow?")
    assert "Looks good!" in answers("document", "")
    assert "Okay!" in answers("text", "The blue one.")


# --- The process ---


def test_the_command_serves_until_it_is_stopped_and_remembers_its_channels(tmp_path):
    state = str(tmp_path / "state.json")
    with simulator_process("--state", state) as simulator:
        simulator.add_channel("sim_kept", "http://127.0.0.1:9/hook", "s", number="15550100144")
        assert simulator.base_url.startswith("http://127.0.0.1:")
    with simulator_process("--state", state) as simulator:
        (channel,) = simulator.channels()
        assert (channel["number"], channel["webhooks"][0]["url"]) == ("15550100144", "http://127.0.0.1:9/hook")


def test_a_port_that_is_taken_is_one_sentence():
    with running_simulator() as simulator:
        port = simulator.base_url.rsplit(":", 1)[1]
        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            call_command("simulate_provider", port=int(port))


def test_the_simulator_stops_while_a_client_hangs():
    with running_simulator() as simulator:
        simulator.fault(then="hang")
        script = f"import socket; s=socket.create_connection(('127.0.0.1', {simulator.base_url.rsplit(':', 1)[1]})); "
        script += "s.sendall(b'GET /health HTTP/1.1\\r\\nAuthorization: Bearer sim_x\\r\\n\\r\\n'); print(s.recv(9))"
        client = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
        simulator.wait_for(lambda: simulator.requests(path="/health"), "the request")
        started = time.monotonic()
    assert time.monotonic() - started < 3
    client.communicate(timeout=5)


def test_deadline_of_the_adapter_holds_while_the_simulator_hangs(at_whapi):
    at_whapi.simulator.fault(then="hang", times=1)
    started = time.monotonic()
    with pytest.raises(Exception, match="no_answer_timeout"):
        send(at_whapi, deadline=0.3)
    assert time.monotonic() - started < DEADLINE
