"""The simulator of WAHA itself: a judge must be beyond doubt."""

import hashlib
import hmac

from channels_app.providers.base import InboundConnection, InboundMessage, InboundParticipants, InboundStatus, Outgoing
from channels_app.providers.waha.parsing import parse
from channels_app.states import ChannelStatus
from kernel import http, signing
from tests.channels_app.providers.messages import send
from tests.channels_app.providers.vendors import SECRET

GROUP = "120363000000000077@g.us"


def test_the_published_example_of_a_signature_is_ours_too():
    body = b'{"event":"message","session":"default","engine":"WEBJS"}'
    signature = signing.hmac_hex("my-secret-key", body, "sha512")
    assert (signature[:8], signature[-5:]) == ("208f8a55", "3fa89")


def test_webhooks_are_signed_over_their_raw_body_and_carry_the_envelope(at_waha):
    at_waha.simulator.inbound(text="Hi")
    at_waha.simulator.wait_until_idle()
    (call,) = at_waha.receiver.calls
    assert call.headers["X-Webhook-Hmac"] == hmac.new(SECRET.encode(), call.body, hashlib.sha512).hexdigest()
    assert call.headers["X-Webhook-Hmac-Algorithm"] == "sha512"
    assert call.data["event"] == "message.any"
    assert call.data["session"] == "shop"
    assert call.data["me"]["id"] == "15550100100@c.us"


def test_a_refused_webhook_is_repeated_in_order_until_its_attempts_are_used_up(at_waha):
    at_waha.simulator.add_channel("shop", at_waha.webhook_url, SECRET, retries={"policy": "constant", "attempts": 3})
    at_waha.receiver.answers = [503, 500, 200]
    at_waha.simulator.inbound(count=2, text="Kept {n}", webhooks={"drop": ["message"]})
    at_waha.simulator.wait_for(lambda: len(at_waha.receiver.calls) == 4, "two repetitions and the next")
    assert [value.text for value in at_waha.parsed()] == ["Kept 1"] * 3 + ["Kept 2"]
    at_waha.receiver.calls.clear()
    at_waha.receiver.answers = [500, 500, 500]
    at_waha.simulator.inbound(text="Lost", webhooks={"drop": ["message"]})
    at_waha.simulator.wait_until_idle()
    assert [d["status"] for d in at_waha.simulator.deliveries()][-3:] == [500, 500, 500]


def test_the_echo_comes_before_the_answer_or_never_when_told_to(at_waha):
    at_waha.simulator.fault(match={"path": "/api/sendText"}, times=1, echo="before")
    sent = send(at_waha)
    assert sent.wa_message_id in [v.wa_message_id for v in at_waha.parsed() if isinstance(v, InboundMessage)]
    at_waha.simulator.fault(match={"path": "/api/sendText"}, times=1, echo="never")
    silent = send(at_waha)
    at_waha.wait_for_value(InboundStatus, wa_message_id=silent.wa_message_id, status="read")
    assert silent.wa_message_id not in [v.wa_message_id for v in at_waha.parsed() if isinstance(v, InboundMessage)]


def test_reports_overtake_each_other_get_lost_and_come_twice_on_demand(at_waha):
    at_waha.simulator.fault(match={"path": "/api/sendText"}, times=1, webhooks={"reorder": True, "duplicate": 1})
    sent = send(at_waha)
    at_waha.simulator.wait_for(lambda: len(at_waha.receiver.calls) == 8, "everything twice")
    told = [v.status for v in at_waha.parsed() if isinstance(v, InboundStatus)]
    assert told == ["read", "read", "delivered", "delivered", "sent", "sent"]
    at_waha.receiver.calls.clear()
    at_waha.simulator.fault(match={"path": "/api/sendText"}, times=1, webhooks={"drop": ["message.ack"]})
    lost = send(at_waha)
    at_waha.wait_for_value(InboundMessage, wa_message_id=lost.wa_message_id)
    assert sent.wa_message_id != lost.wa_message_id
    assert len(at_waha.receiver.calls) == 1


def test_the_session_is_walked_through_its_states_and_every_step_is_told(at_waha):
    for state in ("qr", "passkey_required", "passkey_confirmation_required", "linked", "lost", "linked", "logged-out"):
        at_waha.simulator.connection(state)
    at_waha.simulator.wait_until_idle()
    told = [value.status for value in at_waha.parsed() if isinstance(value, InboundConnection)]
    assert told == [
        ChannelStatus.CONNECTING,
        ChannelStatus.QR_PENDING,
        ChannelStatus.QR_PENDING,
        ChannelStatus.QR_PENDING,
        ChannelStatus.CONNECTED,
        ChannelStatus.CONNECTING,
        ChannelStatus.CONNECTED,
        ChannelStatus.LOGGED_OUT,
    ]


def test_a_shown_code_is_scanned_by_itself_where_the_demo_wants_it(at_waha):
    at_waha.simulator.options(auto_link_seconds=0.0)
    at_waha.simulator.connection("qr")
    at_waha.adapter.qr_code(at_waha.credentials, deadline=5)
    assert at_waha.wait_for_value(InboundConnection, status=ChannelStatus.CONNECTED)


def test_group_reports_name_who_read_and_memberships_change(at_waha):
    at_waha.simulator.inbound(type="group", chat_id=GROUP, options=["15550100201", "15550100202"])
    at_waha.simulator.inbound(type="promote", chat_id=GROUP, **{"from": "15550100202"})
    promoted = at_waha.wait_for_value(InboundParticipants)
    assert (promoted.action, promoted.wa_ids) == ("promote", ("15550100202@s.whatsapp.net",))
    (group,) = at_waha.adapter.groups(at_waha.credentials, deadline=5).groups
    assert [p.rank for p in group.participants] == ["creator", "member", "admin"]
    message = at_waha.adapter.send(
        at_waha.credentials, Outgoing(to=GROUP, type="text", text="Hello all"), deadline=5
    ).wa_message_id
    read = at_waha.wait_for_value(InboundStatus, wa_message_id=message, viewer_wa_id="15550100202@s.whatsapp.net")
    assert read.status in ("delivered", "read")


def test_sessions_are_listed_stopped_and_deleted(at_waha):
    base = at_waha.simulator.base_url

    def call(method, path, json=None):
        return http.request(
            method,
            base + path,
            json=json,
            headers={"X-Api-Key": "k"},
            deadline=5,
            max_bytes=10**6,
            allow_private=True,
        )

    assert [s["name"] for s in call("GET", "/api/sessions").json()] == ["shop"]
    assert call("POST", "/api/sessions/shop/stop").json()["status"] == "STOPPED"
    assert call("POST", "/api/sessions", {"name": "shop"}).status == 422
    assert call("POST", "/api/sessions", {"name": "no spaces"}).status == 400
    assert call("DELETE", "/api/sessions/shop").status == 200
    assert call("GET", "/api/sessions/shop").status == 404
    assert call("GET", "/api/nowhere").status == 404
    assert http.request("GET", f"{base}/api/sessions", deadline=5, max_bytes=10**6, allow_private=True).status == 401


def test_every_event_that_it_sends_is_understood(at_waha):
    act = at_waha.simulator.inbound
    (theirs,) = act(type="poll", options=["Now", "Later"])
    for kind in ("reaction", "edit", "vote", "revoke", "typing", "call"):
        act(type=kind, target=theirs, text="Words", options=["Now"])
    at_waha.simulator.wait_until_idle()
    kinds = {parse(method="POST", suffix="", body=call.body).kind for call in at_waha.receiver.calls}
    assert kinds == {
        "message.any",
        "message.reaction",
        "message.edited",
        "poll.vote",
        "message.revoked",
        "presence.update",
        "call.received",
    }
