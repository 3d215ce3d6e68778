"""Any reordering, repetition and batching of what a provider tells ends in the same chats, as a small model says."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.inbox.convergence.histories import Response, histories
from tests.inbox.convergence.model import check_against_model
from tests.inbox.convergence.running import cut, run, without_ties


@pytest.mark.timeout(600)  # making a failing history small takes its time, and a cut there would hide it
@given(history=histories(), chance=st.randoms(use_true_random=False))
@settings(
    max_examples=int(os.environ.get("CONVERGENCE_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_repetition_and_batching_ends_in_the_same_chats(world, history, chance):
    sends, values = history
    told = run(world, sends, [values])
    check_against_model(sends, values, told)
    again = [value for value in values if not isinstance(value, Response) and chance.random() < 0.5]
    shuffled = [*values, *again]
    chance.shuffle(shuffled)
    other = run(world, sends, cut(shuffled, chance))
    check_against_model(sends, values, other)
    for wa_id, seen in told["messages"].items():
        assert other["messages"][wa_id] == seen
    assert without_ties(other) == without_ties(told)
