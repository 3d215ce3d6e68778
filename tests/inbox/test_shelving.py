"""Open, done, snoozed: by the team, by the customer's next word, and by the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.events import ChatChanged
from inbox.models import Chat, ReadCursor
from inbox.policy import is_open_at, snooze_choices, zone_named
from inbox.services import shelving
from inbox.services.reading import mark_read
from inbox.services.shelving import finish_chat, reopen_chat, snooze_chat, wake_snoozed
from kernel.events import Moment, subscriptions
from tests.support.chats import customer_writes, make_chat, write
from workspaces.services.profiles import change_availability

HTMX = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


@pytest.fixture
def heard(monkeypatch) -> list:
    facts = []
    monkeypatch.setitem(
        subscriptions.__globals__["_subscribers"], ChatChanged, [(Moment.SAME_TRANSACTION, facts.append)]
    )
    return facts


def post(member, chat, **body):
    address = reverse("inbox:chat-state", args=["acme", chat.pk])
    return browser_of(member).post(address, body, headers=HTMX)


def rows(member, **query) -> str:
    return browser_of(member).get(reverse("inbox:chat-rows", args=["acme"]), query, headers=HTMX).content.decode()


def test_ben_finishes_a_chat_and_takes_it_back(world, chat):
    answer = post(world.ben, chat, state="done").content.decode()
    assert "Done." in answer
    assert 'name="state" value="open"' in answer  # what Undo would do
    assert "Carla" not in rows(world.ana)
    assert "Carla" in rows(world.ana, state="done")
    assert 'data-state="open"' in post(world.ben, chat, state="open", undone="1").content.decode()
    assert "Carla" in rows(world.ana)


def test_undoing_a_done_gives_the_snooze_back(world, chat):
    until = timezone.now() + timedelta(days=1)
    snooze_chat(actor=world.ben, chat=chat, until=until)
    answer = post(world.ben, chat, state="done").content.decode()
    assert f'name="until" value="{until.isoformat()}"' in answer


def test_a_snooze_ends_at_a_time_on_the_wall_clock_of_whoever_chose_it(world, chat):
    day = (timezone.now() + timedelta(days=2)).date()
    answer = post(world.ben, chat, state="snoozed", until=f"{day}T09:00", zone="America/New_York")
    assert answer.status_code == 200, answer.content
    chat.refresh_from_db()
    assert (chat.state, chat.snoozed_until.astimezone(UTC).hour) in {("snoozed", 13), ("snoozed", 14)}
    assert "Carla" in rows(world.ana, state="snoozed")


@pytest.mark.parametrize("until", ["", "soon", "2001-01-01T09:00", "2026-99-01T00:00"])
def test_a_snooze_needs_a_time_to_come(world, chat, until):
    answer = post(world.ben, chat, state="snoozed", until=until)
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert post(world.ben, chat, state="else").status_code == 400
    chat.refresh_from_db()
    assert chat.state == "open"


def test_viewers_shelve_nothing_and_zoe_finds_no_chat(world, chat):
    assert post(world.vic, chat, state="done").status_code == 403
    assert post(world.zoe, chat, state="done").status_code == 404
    chat.refresh_from_db()
    assert chat.state == "open"


def test_the_clock_wakes_a_chat_and_marks_it_unread_for_its_assignee(world, chat, heard, monkeypatch):
    customer_writes(chat)
    for member in (world.ana, world.ben):
        mark_read(actor=member, chat=chat)
    Chat.objects.filter(pk=chat.pk).update(assigned_to=world.ben)
    snooze_chat(actor=world.ben, chat=chat, until=timezone.now() + timedelta(hours=1))
    assert wake_snoozed() == 0
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(shelving, "now", lambda: later)
    heard.clear()
    assert wake_snoozed() == 1
    assert [fact.chat_id for fact in heard] == [chat.pk]
    chat.refresh_from_db()
    assert (chat.state, chat.snoozed_until) == ("open", None)
    assert dict(ReadCursor.objects.values_list("member", "marked_unread")) == {world.ana.pk: False, world.ben.pk: True}
    assert wake_snoozed() == 0


def test_what_opens_again_does_not_stay_with_who_is_away(world, chat):
    past = timezone.now() - timedelta(minutes=1)
    slept = make_chat(world.channel, "Nora", assigned_to=world.ben, state="snoozed", snoozed_until=past)
    kept = make_chat(world.channel, "Kim", assigned_to=world.adam, state="snoozed", snoozed_until=past)
    Chat.objects.filter(pk=chat.pk).update(assigned_to=world.ben)
    chat.refresh_from_db()
    customer_writes(slept)
    mark_read(actor=world.ana, chat=slept)
    change_availability(member=world.ben, available=False)

    finish_chat(actor=world.ben, chat=chat)
    reopen_chat(actor=world.ben, chat=chat)
    assert Chat.objects.get(pk=chat.pk).assigned_to == world.ben, "whoever opens it again is there after all"
    finish_chat(actor=world.ben, chat=chat)
    assert post(world.ana, chat, state="open").status_code == 200
    assert wake_snoozed() == 2
    holders = dict(Chat.objects.values_list("pk", "assigned_to"))
    assert holders == {chat.pk: None, slept.pk: None, kept.pk: world.adam.pk}
    assert ReadCursor.objects.get(chat=slept).marked_unread, "everybody who had read it is called back"


def test_a_waking_in_batches_reaches_all(world, monkeypatch):
    monkeypatch.setattr(shelving, "WAKE_BATCH", 2)
    past = timezone.now() - timedelta(minutes=1)
    for number in range(5):
        make_chat(world.channel, f"Person {number}", state="snoozed", snoozed_until=past)
    assert wake_snoozed() == 5


def test_doing_it_twice_tells_once(world, chat, heard):
    finish_chat(actor=world.ben, chat=chat)
    finish_chat(actor=world.ana, chat=chat)
    assert len(heard) == 1


def test_our_own_words_do_not_open_a_chat_again(world, chat):
    finish_chat(actor=world.ben, chat=chat)
    write(world.ben, chat, "Thank you, goodbye")
    chat.refresh_from_db()
    assert chat.state == "done"


def test_the_database_knows_no_half_snooze(world, chat):
    with pytest.raises(IntegrityError), transaction.atomic():
        Chat.objects.filter(pk=chat.pk).update(state="snoozed")


def test_a_program_finishes_snoozes_and_reopens(api, world, chat):
    url = f"/api/v1/chats/{chat.pk}"
    until = (timezone.now() + timedelta(days=1)).isoformat()
    assert api.patch(url, {"snoozed_until": until}, format="json").json()["state"] == "snoozed"
    assert api.patch(url, {"done": True}, format="json").json()["snoozed_until"] is None
    assert [one["id"] for one in api.get("/api/v1/chats", {"state": "done"}).json()["results"]] == [str(chat.pk)]
    assert api.get("/api/v1/chats", {"state": "open"}).json()["results"] == []
    assert api.patch(url, {"done": False}, format="json").json()["state"] == "open"
    assert api.get("/api/v1/chats", {"state": "x"}).status_code == 400
    assert api.patch(url, {"snoozed_until": "2001-01-01T00:00:00Z"}, format="json").status_code == 400


@pytest.mark.parametrize(
    ("moment", "zone", "offered"),
    [
        ("2026-11-18T10:00", "UTC", ["hour 18 11:00", "tonight 18 18:00", "tomorrow 19 09:00", "week 23 09:00"]),
        ("2026-11-18T17:30", "UTC", ["hour 18 18:30", "tomorrow 19 09:00", "week 23 09:00"]),
        ("2026-11-22T23:30", "Asia/Tokyo", ["hour 23 09:30", "tonight 23 18:00", "tomorrow 24 09:00", "week 30 09:00"]),
    ],
)
def test_the_ends_that_are_offered(moment, zone, offered):
    found = snooze_choices(datetime.fromisoformat(moment).replace(tzinfo=UTC), zone)
    assert [f"{name} {when.astimezone(ZoneInfo(zone)):%d %H:%M}" for name, when in found] == offered


def test_a_zone_that_is_none_means_utc():
    assert [zone_named(name) for name in ("Europe/Madrid", "", "../etc/passwd", "x\x00")] == [
        "Europe/Madrid",
        "UTC",
        "UTC",
        "UTC",
    ]


def test_hours_are_those_of_the_wall():
    monday = {"0": ["09:00", "17:00"]}
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert is_open_at(at, "UTC", monday)
    assert not is_open_at(at, "America/New_York", monday)
    assert not is_open_at(at.replace(hour=17), "UTC", monday)
    assert not is_open_at(at + timedelta(days=1), "UTC", monday)
