"""Group commit: nobody waits for a clock, nobody is told of what did not happen."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kernel.together import Together, Unfinished
from tests.support.waiting import until


class Work:
    """Notes what was done together; the first go can be held up until the test lets it end."""

    def __init__(self, act: Callable[[Sequence[str]], None] = lambda things: None, **limits: float):
        self.goes: list[list[str]] = []
        self.begun, self.may_end = threading.Event(), threading.Event()
        self._act = act
        self.together = Together(self._do, **({"most": 100, "most_weight": 100} | limits))

    def _do(self, things: Sequence[str]) -> None:
        self.goes.append(list(things))
        if len(self.goes) == 1:
            self.begun.set()
            assert self.may_end.wait(10)
        self._act(things)

    def first_and_then(self, pool: ThreadPoolExecutor, *others: str, weight: int = 1) -> list[Future]:
        """`others` come while "first" is being done, one after the other."""
        wishes = [pool.submit(self.together.do, "first", weight)]
        assert self.begun.wait(10)
        for number, other in enumerate(others, 1):
            wishes.append(pool.submit(self.together.do, other, weight))
            until(lambda: len(self.together._waiting) == number)  # noqa: B023  awaited in this turn
        self.may_end.set()
        return wishes


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_who_comes_alone_is_served_at_once(pool):
    work = Work()
    work.may_end.set()
    work.together.do("a")
    work.together.do("b")
    assert work.goes == [["a"], ["b"]]


def test_what_comes_meanwhile_is_done_in_one_go_and_in_order(pool):
    work = Work()
    for wish in work.first_and_then(pool, "a", "b", "c"):
        wish.result(10)
    assert work.goes == [["first"], ["a", "b", "c"]]


def test_one_go_takes_no_more_than_its_limits(pool):
    many = Work(most=2)
    for wish in many.first_and_then(pool, "a", "b", "c"):
        wish.result(10)
    assert many.goes == [["first"], ["a", "b"], ["c"]]
    heavy = Work(most_weight=5)
    for wish in heavy.first_and_then(pool, "a", "b", "c", weight=3):
        wish.result(10)
    assert heavy.goes == [["first"], ["a"], ["b"], ["c"]]


def test_what_cannot_be_done_harms_nobody_who_came_with_it(pool):
    def refuse(things: Sequence[str]) -> None:
        if "bad" in things:
            raise ValueError("bad")

    work = Work(refuse)
    first, good, bad, other = work.first_and_then(pool, "good", "bad", "other")
    for wish in (first, good, other):
        assert wish.result(10) is None
    with pytest.raises(ValueError, match="bad"):
        bad.result(10)
    assert work.goes[2:] == [["good"], ["bad"], ["other"]]


def test_when_the_one_who_does_it_is_ended_nobody_is_told_that_it_was_done(pool):
    def die(things: Sequence[str]) -> None:
        if "a" in things:
            raise SystemExit

    work = Work(die)
    first, leader, follower = work.first_and_then(pool, "a", "b")
    assert first.result(10) is None
    with pytest.raises(SystemExit):
        leader.result(10)
    with pytest.raises(Unfinished):
        follower.result(10)
    work.together.do("later")
    assert work.goes[-1] == ["later"]


def test_nobody_waits_for_one_who_hangs(pool):
    work = Work(patience=0.05)
    hanging = pool.submit(work.together.do, "first")
    assert work.begun.wait(10)
    others = [pool.submit(work.together.do, other) for other in ("a", "b", "c")]
    for other in others:
        assert other.result(10) is None
    assert sorted(thing for go in work.goes[1:] for thing in go) == ["a", "b", "c"]
    assert not hanging.done()
    work.may_end.set()
    assert hanging.result(10) is None
    work.together.do("later")
    assert work.goes[-1] == ["later"]


def test_what_one_who_hangs_has_in_hands_is_not_called_done(pool):
    hangs, may_go_on = threading.Event(), threading.Event()

    def hang(things: Sequence[str]) -> None:
        if "a" in things:
            hangs.set()
            assert may_go_on.wait(10)

    work = Work(hang, patience=0.2)
    first, leader, follower = work.first_and_then(pool, "a", "b")
    assert first.result(10) is None
    assert hangs.wait(10)
    with pytest.raises(Unfinished):
        follower.result(10)
    assert not leader.done()
    work.together.do("later")
    may_go_on.set()
    assert leader.result(10) is None
    assert work.goes == [["first"], ["a", "b"], ["later"]]
