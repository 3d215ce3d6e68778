"""Folding as a pure function: tables, and every order of a small set of facts."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from inbox.services.folding import About, Seen, folded, text_digest

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
OURS = Seen("outbound", "sent", "Hello", NOON)
THEIRS = Seen("inbound", "received", "Hello", NOON)


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def report(word: str, seconds: int | None = None, viewer: str = "", **error) -> About:
    return About("status", f"{word}:{viewer}", error, None if seconds is None else at(seconds))


def edit(text: str, seconds: int | None) -> About:
    return About("edit", text_digest(text), {"text": text}, None if seconds is None else at(seconds), text_digest(text))


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        ("pending", [], "pending"),
        ("pending", ["sent"], "sent"),
        ("uncertain", ["delivered"], "delivered"),
        ("failed", ["read"], "read"),
        ("cancelled", ["sent"], "sent"),
        ("sent", ["failed"], "failed"),
        ("sent", ["failed", "sent"], "failed"),
        ("sent", ["failed", "delivered"], "delivered"),
        ("sent", ["read", "delivered", "sent"], "read"),
        ("sent", ["played", "read"], "played"),
        ("played", ["delivered", "played"], "played"),
    ],
)
def test_only_the_furthest_report_counts(before, words, after):
    base = Seen("outbound", before, "Hello", NOON)
    for order in permutations(report(word) for word in words):
        assert folded(base, order).status == after


def test_a_failure_brings_its_reason_and_a_proof_of_delivery_takes_it_away():
    failure = report("failed", 5, code="131", detail="Blocked.")
    seen = folded(OURS, [failure])
    assert (seen.error_code, seen.error_detail) == ("131", "Blocked.")
    assert folded(seen, [failure, report("delivered", 9)]).error_code == ""


def test_the_first_time_of_each_report_is_shown():
    seen = folded(OURS, [report("read", 9, "a"), report("read", 4, "b"), report("delivered", 2), report("delivered")])
    assert (seen.delivered_at, seen.read_at, seen.played_at) == (at(2), at(4), None)


def test_our_reading_of_a_customers_message_is_no_report_about_it():
    assert folded(THEIRS, [report("read", 5)]) == THEIRS


def test_the_latest_edit_counts_in_any_order_and_one_without_a_time_is_the_oldest():
    facts = [edit("two", 2), edit("three", 3), edit("undated", None), About("revoke", "", {}, at(8)), report("sent", 1)]
    ends = {folded(OURS, order) for order in permutations(facts)}
    assert len(ends) == 1
    seen = ends.pop()
    assert (seen.text, seen.edited_at, seen.deleted_at) == ("three", at(3), at(8))
    assert folded(OURS, [edit("undated", None)]).edited_at == NOON
    assert folded(OURS, [edit("undated", None), edit("before the message", -5)]).text == "before the message"


def test_folding_twice_is_folding_once():
    facts = [edit("two", 2), edit("also two", 2), report("delivered", 1), About("revoke", "", {}, None)]
    once = folded(OURS, facts)
    assert folded(once, facts) == once
    assert folded(folded(OURS, facts[:2]), facts[2:] + facts) == once
