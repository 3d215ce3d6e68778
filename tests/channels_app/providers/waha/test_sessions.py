"""The session at WAHA: made, linked, stopped, restricted, logged out."""

import pytest

from channels_app.providers.base import Credentials
from channels_app.providers.errors import ProviderError
from channels_app.providers.waha.client import Client
from channels_app.states import ChannelStatus
from tests.channels_app.providers.messages import DEADLINE, said_by
from tests.channels_app.providers.vendors import SECRET
from tests.channels_app.providers.waha.bodies import NOT_WORKING


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


def test_leaving_stops_a_session_that_nobody_else_hears_and_a_missing_one_is_left_already(at_waha):
    at_waha.adapter.leave(at_waha.credentials, at_waha.webhook_url, deadline=DEADLINE)
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.DISCONNECTED
    at_waha.adapter.qr_code(at_waha.credentials, deadline=DEADLINE)  # linked as it was: it only has to be started
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.CONNECTED
    at_waha.adapter.leave(fresh(at_waha), at_waha.webhook_url, deadline=DEADLINE)


def test_leaving_keeps_a_session_running_that_another_program_hears(at_waha):
    other = {"url": "https://crm.example.org/hook", "events": ["message"]}
    session = "/api/sessions/shop"
    client = Client(at_waha.credentials, DEADLINE)
    client.act("PUT", session, {"config": {"webhooks": [*client.get(session)["config"]["webhooks"], other]}})
    at_waha.adapter.leave(at_waha.credentials, at_waha.webhook_url, deadline=DEADLINE)
    assert client.get(session)["config"]["webhooks"] == [other]
    assert at_waha.adapter.health(at_waha.credentials, deadline=DEADLINE).status == ChannelStatus.CONNECTED


def test_logging_out_of_a_session_that_is_gone_is_done(at_waha):
    at_waha.adapter.log_out(fresh(at_waha), deadline=DEADLINE)
