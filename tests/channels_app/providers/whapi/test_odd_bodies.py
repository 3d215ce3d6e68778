"""Hostile bodies are refused or kept with a reason."""

import pytest

from channels_app.providers.base import Ignored, InboundMessage
from channels_app.providers.errors import Unreadable
from tests.channels_app.providers.whapi.bodies import GROUP, body, message, one, read


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, "{}".encode("utf-16")],
)
def test_what_is_no_json_object_is_refused_with_a_sentence(data):
    with pytest.raises(Unreadable, match=r"^The body .*\.$"):
        read(data)


@pytest.mark.parametrize(
    "broken",
    [
        {"messages": [{}]},
        {"messages": [message(id=None)]},
        {"messages": [message(id="x" * 256)]},
        {"messages": [message(timestamp="yesterday")]},
        {"messages": [message(timestamp=10**40)]},
        {"messages": [message(chat_id={"a": 1})]},
        {"messages": 7},
        {"messages": [message("action", {"type": "reaction"})]},
        {"statuses": [{"status": "read"}]},
        {"calls": [{"id": "x"}]},
        {"presences": [{}]},
        {"groups_participants": [{"group_id": GROUP}]},
        {"messages_updates": [{"id": "Target-0001"}]},
        {"messages_removed": [None, 3]},
        {"contacts": ["x"]},
    ],
)
def test_an_item_without_what_it_needs_is_kept_for_later_with_a_reason(broken):
    with pytest.raises(Unreadable, match=r"^[A-Z].*\.$"):
        read(body(**broken))


def test_a_broken_item_does_not_take_the_others_with_it():
    parsed = read(body("messages.post", messages=[message(), {"id": 3}, message(id="Other-0001")]))
    assert [type(value) for value in parsed.values] == [InboundMessage, InboundMessage, Ignored]


def test_nothing_that_postgresql_cannot_store_gets_through():
    raw = body("messages.post", messages=[message(content={"body": "a\x00b\ud800c 😀"}), message("odd", {"x": 1e400})])
    text, odd = read(raw.replace(b"Infinity", b"1e400")).values
    assert text.text == "abc 😀"
    assert odd.extra["raw"] == {"type": "odd", "odd": {"x": None}}


def test_unknown_events_are_kept_and_ignored():
    for data in (body("service.post", news=[1]), body("weather.post", weather="rain"), body("messages.post"), b"{}"):
        parsed = read(data)
        assert [type(value) for value in parsed.values] == [Ignored]
    assert read(body("weather.post")).kind == "weather.post"
    assert read(b"{}").kind == "unknown"
    assert "twice" in one(body(errors=[{"code": 1, "message": "Said twice"}])).reason
