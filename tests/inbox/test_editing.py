"""Edits, revokes and reactions: asked for at the API, taken by the provider, then seen."""

import pytest

from channels_app.providers.errors import ProviderError
from inbox.models import Chat, Message, MessageFact
from tests.support.chats import customer_writes, drain, fact, item_of, write

pytestmark = pytest.mark.django_db

TOO_LATE = ProviderError("too_old", "The message is too old to be changed.", permanent=True)


@pytest.fixture
def sent(world, chat, provider) -> Message:
    message = write(world.ben, chat, "See you on Mnoday")
    drain()
    message.refresh_from_db()
    return message


def edit(api, message: Message, text: str):
    return api.patch(f"/api/v1/messages/{message.pk}", {"text": text}, format="json")


def react(api, message: Message, emoji: str):
    return api.put(f"/api/v1/messages/{message.pk}/reaction", {"emoji": emoji}, format="json")


def seen(api, message: Message) -> dict:
    return api.get(f"/api/v1/messages/{message.pk}").json()


def test_an_edit_shows_once_the_provider_has_taken_it(api, zoes_api, as_member, world, sent, provider):
    assert edit(zoes_api, sent, "Hi").status_code == 404
    assert edit(as_member(world.vic), sent, "Hi").status_code == 403
    asked = edit(api, sent, "See you on Monday")
    assert asked.status_code == 202
    assert asked.json()["text"] == "See you on Mnoday"
    assert asked.json()["change"] == {"kind": "edit", "value": "See you on Monday", "state": "waiting", "detail": ""}
    drain()
    assert provider.calls[-1] == ("edit", (sent.chat.wa_chat_id, "wa-1", "See you on Monday"))
    now = seen(api, sent)
    assert (now["text"], now["change"]) == ("See you on Monday", None)
    assert now["edited_at"] is not None
    sent.refresh_from_db()
    assert sent.original_text == "See you on Mnoday"


def test_the_webhook_of_our_own_edit_changes_nothing_more(api, world, sent):
    edit(api, sent, "See you on Monday")
    drain()
    known = MessageFact.objects.get(kind="edit")
    assert known.value == {"text": "See you on Monday"}
    with pytest.raises(Exception, match="message_fact_once"):
        fact(world.channel, "wa-1", "edit", known.key)


def test_a_refused_edit_says_why_and_leaves_the_text(api, sent, provider):
    provider.ends = [TOO_LATE]
    edit(api, sent, "See you on Monday")
    drain()
    now = seen(api, sent)
    assert (now["text"], now["status"]) == ("See you on Mnoday", "sent")
    assert (now["change"]["state"], now["change"]["detail"]) == ("failed", "The message is too old to be changed.")


def test_what_has_not_left_is_changed_in_the_queue(api, world, chat, provider):
    message = write(world.ben, chat, "See you on Mnoday")
    answer = edit(api, message, "See you on Monday")
    assert (answer.json()["text"], answer.json()["change"], answer.json()["edited_at"]) == (
        "See you on Monday",
        None,
        None,
    )
    drain()
    assert [one.text for one in provider.sent()] == ["See you on Monday"]


def test_an_edit_while_the_message_is_leaving_follows_it(api, world, chat, provider):
    message = write(world.ben, chat, "See you on Mnoday")
    answers = []
    provider.during = lambda: answers.append(edit(api, message, "See you on Monday")) if not answers else None
    drain()
    assert answers[0].status_code == 202
    assert [name for name, _ in provider.calls] == ["send", "edit"]
    assert seen(api, message)["text"] == "See you on Monday"


@pytest.mark.parametrize("status", ["failed", "uncertain", "cancelled"])
def test_what_was_not_sent_cannot_be_edited_or_deleted(api, sent, status):
    Message.objects.filter(pk=sent.pk).update(status=status)
    assert edit(api, sent, "Hi").json()["code"] == "not_possible_now"
    assert api.delete(f"/api/v1/messages/{sent.pk}").status_code == 409


def test_only_our_own_texts_can_be_edited(api, world, chat, sent):
    assert edit(api, customer_writes(chat), "Hi").status_code == 409
    Message.objects.filter(pk=sent.pk).update(type="image")
    assert edit(api, sent, "Hi").status_code == 409


def test_an_edit_obeys_the_rules_of_writing(api, sent):
    assert edit(api, sent, " ").json()["code"] == "empty_message"
    assert edit(api, sent, "x" * 65_537).json()["code"] == "message_too_long"
    Chat.objects.update(read_only=True)
    assert edit(api, sent, "Hi").json()["code"] == "chat_read_only"


def test_a_deleted_message_shows_no_text_any_more(api, zoes_api, sent, provider):
    assert zoes_api.delete(f"/api/v1/messages/{sent.pk}").status_code == 404
    asked = api.delete(f"/api/v1/messages/{sent.pk}")
    assert (asked.status_code, asked.json()["change"]["kind"], asked.json()["deleted_at"]) == (202, "revoke", None)
    drain()
    assert provider.calls[-1] == ("revoke", (sent.chat.wa_chat_id, "wa-1"))
    now = seen(api, sent)
    assert (now["text"], now["change"]) == ("", None)
    assert now["deleted_at"] is not None
    assert api.delete(f"/api/v1/messages/{sent.pk}").status_code == 409


def test_a_reaction_comes_and_goes(api, zoes_api, as_member, world, chat, provider):
    message = customer_writes(chat, wa_message_id="in-1")
    assert react(zoes_api, message, "👍").status_code == 404
    assert react(as_member(world.vic), message, "👍").status_code == 403
    assert react(api, message, "👍").status_code == 202
    drain()
    assert provider.calls == [("react", (chat.wa_chat_id, "in-1", "👍"))]
    own = {"wa_id": world.channel.own_wa_id, "name": ""}
    assert seen(api, message)["reactions"] == [{"emoji": "👍", "by": own}]
    assert api.delete(f"/api/v1/messages/{message.pk}/reaction").status_code == 202
    drain()
    assert provider.calls[-1] == ("react", (chat.wa_chat_id, "in-1", ""))
    assert seen(api, message)["reactions"] == []


def test_a_reaction_whose_outcome_is_unknown_is_simply_tried_again(api, chat, provider):
    message = customer_writes(chat)
    provider.ends = [ProviderError("timeout", "No answer.", outcome_unknown=True)]
    react(api, message, "👍")
    drain()
    assert item_of(message, "message.react").state in ("queued", "sent")


@pytest.mark.parametrize("emoji", ["", "ok", "👍" * 40])
def test_a_reaction_is_one_emoji(api, chat, emoji):
    assert react(api, customer_writes(chat), emoji).status_code == 400


def test_a_message_that_is_not_there_yet_gets_no_reaction(api, world, chat):
    assert react(api, write(world.ben, chat), "👍").json()["code"] == "not_possible_now"
