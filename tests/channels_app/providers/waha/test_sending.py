"""How messages reach WAHA, and people with hidden ids."""

import uuid
from datetime import timedelta

import pytest

from channels_app.providers.base import InboundMessage, InboundStatus, Outgoing
from channels_app.providers.errors import ProviderError
from kernel import clock
from tests.channels_app.providers.messages import DANA, DEADLINE, said_by, send, stored
from tests.channels_app.providers.waha.bodies import GROUP, LID

# --- Sending ---


def body_of(vendor, path: str) -> dict:
    return vendor.simulator.requests(path=path)[-1]["body"]


def test_a_message_gets_the_id_that_we_chose_and_its_echo_and_reports_name_it(at_waha):
    reference = str(uuid.UUID("0197f3d2-1111-7222-8333-444455556666"))
    sent = send(at_waha, Outgoing(to=DANA, type="text", text="Hello", client_reference=reference))
    assert sent.wa_message_id == "0197F3D2111172228333444455556666"
    echo = at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id)
    assert (echo.source, echo.client_reference) == ("api", reference)
    assert at_waha.wait_for_value(InboundStatus, status="sent").client_reference == reference
    send(at_waha, Outgoing(to=DANA, type="text", text="Hello", client_reference="not-a-uuid"))
    assert "id" not in body_of(at_waha, "/api/sendText")


def test_voice_and_video_are_converted_only_where_whatsapp_could_not_play_them(at_waha):
    for kind, mime_type, path, converts in (
        ("voice", "audio/ogg", "/api/sendVoice", False),
        ("voice", "audio/webm", "/api/sendVoice", True),
        ("video", "video/mp4", "/api/sendVideo", False),
        ("video", "video/webm", "/api/sendVideo", True),
    ):
        media = stored(b"content", mime_type, "a.bin")
        send(at_waha, Outgoing(to=DANA, type=kind, media=media))
        assert body_of(at_waha, path)["convert"] is converts
    assert body_of(at_waha, "/api/sendVoice")["file"]["mimetype"] == "audio/webm"


def test_a_song_stays_a_song_and_does_not_become_a_voice_message(at_waha):
    sent = send(at_waha, Outgoing(to=DANA, type="audio", media=stored(b"song", "audio/mpeg", "song.mp3")))
    echo = at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id)
    assert (echo.type, echo.media.file_name) == ("audio", "song.mp3")
    assert at_waha.simulator.requests(path="/api/sendVoice") == []


def test_a_place_keeps_its_address_in_the_title(at_waha):
    place = {"latitude": 51.5, "longitude": -0.12, "name": "Square", "address": "1 Street"}
    send(at_waha, Outgoing(to=DANA, type="location", location=place))
    assert body_of(at_waha, "/api/sendLocation")["title"] == "Square, 1 Street"


def test_people_are_mentioned_by_their_ids_at_waha(at_waha):
    mentions = ["15550100202", DANA, LID, "all", "nobody@nowhere"]
    send(at_waha, Outgoing(to=DANA, type="text", text="@15550100202", mentions=mentions))
    assert body_of(at_waha, "/api/sendText")["mentions"] == ["15550100202@c.us", "15550100201@c.us", LID]


def test_a_reply_names_its_message_in_the_long_form_also_when_it_is_ours_or_gone(at_waha):
    (theirs,) = at_waha.simulator.inbound(text="Are you open?")
    ours = send(at_waha).wa_message_id
    for quoted, named in (
        (theirs, f"false_15550100201@c.us_{theirs}"),
        (ours, f"true_15550100201@c.us_{ours}"),
        ("3EB0GONE", "false_15550100201@c.us_3EB0GONE"),
    ):
        send(at_waha, Outgoing(to=DANA, type="text", text="Yes", quoted_wa_id=quoted))
        assert body_of(at_waha, "/api/sendText")["reply_to"] == named


def test_in_a_group_the_author_is_looked_up_before_something_is_done_to_the_message(at_waha):
    at_waha.simulator.inbound(type="group", chat_id=GROUP, options=["15550100201"])
    (theirs,) = at_waha.simulator.inbound(chat_id=GROUP, text="Hi all")
    at_waha.adapter.react(at_waha.credentials, GROUP, theirs, "👍", deadline=DEADLINE)
    named = f"false_{GROUP}_{theirs}_15550100201@c.us"
    assert body_of(at_waha, "/api/reaction") == {"session": "shop", "messageId": named, "reaction": "👍"}
    at_waha.adapter.mark_read(at_waha.credentials, GROUP, theirs, deadline=DEADLINE)
    seen = body_of(at_waha, "/api/sendSeen")
    assert (seen["messageIds"], seen["participant"]) == ([named], "15550100201@c.us")
    ours = at_waha.adapter.send(
        at_waha.credentials, Outgoing(to=GROUP, type="text", text="Hello"), deadline=DEADLINE
    ).wa_message_id
    at_waha.adapter.revoke(at_waha.credentials, GROUP, ours, deadline=DEADLINE)
    (revoked,) = at_waha.simulator.requests(method="DELETE")
    assert revoked["path"].endswith(f"/true_{GROUP}_{ours}_15550100100@c.us")


def test_an_engine_that_cannot_look_up_a_message_by_its_bare_id_is_asked_for_the_long_one(at_waha):
    (theirs,) = at_waha.simulator.inbound(text="Hi")
    path = f"/api/shop/chats/15550100201@c.us/messages/{theirs}"
    at_waha.simulator.fault(match={"path": path}, times=1, status=422, body={"message": "wrong id"})
    at_waha.adapter.react(at_waha.credentials, DANA, theirs, "👍", deadline=DEADLINE)
    assert body_of(at_waha, "/api/reaction")["messageId"] == f"false_15550100201@c.us_{theirs}"


def test_typing_is_shown_to_the_customer(at_waha):
    at_waha.adapter.show_typing(at_waha.credentials, DANA, "", deadline=DEADLINE)
    assert body_of(at_waha, "/api/startTyping") == {"session": "shop", "chatId": "15550100201@c.us"}


def test_a_group_without_us_is_refused_for_good(at_waha):
    at_waha.simulator.inbound(type="group", chat_id=GROUP, options=["15550100201"])
    at_waha.simulator.inbound(type="leave", chat_id=GROUP, **{"from": "15550100100"})
    with pytest.raises(ProviderError) as caught:
        at_waha.adapter.send(at_waha.credentials, Outgoing(to=GROUP, type="text", text="x"), deadline=DEADLINE)
    assert (caught.value.code, said_by(caught.value)) == ("whatsapp_403", {"permanent"})


# --- Hidden ids ---


def test_what_is_sent_to_a_number_and_what_comes_back_under_a_hidden_id_meet_in_one_chat(at_waha):
    (theirs,) = at_waha.simulator.inbound(text="Hi", lid=LID)
    assert at_waha.wait_for_value(InboundMessage, wa_message_id=theirs).wa_chat_id == DANA
    sent = send(at_waha)
    assert sent.wa_chat_id == DANA
    assert at_waha.wait_for_value(InboundMessage, wa_message_id=sent.wa_message_id).wa_chat_id == DANA
    report = at_waha.wait_for_value(InboundStatus, wa_message_id=sent.wa_message_id, status="read")
    assert report.wa_chat_id == LID, "reports name the hidden id only: the message's id must be enough"
    since = clock.now() - timedelta(minutes=1)
    listed = at_waha.simulator.messages()
    for message in listed:
        message["_data"]["Info"] |= {"SenderAlt": "", "RecipientAlt": ""}
    at_waha.simulator.fault(match={"path": "*/messages"}, times=1, body=listed)
    found = at_waha.adapter.history(at_waha.credentials, DANA, since=since, from_me=None, deadline=DEADLINE)
    assert [(message.wa_message_id, message.wa_chat_id) for message in found] == [
        (theirs, DANA),
        (sent.wa_message_id, DANA),
    ], "what the history of a chat holds belongs to that chat, whatever id it is listed under"


def test_a_listed_group_names_our_own_number_whatever_it_is_listed_under(at_waha):
    group = {"JID": GROUP, "Name": "Crew", "Participants": [{"JID": "915550100100@lid", "PhoneNumber": ""}]}
    for answer in ([group], {GROUP: group}):
        at_waha.simulator.fault(match={"path": "*/groups"}, times=1, body=answer)
        (found,) = at_waha.adapter.groups(at_waha.credentials, deadline=DEADLINE).groups
        assert [p.wa_id for p in found.participants] == ["15550100100@s.whatsapp.net"]
