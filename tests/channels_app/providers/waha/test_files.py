"""Files and history, fetched from WAHA."""

from datetime import UTC, datetime, timedelta

import pytest

from channels_app.providers.base import InboundMessage, Outgoing
from channels_app.providers.errors import ProviderError
from kernel import clock
from tests.channels_app.providers.messages import DANA, DEADLINE, PNG, send, stored


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
