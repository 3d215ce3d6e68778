"""How much is handed to the senders, what they refuse to begin, and when the scheduler waits for them."""

import queue
import time
import uuid

import pytest
from django.db import connection

from outbox.services.relaying import reading, threads, ticking
from outbox.services.relaying.sending import START_WITHIN_SECONDS, Senders
from outbox.states import Outcome
from tests.support.outbox import HandRelay, put

pytestmark = pytest.mark.django_db


def test_quick_senders_get_twice_what_they_brought_back_and_slow_ones_the_least(lane, provider):
    lane.cap = 60
    lane.save()
    for index in range(60):
        put(lane, uuid.uuid4(), f"{index}")
    relay = HandRelay(slots=8)
    texts = relay.look()
    assert len(texts) == 8
    for text in texts:
        relay.scheduler.events.put(relay.perform(text))
    texts = relay.look()
    assert len(texts) == 16
    assert len(relay.end(texts[0])) == 15, "one came back: no more is handed out until the least is undercut"
    for text in texts[1:]:
        relay.end(text)
    assert len(relay.under_way()) == 8


def test_what_waited_too_long_for_a_free_thread_is_put_back_without_a_try(lane, chat, provider):
    put(lane, chat, "one")
    relay = HandRelay()
    relay.look()
    (started,) = relay.begun
    ends = []
    senders = Senders(number=1, report=ends.append, may_start=lambda: True)
    started.begun = time.monotonic() - START_WITHIN_SECONDS - 1
    senders.submit(started)
    senders.start()
    senders.stop(timeout=10)
    assert [(one.outcome, one.tries_used) for one in ends] == [(Outcome.NOT_SENT, 0)]
    assert provider.texts() == []


class NothingComes(queue.SimpleQueue):
    """Remembers how long it was waited for; 0 is a look."""

    def __init__(self):
        self.waits = []

    def get_nowait(self):
        self.waits.append(0)
        return super().get_nowait()

    def get(self, *, timeout):
        self.waits.append(timeout)
        raise queue.Empty


def test_the_scheduler_looks_before_it_waits_and_never_waits_while_there_is_work(lane, chat, provider):
    """CPython's queue may wait for ever in a first `get` whose timeout is very short."""
    put(lane, chat, "one")
    relay = HandRelay()
    relay.scheduler.events = events = NothingComes()
    relay.scheduler.step(timeout=0.5)
    assert relay.under_way() == ["one"]
    assert events.waits == [0]
    relay.look()
    events.waits.clear()
    relay.scheduler.step(timeout=0.5)
    looked, waited = events.waits
    assert looked == 0 < waited <= 0.5


def test_a_scheduler_that_ends_waits_for_outcomes_without_spinning(lane, chat, provider):
    relay = HandRelay()
    relay.scheduler.events = events = NothingComes()
    relay.scheduler.stopping = True
    relay.scheduler.step(timeout=0.5)
    assert events.waits == [0, 0.5], "although everything that it does while it lives is long due"


@pytest.mark.parametrize(
    ("name", "types", "indexes"),
    [
        ("TAKE", ["uuid[]", "bigint"], ["outbox_item_pkey", "item_place_in_chat", "outbox_lane_pkey"]),
        ("RECORD", ["text"] * 11, ["outbox_attempt_pkey", "outbox_item_pkey"]),
        ("CHAT_ROWS", ["uuid[]", "int"], ["item_place_in_chat"]),
        ("LANE_ROWS", ["uuid[]", "uuid[]", "uuid[]", "int"], ["item_open_by_lane"]),
    ],
)
def test_a_statement_goes_by_keys_also_when_it_was_planned_for_an_empty_table(name, types, indexes):
    """A plan that reads whole tables would be kept while they grow."""
    statement = getattr(ticking, name, None) or getattr(reading, name)
    for number in range(len(types)):
        statement = statement.replace("%s", f"${number + 1}", 1)
    if name == "RECORD":  # its parameters have casts
        types = []
    declared = f"({', '.join(types)})" if types else ""
    with connection.cursor() as cursor:
        for setting, value in threads.SESSION_SETTINGS.items():
            cursor.execute(f"set local {setting} = '{value}'")
        cursor.execute("set local plan_cache_mode = force_generic_plan")
        cursor.execute(f"prepare planned {declared} as {statement}")
        nothing = ", ".join(["null"] * statement.count("$"))
        cursor.execute(f"explain execute planned ({nothing})")
        plan = "\n".join(row for (row,) in cursor.fetchall())
        cursor.execute("deallocate planned")
    assert "Seq Scan" not in plan
    for index in indexes:
        assert index in plan
