"""Guards of docs/scenarios.md that hold in the inbox: tries that are real, reports in any order, times that passed."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from inbox.jobs import Draft
from inbox.models import Message
from inbox.selectors.timeline import timeline_of
from inbox.services.sending import send_message
from outbox.models import Item
from outbox.services.relaying.draining import drain_once
from tests.support.chats import drain, make_chat, settle, write
from tests.support.inbound import reported
from tests.support.world import make_world

RANK = {"pending": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}
"""A failure may follow an acceptance; proof of delivery follows both."""


@pytest.mark.django_db
def test_guard_03_sending_again_what_was_reported_as_failed_asks_the_provider_again(api, world, chat, provider, hear):
    message = write(world.ben, chat)
    drain()
    failure = reported("wa-1", "failed", timezone.now(), error_code="131026", error_detail="Not delivered.")
    hear(failure)
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "131026")
    assert api.post(f"/api/v1/messages/{message.pk}/retry").json()["status"] == "pending"
    assert len(provider.sent()) == 1, "a word is no try"
    drain()
    assert len(provider.sent()) == 2
    hear(failure, again=True)
    message.refresh_from_db()
    assert (message.status, message.wa_message_id) == ("sent", "wa-2"), "the first try's failure is not the second's"
    assert set(Item.objects.values_list("provider_id", flat=True)) == {"wa-1", "wa-2"}


@pytest.mark.django_db
def test_guard_06_reports_in_every_order_and_before_the_id_is_known_end_alike(world, chat, hear):
    ways = [(words, known) for words in permutations(("sent", "delivered", "read", "failed")) for known in range(5)]
    tried = {write(world.ben, chat, f"{number}"): way for number, way in enumerate(ways)}
    ranks = dict.fromkeys((message.pk for message in tried), 0)
    for step in range(5):
        answered = [(m, "sent", {"provider_id": f"wa-{m.pk}"}) for m, (_, known) in tried.items() if known == step]
        settle(*answered)
        hear(*(reported(f"wa-{m.pk}", words[step]) for m, (words, _) in tried.items() if step < len(words)))
        now = dict(Message.objects.values_list("pk", "status"))
        assert all(RANK[now[key]] >= rank for key, rank in ranks.items()), "never backwards"
        ranks = {key: RANK[status] for key, status in now.items()}
    assert set(Message.objects.values_list("status", "error_code")) == {("read", "")}


@pytest.mark.django_db(transaction=True)
def test_guard_20_what_fell_due_while_nothing_ran_leaves_once_when_something_runs(provider):
    world = make_world()
    due_at = timezone.now() + timedelta(hours=1)
    chat = make_chat(world.channel)
    message = send_message(actor=world.ben, chat=chat, client_id="1", draft=Draft(text="Reminder"), due_at=due_at)
    past = timezone.now() - timedelta(hours=9)  # and a night in which nothing ran
    Item.objects.update(due_at=past)
    Message.objects.update(due_at=past, sort_at=past)
    for _ in range(2):
        drain_once(max_seconds=10)
    assert [one.text for one in provider.sent()] == ["Reminder"]
    message.refresh_from_db()
    assert (message.status, message.due_at) == ("sent", None)
    assert abs(message.sort_at - timezone.now()) < timedelta(minutes=1), "it stands where it left, not where it was due"
    late = f"Its time was {past:%Y-%m-%d %H:%M} UTC; it leaves late."
    assert [entry.detail for entry in timeline_of(message)].count(late) == 1
