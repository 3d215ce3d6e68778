"""Cursors and page sizes."""

import pytest

from kernel.errors import Invalid
from kernel.paging import decode_cursor, encode_cursor, page_limit


@pytest.mark.parametrize("values", [("a",), ("2026-11-21T12:00:00+00:00", "018f"), ("é/+?", "")])
def test_a_cursor_comes_back_as_it_was(values):
    cursor = encode_cursor(*values)
    assert decode_cursor(cursor, len(values)) == list(values)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "W1tb" * 40_000, "é", "\0", "W10", "bnVsbA", "WzFd", encode_cursor("a", "b"), encode_cursor("a") + "!"],
)
def test_a_cursor_that_was_not_given_out_is_refused(cursor):
    with pytest.raises(Invalid) as refusal:
        decode_cursor(cursor, 1)
    assert "cursor" in refusal.value.fields


@pytest.mark.parametrize(("raw", "limit"), [(None, 50), ("", 50), ("1", 1), ("200", 200)])
def test_a_page_size_is_read(raw, limit):
    assert page_limit(raw) == limit


@pytest.mark.parametrize("raw", ["0", "-1", "201", "ten", "1.5", "9" * 5000])
def test_a_page_size_out_of_range_is_refused(raw):
    with pytest.raises(Invalid) as refusal:
        page_limit(raw)
    assert "limit" in refusal.value.fields
