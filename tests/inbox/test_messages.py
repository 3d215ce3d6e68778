"""Messages of a chat: pages, bubbles with everything about them, budgets."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from inbox.models import Attachment, Message
from inbox.selectors.messages import bubbles, messages_by_ids, messages_page
from inbox.selectors.threads import cursor_at_row, thread_from, thread_page
from kernel.paging import encode_cursor
from tests.support.chats import customer_writes, echo_of, fact, make_chat, write
from tests.support.query_budget import at_most, queries_of

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def ten(chat) -> list[Message]:
    return [customer_writes(chat, str(index), at=NINE + timedelta(minutes=index)) for index in range(10)]


def texts(messages) -> list[str]:
    return [message.text for message in messages]


def test_a_forged_cursor_is_refused_or_leads_nowhere(api, chat, ten):
    for at in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", "\0"):
        answer = api.get(f"/api/v1/chats/{chat.pk}/messages", {"cursor": encode_cursor(at, uuid.uuid4())})
        assert answer.status_code == 400, at
    late = encode_cursor("2026-03-02T09:04:00+18:00", uuid.uuid4())
    assert api.get(f"/api/v1/chats/{chat.pk}/messages", {"cursor": late}).json() == {"results": [], "next": None}


def test_messages_come_newest_first_in_pages(api, zoes_api, chat, ten):
    url = f"/api/v1/chats/{chat.pk}/messages"
    first = api.get(url, {"limit": 4}).json()
    assert [message["text"] for message in first["results"]] == ["9", "8", "7", "6"]
    second = api.get(url, {"limit": 4, "cursor": first["next"]}).json()
    assert [message["text"] for message in second["results"]] == ["5", "4", "3", "2"]
    last = api.get(url, {"limit": 4, "cursor": second["next"]}).json()
    assert ([message["text"] for message in last["results"]], last["next"]) == (["1", "0"], None)
    refused = zoes_api.get(url)
    assert refused.status_code == 404
    assert refused.json() == zoes_api.get(f"/api/v1/chats/{uuid.uuid4()}/messages").json()


def test_one_message_is_for_its_own_workspace(api, zoes_api, ten):
    assert api.get(f"/api/v1/messages/{ten[0].pk}").json()["text"] == "0"
    refused = zoes_api.get(f"/api/v1/messages/{ten[0].pk}")
    assert (refused.status_code, refused.json()) == (404, zoes_api.get(f"/api/v1/messages/{uuid.uuid4()}").json())


def test_a_page_can_go_on_towards_the_present_or_stand_around_a_message(chat, ten):
    newer = thread_page(chat, cursor=cursor_at_row(ten[3]), limit=4, direction="newer")
    assert texts(newer.rows) == ["4", "5", "6", "7"]
    end = thread_page(chat, cursor=newer.next, limit=4, direction="newer")
    assert (texts(end.rows), end.next) == (["8", "9"], None)
    around = thread_page(chat, around=ten[5], limit=4)
    assert texts(around.rows) == ["7", "6", "5", "4", "3"]
    assert texts(thread_page(chat, cursor=around.next, limit=2).rows) == ["2", "1"]


def test_catching_up_brings_everything_since_the_oldest_shown(world, chat, ten):
    assert texts(thread_from(chat, ten[7].pk)) == ["7", "8", "9"]
    assert texts(thread_from(chat, uuid.uuid4())) == [str(index) for index in range(10)]
    elsewhere = customer_writes(make_chat(world.channel), "elsewhere")
    assert texts(messages_by_ids(chat.pk, [ten[2].pk, elsewhere.pk, ten[1].pk])) == ["1", "2"]


def test_a_bubble_carries_everything_about_its_message(api, world, chat):
    channel, asked = world.channel, customer_writes(chat, "Tea or coffee?")
    poll = {"question": "Which?", "options": [{"text": "Tea", "votes": 0}, {"text": "Coffee", "votes": 0}]}
    message = echo_of(chat, "", "wa-1", quoted=asked, poll=poll)
    Message.objects.filter(pk=message.pk).update(type="poll")
    Attachment.objects.create(
        workspace=world.acme, message=message, kind="document", file_name="menu.pdf", state="ready", path="a/b"
    )
    Attachment.objects.create(
        workspace=world.acme, message=message, kind="image", state="pending", provider_link="https://secret.example/1"
    )
    fact(channel, "wa-1", "reaction", "a@s", actor_wa_id="a@s", actor_name="Carla", value={"emoji": "👍"})
    fact(channel, "wa-1", "reaction", "b@s", actor_wa_id="b@s", value={"emoji": ""})
    fact(channel, "wa-1", "vote", "a@s", value={"options": ["Tea"]})
    fact(channel, "wa-1", "vote", "b@s", value={"options": ["Tea", "Coffee"]})
    fact(world.zoes_channel, "wa-1", "reaction", "z@s", value={"emoji": "👎"})
    answer = api.get(f"/api/v1/messages/{message.pk}")
    said = answer.json()
    assert said["quoted"] == str(asked.pk)
    assert said["reactions"] == [{"emoji": "👍", "by": {"wa_id": "a@s", "name": "Carla"}}]
    assert said["poll"] == {
        "question": "Which?",
        "options": [{"text": "Tea", "votes": 2}, {"text": "Coffee", "votes": 1}],
        "multiple": False,
    }
    ready, pending = said["attachments"]
    assert (ready["file_name"], ready["url"], ready["state"]) == (
        "menu.pdf",
        f"/api/v1/attachments/{ready['id']}",
        "ready",
    )
    assert (pending["url"], pending["state"]) == (None, "pending")
    assert b"secret.example" not in answer.content


def test_the_texts_before_an_edit_are_kept(world, chat):
    message = customer_writes(chat, "one", wa_message_id="in-1")
    for minute, text in enumerate(("two", "three")):
        fact(world.channel, "in-1", "edit", text, at=NINE + timedelta(minutes=minute), value={"text": text})
    Message.objects.filter(pk=message.pk).update(text="three", edited_at=NINE)
    message.refresh_from_db()
    assert bubbles([message])[0].edits == ("one", "two")


def test_a_deleted_message_shows_nothing_of_itself(api, world, chat):
    message = customer_writes(chat, "a secret", wa_message_id="in-1", deleted_at=NINE)
    fact(world.channel, "in-1", "reaction", "a@s", value={"emoji": "👍"})
    said = api.get(f"/api/v1/messages/{message.pk}").json()
    assert (said["text"], said["reactions"], said["attachments"]) == ("", [], [])
    assert b"a secret" not in api.get("/api/v1/chats").content


def test_forty_bubbles_ask_no_more_than_two(world, chat):
    def grow(size: int) -> None:
        for index in range(size):
            asked = customer_writes(chat, wa_message_id=f"in-{uuid.uuid4()}")
            fact(world.channel, asked.wa_message_id, "reaction", "a@s", value={"emoji": "👍"})
            answer = write(world.ben, chat, str(index), quoted_id=asked.pk)
            Attachment.objects.create(workspace=world.acme, message=answer, kind="image")

    def shown() -> list:
        return bubbles(messages_page(chat, limit=200).rows)

    grow(1)
    two = queries_of(shown)
    grow(19)
    forty = queries_of(shown)
    assert len(two) == len(forty) <= 3
    assert len(shown()) == 40


def test_opening_a_chat_asks_at_most_six_times(as_key, world, chat, ten):
    api = as_key(world.acme)
    api.get("/api/v1/chats")  # the key's last use is noted once a minute
    with at_most(6):
        assert len(api.get(f"/api/v1/chats/{chat.pk}/messages").json()["results"]) == 10
