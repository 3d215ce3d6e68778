"""Facts that go up."""

import logging
from collections import defaultdict
from dataclasses import dataclass

import pytest
from django.db import transaction

from kernel import events
from kernel.events import Moment, publish, subscribe

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class SomethingHappened:
    number: int


@pytest.fixture(autouse=True)
def _no_other_subscribers(monkeypatch):
    monkeypatch.setattr(events, "_subscribers", defaultdict(list))


def test_a_subscriber_of_the_same_transaction_hears_at_once_and_one_of_after_commit_later():
    heard = []
    subscribe(SomethingHappened, lambda event: heard.append(("same", event.number)), Moment.SAME_TRANSACTION)
    subscribe(SomethingHappened, lambda event: heard.append(("after", event.number)), Moment.AFTER_COMMIT)
    with transaction.atomic():
        publish(SomethingHappened(1))
        assert heard == [("same", 1)]
    assert heard == [("same", 1), ("after", 1)]


def test_a_deed_that_is_undone_is_not_told_after_commit():
    heard = []
    subscribe(SomethingHappened, heard.append, Moment.AFTER_COMMIT)
    with transaction.atomic():
        publish(SomethingHappened(1))
        transaction.set_rollback(True)
    assert heard == []


def test_a_failing_subscriber_of_the_same_transaction_fails_the_deed():
    def fail(event):
        raise ZeroDivisionError

    subscribe(SomethingHappened, fail, Moment.SAME_TRANSACTION)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish(SomethingHappened(1))


def test_a_failing_subscriber_after_commit_harms_nobody_else(caplog):
    heard = []

    def fail(event):
        raise ZeroDivisionError

    subscribe(SomethingHappened, fail, Moment.AFTER_COMMIT)
    subscribe(SomethingHappened, heard.append, Moment.AFTER_COMMIT)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        publish(SomethingHappened(1))
    assert heard == [SomethingHappened(1)]
    assert "ZeroDivisionError" in caplog.text


def test_a_failure_with_one_event_keeps_the_subscriber_from_none_of_the_others():
    heard = []

    def hear(event):
        if event.number == 1:
            raise ZeroDivisionError
        heard.append(event.number)

    subscribe(SomethingHappened, hear, Moment.AFTER_COMMIT)
    with transaction.atomic():
        publish(SomethingHappened(1), SomethingHappened(2))
    assert heard == [2]


def test_who_hears_together_gets_all_that_was_published_at_once(caplog):
    heard = []

    def fail(events):
        raise ZeroDivisionError

    subscribe(SomethingHappened, fail, Moment.AFTER_COMMIT_TOGETHER)
    subscribe(SomethingHappened, heard.append, Moment.AFTER_COMMIT_TOGETHER)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        publish(SomethingHappened(1), SomethingHappened(2))
        publish(SomethingHappened(3))
    assert heard == [[SomethingHappened(1), SomethingHappened(2)], [SomethingHappened(3)]]
    assert "ZeroDivisionError" in caplog.text


def test_subscribing_twice_is_hearing_once():
    heard = []
    for _ in range(2):
        subscribe(SomethingHappened, heard.append, Moment.SAME_TRANSACTION)
    with transaction.atomic():
        publish(SomethingHappened(1))
    assert heard == [SomethingHappened(1)]


def test_a_fact_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="atomic"):
        publish(SomethingHappened(1))
