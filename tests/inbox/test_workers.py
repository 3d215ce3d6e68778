"""What the inbox's workers say when they cannot even begin."""

import pytest
from django.db import OperationalError

from channels_app.providers.errors import ProviderError
from inbox import workers
from outbox.registry import Job
from outbox.services.operating import release_item
from outbox.services.relaying.judging import Started
from outbox.services.relaying.sending import attempt
from outbox.states import ItemState, Outcome
from tests.support.chats import drain, item_of, write

pytestmark = pytest.mark.django_db

NO_ANSWER = ProviderError("timeout", "No answer.", outcome_unknown=True)


def test_a_database_that_is_away_before_a_reply_is_sent_leaves_no_doubt(world, chat, provider, monkeypatch):
    ours = write(world.ben, chat, "Yes")
    item = item_of(write(world.ben, chat, "From nine", quoted_id=ours.pk))

    def away(**lookups):
        raise OperationalError("server closed the connection")

    job = Job(
        item.pk, item.workspace_id, item.lane_id, item.order_key, item.subject_id, item.kind, item.payload, 1, 20.0
    )
    monkeypatch.setattr(workers.Message.objects, "filter", away)
    ended = attempt(Started(1, job, item.max_attempts, 0.0), lambda: True)
    assert (ended.outcome, ended.state, ended.tries_used) == (Outcome.DEFERRED, ItemState.QUEUED, 0)
    assert provider.calls == []


def test_an_edit_behind_a_message_in_doubt_says_that_nobody_knows(api, world, chat, provider):
    message = write(world.ben, chat, "See you on Mnoday")
    provider.ends = [NO_ANSWER]
    asked = []

    def while_it_is_sent() -> None:
        body = {"text": "See you on Monday"}
        asked.append(api.patch(f"/api/v1/messages/{message.pk}", body, format="json").status_code)

    provider.during = while_it_is_sent
    drain()
    assert asked == [202]
    release_item(item_id=item_of(message).pk)
    drain()
    edit = item_of(message, "message.edit")
    assert (edit.state, edit.error_code) == (ItemState.FAILED, "not_known")
    assert "Nobody knows whether the message itself was sent" in edit.error
