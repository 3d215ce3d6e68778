"""What a person can do about a message that waits, failed, or may have been sent; and what its timeline then says."""

import pytest

from channels_app.providers.errors import ProviderError
from inbox.models import Message
from outbox.models import Item
from outbox.services.operating import hold_lane
from tests.support.chats import customer_writes, drain, echo_of, fact, item_of, make_chat, settle, write

pytestmark = pytest.mark.django_db

REFUSED = ProviderError("bad_number", "Nobody has this number.", permanent=True)
NO_ANSWER = ProviderError("timeout", "No answer came in time.", outcome_unknown=True)


def act(api, message: Message, deed: str):
    return api.post(f"/api/v1/messages/{message.pk}/{deed}")


def timeline(api, message: Message) -> list[tuple[str, str]]:
    answer = api.get(f"/api/v1/messages/{message.pk}/timeline")
    assert answer.status_code == 200
    return [(entry["event"], entry["detail"]) for entry in answer.json()]


def test_ben_cancels_what_still_waits(as_member, zoes_api, world, chat, provider):
    message = write(world.ben, chat)
    for deed in ("cancel", "retry", "mark-sent"):
        assert act(zoes_api, message, deed).status_code == 404
        assert act(as_member(world.vic), message, deed).status_code == (403)
    answer = act(as_member(world.ben), message, "cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert act(as_member(world.ben), message, "cancel").status_code == 409
    drain()
    assert provider.sent() == []
    assert timeline(as_member(world.ana), message) == [
        ("queued", "Written by Ben Demo and put into the outbox."),
        ("cancelled", "Ben Demo cancelled it."),
    ]


def test_a_message_that_was_sent_cannot_be_cancelled_or_sent_again(api, world, chat, provider):
    message = write(world.ben, chat)
    drain()
    for deed in ("cancel", "retry", "mark-sent"):
        answer = act(api, message, deed)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_possible_now")


def test_a_failed_message_is_sent_again(as_member, world, chat, provider):
    message = write(world.ben, chat)
    provider.ends = [REFUSED]
    drain()
    ben = as_member(world.ben)
    assert ben.get(f"/api/v1/messages/{message.pk}").json()["error"] == {
        "code": "bad_number",
        "detail": "Nobody has this number.",
    }
    answer = act(ben, message, "retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (200, "pending", None)
    assert act(ben, message, "retry").status_code == 409
    drain()
    assert len(provider.sent()) == 2
    assert timeline(ben, message) == [
        ("queued", "Written by Ben Demo and put into the outbox."),
        ("attempt_started", "Attempt 1 began."),
        ("failed", "Refused for good: Nobody has this number."),
        ("queued", "Ben Demo sent it again."),
        ("attempt_started", "Attempt 2 began."),
        ("sent", "The provider accepted it."),
    ]


def test_an_uncertain_message_is_marked_as_sent_by_a_person(as_member, world, chat, provider):
    message = write(world.ben, chat)
    provider.ends = [NO_ANSWER]
    drain()
    answer = act(as_member(world.ben), message, "mark-sent")
    assert (answer.status_code, answer.json()["status"]) == (200, "sent")
    drain()
    assert len(provider.sent()) == 1
    assert timeline(as_member(world.ben), message)[2:] == [
        ("uncertain", "Nobody knows whether it arrived: No answer came in time."),
        ("resolved", "Ben Demo marked it as sent."),
    ]


def test_sending_an_uncertain_message_again_is_a_persons_decision_and_recorded(as_member, world, chat, provider):
    message = write(world.ben, chat)
    provider.ends = [NO_ANSWER]
    drain()
    drain()
    assert len(provider.sent()) == 1, "an uncertain message must never repeat itself"
    assert act(as_member(world.ben), message, "retry").json()["status"] == "pending"
    drain()
    assert len(provider.sent()) == 2
    assert ("queued", "Ben Demo sent it again, although it may have been sent already.") in timeline(
        as_member(world.ben), message
    )


def test_a_message_that_the_provider_reported_as_failed_later_is_sent_anew(api, world, chat, provider):
    message = write(world.ben, chat)
    drain()
    Message.objects.filter(pk=message.pk).update(status="failed", error_code="131026", error_detail="Not delivered.")
    answer = act(api, message, "retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["wa_message_id"]) == (200, "pending", None)
    drain()
    message.refresh_from_db()
    assert (message.status, message.wa_message_id) == ("sent", "wa-2")
    assert Item.objects.filter(subject_id=message.pk).count() == 2


def test_a_message_that_lost_its_echo_to_another_can_be_marked_or_sent_again(api, world, chat):
    mistaken, owner = write(world.ben, chat, "ok"), write(world.ben, chat, "ok")
    settle((mistaken, "sent", {"provider_id": "wa-2"}))
    Item.objects.filter(subject_id=mistaken.pk).update(state="sent", open=False)
    settle((owner, "sent", {"provider_id": "wa-2"}))
    answer = act(api, mistaken, "mark-sent")
    assert (answer.status_code, answer.json()["status"]) == (200, "sent")


def test_a_read_only_chat_takes_no_second_try(api, world, chat, provider):
    message = write(world.ben, chat)
    provider.ends = [REFUSED]
    drain()
    type(chat).objects.filter(pk=chat.pk).update(read_only=True)
    assert act(api, message, "retry").json()["code"] == "chat_read_only"


def test_a_customers_message_has_nothing_to_resolve(api, chat):
    message = customer_writes(chat)
    for deed in ("cancel", "retry", "mark-sent"):
        assert act(api, message, deed).status_code == 409
    assert timeline(api, message) == [("sent", "The customer sent it.")]


# --- Timeline ---------------------------------------------------------------------------------------------------------


def test_the_timeline_tells_pauses_waits_and_reports(api, world, chat, provider):
    message = write(world.ben, chat)
    hold_lane(lane_id=world.channel.pk, seconds=60, reason="The number is throttled.")
    told = timeline(api, message)
    assert told[0] == ("queued", "Written by Ben Demo and put into the outbox.")
    assert told[1][0] == "paused"
    assert "The number is throttled." in told[1][1]
    assert "until" in told[1][1]


def test_a_retry_that_waits_says_when(api, world, chat, provider):
    message = write(world.ben, chat)
    provider.ends = [ProviderError("connect", "No connection."), ProviderError("connect", "No connection.")]
    drain()
    told = timeline(api, message)
    assert ("attempt_failed", "Not sent, to be tried again: No connection.") in told
    assert told[-1][0] == "waiting"


def test_reports_edits_and_revokes_stand_in_their_time(api, world, chat, provider):
    message = write(world.ben, chat)
    drain()
    for kind, key, value in (
        ("status", "delivered:", {}),
        ("status", "read:", {}),
        ("edit", "digest", {"text": "x"}),
        ("revoke", "", {}),
        ("reaction", "me", {"emoji": "👍"}),
    ):
        fact(world.channel, "wa-1", kind, key, value=value)
    assert timeline(api, message)[-4:] == [
        ("delivered", "It reached the customer's phone."),
        ("read", "The customer read it."),
        ("edited", "The text was changed."),
        ("revoked", "It was deleted for everybody."),
    ]


def test_a_message_from_the_phone_says_so(api, chat):
    message = echo_of(chat, "from the phone", "wa-9")
    assert timeline(api, message) == [("sent", "Sent with this number outside Waybill (api).")]


def test_the_timeline_is_for_its_own_workspace(api, zoes_api, world, chat):
    message = write(world.ben, chat)
    refused = zoes_api.get(f"/api/v1/messages/{message.pk}/timeline")
    assert (refused.status_code, refused.json()["code"]) == (404, "message_not_found")
    assert item_of(message).state == "queued"
    assert make_chat(world.zoes_channel).pk != chat.pk
