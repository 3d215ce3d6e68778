"""Times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel import clock
from workspaces.templatetags import moments

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("seconds", "whole", "rough"),
    [
        (-5, "0 s", "0 s"),
        (12, "12 s", "12 s"),
        (60, "1 m", "1 m"),
        (151, "2 m 31 s", "2 m"),
        (21_840, "6 h 4 m", "6 h"),
        (21_601, "6 h", "6 h"),
        (90_000, "1 d 1 h", "1 d"),
    ],
)
def test_a_length_of_time_has_the_units_that_matter(seconds, whole, rough):
    assert moments.span_text(timedelta(seconds=seconds)) == whole
    assert moments.rough_text(timedelta(seconds=seconds)) == rough


@pytest.mark.parametrize(("seconds", "words"), [(-3, "0:00"), (9, "0:09"), (272, "4:32"), (3_872, "1:04:32")])
def test_a_countdown_reads_like_a_clock(seconds, words):
    assert f">{words}</time>" in moments.countdown(NOW + timedelta(seconds=seconds))


def test_a_moment_carries_its_exact_time_for_the_browser():
    html = moments.stamp(NOW - timedelta(days=1))
    assert 'datetime="2026-02-28T12:00:00.000+00:00"' in html
    assert ">28 Feb 12:00:00</time>" in html
    assert ">28 Feb 2026</time>" in moments.day(NOW - timedelta(days=1))
    assert ">1 d ago</time>" in moments.ago(NOW - timedelta(days=1))


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_time_is_a_word(nothing):
    assert (moments.ago(nothing), moments.ago(nothing, "none yet")) == ("never", "none yet")
    assert (moments.age(nothing), moments.stamp(nothing), moments.day(nothing)) == ("–", "–", "–")
