"""Every interleaving of a small relay keeps the promises; without its guards it does not, and the way there is told."""

from dataclasses import replace

import pytest

from tests.outbox.model.exploring import explore
from tests.outbox.model.promises import STUCK
from tests.outbox.model.rules import NO_FENCE, WAYBILL, Finding, Rules
from tests.outbox.model.world import World, first_world

ONE_CHAT = first_world(chats=(2,), faults=2)
TWO_CHATS = first_world(chats=(1, 1), faults=1)
WRITTEN_LATE = first_world(chats=(1,), late=1, faults=0)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("first", "rules"),
    [
        pytest.param(ONE_CHAT, WAYBILL, id="two messages of a chat, two faults"),
        pytest.param(first_world(chats=(2, 1), faults=1), WAYBILL, id="two chats and room for one attempt"),
        pytest.param(first_world(chats=(2, 1), faults=0), replace(WAYBILL, cap=2), id="two chats, room for two"),
        pytest.param(first_world(chats=(1,), late=1, faults=1, retries=1), WAYBILL, id="written late, sent again"),
        pytest.param(ONE_CHAT, replace(WAYBILL, repeatable=True), id="what may be done twice"),
    ],
)
def test_every_interleaving_keeps_the_promises(first, rules):
    found = explore(first, rules)
    print(found.report())  # noqa: T201  pytest -s shows how many
    assert not found.broken, found.report()
    assert found.worlds > 1000


@pytest.mark.parametrize(
    ("first", "rules", "broken"),
    [
        pytest.param(ONE_CHAT, NO_FENCE, "more is on its way at the same time", id="no fence"),
        pytest.param(WRITTEN_LATE, Rules(finding=Finding.ONE_STATEMENT), STUCK, id="advance in one statement"),
        pytest.param(TWO_CHATS, Rules(counts_then_claims=True), "more attempts are open", id="count, then claim"),
        pytest.param(ONE_CHAT, Rules(lease_watched=False), "more is on its way", id="senders ignore the lease"),
        pytest.param(ONE_CHAT, Rules(heads_only=False), "in another order", id="any item of a chat may start"),
        pytest.param(ONE_CHAT, Rules(doubt_kept=False), "twice, and nobody", id="doubt is another try"),
        pytest.param(ONE_CHAT, Rules(late_is_evidence=False), "a late answer changed more", id="late answers decide"),
        pytest.param(TWO_CHATS, Rules(owner_checked=False), "more attempts are open", id="two owners"),
        pytest.param(
            ONE_CHAT,
            Rules(owner_checked=False, one_open_per_chat=False),
            "two attempts of one chat",
            id="two owners and no unique index",
        ),
    ],
)
def test_a_broken_variant_is_caught(first: World, rules: Rules, broken: str):
    found = explore(first, rules)
    print(found.report())  # noqa: T201  the way there
    assert broken in found.broken, found.report()
    assert found.way, "the steps that lead there are part of the finding"


@pytest.mark.parametrize(
    ("first", "rules"),
    [
        pytest.param(ONE_CHAT, Rules(fence=False), id="the fence, while owner and lease are checked"),
        pytest.param(ONE_CHAT, Rules(one_open_per_chat=False), id="the unique index, while there is one owner"),
        pytest.param(WRITTEN_LATE, Rules(finding=Finding.LOCK_THEN_LOOK), id="asking, where one locks and then looks"),
    ],
)
def test_some_guards_are_a_second_line(first: World, rules: Rules):
    """No promise hangs on these alone."""
    found = explore(first, rules)
    assert not found.broken, found.report()
