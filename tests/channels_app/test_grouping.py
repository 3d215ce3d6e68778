"""The list of groups that was asked of a provider, and what may be concluded from it."""

import pytest

from channels_app.events import GroupsListed
from channels_app.providers.base import InboundGroup, ListedGroups
from channels_app.providers.listing import listed_groups
from channels_app.providers.reading import Malformed
from channels_app.services import grouping
from kernel import clock

GROUP = InboundGroup("120363000000000001@g.us", name="Team")


@pytest.mark.parametrize(
    ("listed", "says_the_rest"),
    [
        (ListedGroups((GROUP,), whole=True), True),
        (ListedGroups((GROUP,)), False),
        (ListedGroups((), whole=True), False),
    ],
)
def test_only_a_whole_list_that_is_not_empty_says_in_which_groups_we_are_not(
    world, provider, shop, monkeypatch, listed, says_the_rest
):
    told = []
    monkeypatch.setattr(grouping, "publish", told.append)
    provider.answers["groups"] = listed
    before = clock.now()
    grouping.fetch_groups(channel_id=shop.pk, deadline=1)
    (event,) = [one for one in told if isinstance(one, GroupsListed)]
    assert event.groups == listed.groups
    assert (event.whole_at is not None and before <= event.whole_at <= clock.now()) is says_the_rest


def test_a_list_is_whole_when_its_last_page_is_short_and_everything_was_understood():
    def read(entry):
        if entry == "broken":
            raise Malformed("It is broken.")
        return [InboundGroup(f"{entry}@g.us")]

    def whole(*entries, pages=3):
        listed = listed_groups(lambda offset: list(entries[offset : offset + 2]), read, page_size=2, pages=pages)
        return len(listed.groups), listed.whole

    assert whole("1", "2", "3") == (3, True)
    assert whole("1", "2") == (2, True)
    assert whole("1", "broken", "3") == (2, False)
    assert whole("1", "2", "3", "4", pages=2) == (4, False)
