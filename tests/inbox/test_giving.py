"""Round robin: chats that wait go to those who are there, in turn, up to a capacity, and to nobody twice."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_app.services.restricting import keep_for_teams
from inbox.models import AssignmentRule, Chat
from inbox.services import giving
from inbox.services.giving import give_everywhere, give_waiting_chats, set_rule
from inbox.services.shelving import finish_chat
from tests.support.chats import customer_writes, make_chat, write
from tests.support.inbound import said
from tests.support.query_budget import queries_of
from tests.support.world import make_member
from workspaces.models import Member
from workspaces.services.profiles import change_availability
from workspaces.services.teams import change_team, create_team


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(giving._giving_workspaces, "_seconds", -1.0)
    giving._giving_workspaces.forget()


@pytest.fixture
def two_agents(world):
    """Only Ben and Gil are there; the rule gives each two chats at most."""
    Member.objects.filter(pk__in=[world.ana.pk, world.adam.pk]).update(available=False)
    world.gil = make_member(world.acme, "Gil Guest", "agent")
    AssignmentRule.objects.create(workspace=world.acme, round_robin=True, capacity=2)
    return world.ben, world.gil


def waiting(world, number: int) -> list[Chat]:
    """Chats whose customers wrote one after another."""
    start = timezone.now() - timedelta(hours=1)
    chats = [make_chat(world.channel, f"Person {index}") for index in range(number)]
    for index, chat in enumerate(chats):
        customer_writes(chat, at=start + timedelta(seconds=index))
    return chats


def takers(chats) -> list[str]:
    rows = Chat.objects.in_bulk([chat.pk for chat in chats])
    names = [rows[chat.pk].assigned_to and rows[chat.pk].assigned_to.user.name.split()[0] for chat in chats]
    return [name or "-" for name in names]


def test_turns_go_round_and_stop_at_the_capacity(world, two_agents):
    chats = waiting(world, 5)
    assert give_waiting_chats(world.acme.pk) == 4
    assert takers(chats) == ["Ben", "Gil", "Ben", "Gil", "-"]
    assert give_waiting_chats(world.acme.pk) == 0


def test_turns_are_remembered(world, two_agents):
    first = waiting(world, 1)
    give_waiting_chats(world.acme.pk)
    second = waiting(world, 1)
    give_waiting_chats(world.acme.pk)
    assert takers(first + second) == ["Ben", "Gil"]


def test_a_finished_chat_makes_room_for_who_waits_longest(world, two_agents, django_capture_on_commit_callbacks):
    chats = waiting(world, 6)
    give_waiting_chats(world.acme.pk)
    with django_capture_on_commit_callbacks(execute=True):
        finish_chat(actor=world.gil, chat=chats[1])
    assert takers(chats) == ["Ben", "Gil", "Ben", "Gil", "Gil", "-"]


def test_whoever_comes_back_is_given_what_waits(world, two_agents, django_capture_on_commit_callbacks):
    for member in two_agents:
        change_availability(member=member, available=False)
    chats = waiting(world, 1)
    assert give_everywhere() == 0
    with django_capture_on_commit_callbacks(execute=True):
        browser_of(world.gil).post(reverse("inbox:availability", args=["acme"]), {"available": "1"})
    assert takers(chats) == ["Gil"]


def test_whoever_writes_is_given_to_somebody_at_once(hear, two_agents, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        hear(said("a"))
    assert takers([Chat.objects.get()]) == ["Ben"]


def test_what_waits_for_nobody_is_not_given(world, two_agents):
    started = make_chat(world.channel, "Nobody wrote")
    answered, done, taken = waiting(world, 3)
    write(world.ana, answered)
    finish_chat(actor=world.ana, chat=done)
    Chat.objects.filter(pk=taken.pk).update(assigned_to=world.ana)
    assert give_waiting_chats(world.acme.pk) == 0
    assert takers([started, answered, done, taken]) == ["-", "-", "-", "Ana"]


def test_a_kept_channel_is_given_to_its_team_only(world, two_agents):
    team = create_team(actor=world.ana, name="Night")
    change_team(actor=world.ana, team_id=team.pk, name="Night", member_ids=[world.gil.pk])
    keep_for_teams(actor=world.ana, channel=world.channel, team_ids=[team.pk])
    chats = waiting(world, 3)
    assert give_waiting_chats(world.acme.pk) == 2
    assert takers(chats) == ["Gil", "Gil", "-"]


def test_without_the_rule_nothing_is_given_and_nothing_asked(world, monkeypatch):
    chats = waiting(world, 1)
    assert give_waiting_chats(world.acme.pk) == 0
    monkeypatch.setattr(giving._giving_workspaces, "_seconds", 60.0)
    assert giving.gives_by_itself(world.acme.pk) is False
    assert queries_of(lambda: giving.gives_by_itself(world.acme.pk)) == []
    assert takers(chats) == ["-"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_give_nobody_more_than_the_capacity(world, two_agents, monkeypatch):
    """The first has counted who has room, and waits; the second must not give anything meanwhile."""
    chats = waiting(world, 8)
    counted, second_is_through = threading.Event(), threading.Event()
    turns_of = giving._turns

    def slowly(rule):
        turns = turns_of(rule)
        if threading.current_thread().name == "first":
            counted.set()
            second_is_through.wait(0.5)  # in vain, as long as the second waits for the rule's row
        return turns

    monkeypatch.setattr(giving, "_turns", slowly)
    given = []

    def give() -> None:
        try:
            given.append(give_waiting_chats(world.acme.pk))
        finally:
            connection.close()

    def give_second() -> None:
        counted.wait(10)
        give()
        second_is_through.set()

    threads = [threading.Thread(target=give, name="first"), threading.Thread(target=give_second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == [0, 4]
    assert sorted(takers(chats)) == ["-"] * 4 + ["Ben"] * 2 + ["Gil"] * 2


def test_admins_set_the_rule_and_it_works_at_once(world):
    chats = waiting(world, 1)
    address = reverse("inbox:settings-rules", args=["acme"])
    page = browser_of(world.adam).post(address, {"round_robin": "1", "capacity": "3"}, follow=True)
    assert 'value="3"' in page.content.decode()
    assert takers(chats) != ["-"]
    refused = browser_of(world.adam).post(address, {"round_robin": "1", "capacity": "0"}, follow=True)
    assert "Between 1 and 500" in refused.content.decode()
    assert browser_of(world.ben).post(address, {"capacity": "3"}).status_code == 403
    assert browser_of(world.zoe).post(address, {"capacity": "3"}).status_code == 404
    set_rule(actor=world.zoe, round_robin=True, capacity=1)
    assert AssignmentRule.objects.get(workspace=world.acme).capacity == 3
