"""What each end of an attempt means for its item."""

import uuid

import pytest

from outbox.errors import GiveUp, LaneClosed, OutcomeUnknown, SlowDown, TryAgain, UnknownKind
from outbox.registry import Accepted, Job
from outbox.services.relaying.judging import NotStarted, Started, judge


def started(attempt_number: int = 1) -> Started:
    job = Job(*(uuid.uuid4() for _ in range(5)), "test.send", {}, attempt_number, 20.0)
    return Started(1, job, max_attempts=5, begun=0.0)


@pytest.mark.parametrize(
    ("end", "number", "repeatable", "outcome", "state", "tries", "delay"),
    [
        (Accepted("wa"), 1, False, "sent", "sent", 1, 0),
        (GiveUp("bad", "no"), 1, False, "failed", "failed", 1, 0),
        (TryAgain("dns", "no"), 1, False, "retry", "queued", 1, 60),
        (TryAgain("dns", "no"), 4, False, "retry", "queued", 1, 480),
        (TryAgain("dns", "no"), 5, False, "failed", "failed", 1, 0),
        (OutcomeUnknown("timeout", "no"), 1, False, "uncertain", "uncertain", 1, 3),
        (OutcomeUnknown("timeout", "no"), 1, True, "uncertain", "queued", 1, 60),
        (OutcomeUnknown("timeout", "no"), 5, True, "uncertain", "failed", 1, 0),
        (SlowDown("429", "wait", after_seconds=9), 1, False, "deferred", "queued", 0, 0),
        (SlowDown("429", "wait", after_seconds=9, scope="chat"), 1, False, "deferred", "queued", 0, 9),
        (LaneClosed("401", "log in"), 5, False, "deferred", "queued", 0, 0),
        (NotStarted(), 5, False, "not_sent", "queued", 0, 0),
        (UnknownKind(), 1, False, "retry", "queued", 1, 60),
        (UnknownKind(), 5, False, "failed", "failed", 1, 0),
        (KeyError("text"), 1, False, "uncertain", "uncertain", 1, 3),
        (KeyError("text"), 1, True, "uncertain", "queued", 1, 60),
    ],
)
def test_the_verdict(end, number, repeatable, outcome, state, tries, delay):
    ended = judge(started(number), end, repeatable=repeatable, jitter=0.5)
    assert (ended.outcome, ended.state, ended.tries_used, ended.delay_seconds) == (outcome, state, tries, delay)
    assert ended.counts is (outcome not in ("deferred", "not_sent"))


@pytest.mark.parametrize(
    ("end", "answered"),
    [
        (Accepted("wa"), True),
        (GiveUp("400", "no", http_status=400), True),
        (GiveUp("no_token", "There is no token."), None),
        (SlowDown("429", "wait", after_seconds=9, http_status=429), True),
        (SlowDown("not_called", "wait", after_seconds=9, scope="chat"), None),
        (TryAgain("connect", "no"), False),
        (OutcomeUnknown("timeout", "no"), False),
        (UnknownKind(), None),
        (KeyError("text"), None),
        (NotStarted(), None),
    ],
)
def test_whether_the_provider_lives(end, answered):
    assert judge(started(), end, repeatable=False, jitter=0.5).answered is answered


def test_a_crash_is_named_without_its_message_which_may_hold_a_body():
    ended = judge(started(), ValueError("the customer's secret"), repeatable=False, jitter=0)
    assert ended.error_code == "crashed"
    assert "secret" not in ended.error
    assert "ValueError" in ended.error


def test_what_a_provider_says_is_made_storable():
    error = GiveUp("a" * 99, "x\x00y\ud800" + "z" * 999, http_status="teapot")
    ended = judge(started(), error, repeatable=False, jitter=0)
    assert ended.http_status is None
    assert (len(ended.error_code), len(ended.error)) == (60, 500)
    assert ended.error.startswith("xy?")


def test_an_acceptance_without_an_id_is_an_acceptance():
    assert judge(started(), Accepted(None), repeatable=False, jitter=0).provider_id == ""
