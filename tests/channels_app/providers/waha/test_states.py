"""What WAHA tells of a session, and events without use."""

import pytest

from channels_app.providers.base import Ignored, InboundConnection
from channels_app.states import ChannelStatus
from tests.channels_app.providers.waha.bodies import SHOP, body, one, read


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("STOPPED", ChannelStatus.DISCONNECTED),
        ("STARTING", ChannelStatus.CONNECTING),
        ("SCAN_QR_CODE", ChannelStatus.QR_PENDING),
        ("PASSKEY_REQUIRED", ChannelStatus.QR_PENDING),
        ("PASSKEY_CONFIRMATION_REQUIRED", ChannelStatus.QR_PENDING),
        ("WORKING", ChannelStatus.CONNECTED),
        ("FAILED", ChannelStatus.ERROR),
    ],
)
def test_every_state_of_a_session_is_one_of_a_channel(state, status):
    found = one("session.status", {"name": "shop", "status": state, "statuses": [], "data": {"code": "secret-code"}})
    assert (found.status, found.provider_channel_id) == (status, "shop")
    assert "secret-code" not in repr(found)
    if state == "WORKING":
        assert (found.own_wa_id, found.own_name) == (SHOP, "Demo shop")
    else:
        assert found.detail


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (["STARTING", "WORKING", "FAILED"], ChannelStatus.LOGGED_OUT),
        (["STARTING", "WORKING"], ChannelStatus.LOGGED_OUT),
        (["SCAN_QR_CODE", "FAILED"], ChannelStatus.ERROR),
        (["WORKING", "STARTING", "FAILED"], ChannelStatus.ERROR),
        (["FAILED"], ChannelStatus.ERROR),
    ],
)
def test_a_session_that_fails_out_of_work_was_unlinked(before, status):
    points = [{"status": state, "timestamp": n} for n, state in enumerate(before)]
    found = one("session.status", {"name": "shop", "status": "FAILED", "statuses": points})
    assert isinstance(found, InboundConnection)
    assert found.status == status


def test_a_state_that_nobody_knows_is_ignored():
    assert isinstance(one("session.status", {"name": "shop", "status": "DREAMING"}), Ignored)


@pytest.mark.parametrize(
    "event",
    [
        "engine.event",
        "state.change",
        "chat.archive",
        "label.upsert",
        "message.waiting",
        "poll.vote.failed",
        "",
        "new.one",
    ],
)
def test_events_without_use_are_kept_with_a_reason(event):
    parsed = read(body(event, {"event": "gows.any", "data": {"a": 1}}))
    (value,) = parsed.values
    assert isinstance(value, Ignored)
    assert value.reason
    assert parsed.kind == (event or "unknown")
