"""What each of WAHA's webhook bodies says, in the words of its three engines."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.providers.base import (
    Ignored,
    InboundConnection,
    InboundEdit,
    InboundGroup,
    InboundMedia,
    InboundMessage,
    InboundParticipants,
    InboundPresence,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
    Participant,
)
from channels_app.providers.errors import Unreadable
from channels_app.providers.waha.ids import Key, chosen_id, id_of, key_of, long_id, reference_of, theirs
from channels_app.providers.waha.parsing import parse
from channels_app.states import ChannelStatus
from tests.channels_app.providers.test_conformance import JSON, assert_parses_or_says_why, places

DANA = "15550100201@s.whatsapp.net"
LID = "900000000000201@lid"
SHOP = "15550100100@s.whatsapp.net"
GROUP = "120363000000000077@g.us"
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TOLD_AT = datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC)
SECONDS = int(AT.timestamp())


def body(event: str, payload, **more) -> bytes:
    envelope = {
        "id": "evt_01aaaaaaaaaaaaaaaaaaaaaaaa",
        "timestamp": int(TOLD_AT.timestamp() * 1000),
        "event": event,
        "session": "shop",
        "me": {"id": "15550100100@c.us", "pushName": "Demo shop", "lid": "900000000000100@lid"},
        "payload": payload,
        "engine": "GOWS",
    }
    return json.dumps({**envelope, **more}).encode()


def read(data: bytes):
    return parse(method="POST", suffix="", body=data)


def one(event: str, payload, **more):
    """What the event is about; who is who may stand beside it."""
    return read(body(event, payload, **more)).values[0]


def message(**more) -> dict:
    return {
        "id": "false_15550100201@c.us_3EB0AA",
        "timestamp": SECONDS,
        "from": "15550100201@c.us",
        "fromMe": False,
        "source": "app",
        "to": None,
        "body": "Hello",
        "hasMedia": False,
        "ack": 2,
        "_data": {"Info": {"PushName": "Dana Demo"}, "Message": {"conversation": "Hello"}},
        **more,
    }


def gows(name: str, content: dict, **more) -> dict:
    """A message whose content stands in the engine's data alone."""
    return message(body=None, _data={"Info": {"PushName": "Dana Demo"}, "Message": {name: content}}, **more)


def said(**more) -> InboundMessage:
    return one("message.any", message(**more))


# --- Ids ---


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("true_15550100201@c.us_3EB0AA", Key("3EB0AA", DANA, True)),
        (
            f"false_{GROUP}_3EB0AA_15550100201:12@c.us",
            Key("3EB0AA", GROUP, False, DANA),
        ),
        (f"true_{LID}_3EB0AA", Key("3EB0AA", LID, True)),
        ("true_15550100201@c.us_3EB0AA_out", Key("3EB0AA", DANA, True)),
        ({"_serialized": "true_15550100201@c.us_3EB0AA", "id": "3EB0AA"}, Key("3EB0AA", DANA, True)),
        ("3EB0AA", Key("3EB0AA")),
        ("maybe_x_y", None),
        ("", None),
        (7, None),
        (None, None),
        ({"id": 7}, None),
        ("x" * 256, None),
        (f"true_15550100201@c.us_{'x' * 256}", None),
    ],
)
def test_a_message_id_is_taken_apart_in_every_form(written, key):
    assert key_of(written) == key
    assert id_of(written) == (key.id if key else "")


def test_a_message_id_is_put_together_as_waha_takes_it():
    assert long_id(Key("3EB0AA", DANA, True)) == "true_15550100201@c.us_3EB0AA"
    assert long_id(Key("3EB0AA", GROUP, False, DANA)) == f"false_{GROUP}_3EB0AA_15550100201@c.us"
    assert [theirs(wa_id) for wa_id in (DANA, GROUP, LID)] == ["15550100201@c.us", GROUP, LID]


def test_a_reference_becomes_an_id_and_the_id_the_reference_again():
    reference = "0197f3d2-1111-7222-8333-444455556666"
    assert reference_of(chosen_id(reference)) == reference
    assert chosen_id("1b4e28ba-2fa1-11d2-883f-0016d3cca427") == "", "only ids that Waybill makes: version 7"
    assert chosen_id("") == chosen_id("x") == ""
    assert reference_of("3EB0C767E8D4B2A9E4C3D1") == ""


# --- Messages ---


def test_a_text_has_all_its_facts():
    assert said(replyTo={"id": "3EB0BB", "participant": "15550100100@c.us", "body": "…"}) == InboundMessage(
        wa_message_id="3EB0AA",
        wa_chat_id=DANA,
        from_me=False,
        sender_wa_id=DANA,
        at=AT,
        type="text",
        text="Hello",
        sender_name="Dana Demo",
        source="app",
        quoted_wa_id="3EB0BB",
    )


def test_message_and_message_any_say_the_same():
    assert one("message", message()) == one("message.any", message())


def test_our_own_message_keeps_its_status_and_source():
    found = said(id="true_15550100201@c.us_3EB0AA", fromMe=True, source="api", ack=1)
    assert (found.from_me, found.sender_wa_id, found.source, found.status) == (True, SHOP, "api", "sent")
    assert (found.sender_name, found.client_reference) == ("", "")
    older = said(
        id="true_15550100201@c.us_3EB0AA", fromMe=True, **{"from": "15550100100@c.us", "to": "15550100201@c.us"}
    )
    assert older.wa_chat_id == DANA


def test_in_a_group_the_participant_wrote():
    found = said(
        id=f"false_{GROUP}_3EB0AA_15550100201@c.us", participant="15550100201:7@c.us", **{"from": GROUP, "to": GROUP}
    )
    assert (found.wa_chat_id, found.sender_wa_id) == (GROUP, DANA)
    by_id = said(id=f"false_{GROUP}_3EB0AA_15550100201@c.us", **{"from": GROUP})
    assert by_id.sender_wa_id == DANA


@pytest.mark.parametrize(
    ("raw", "chat_id"),
    [
        ({"Info": {"SenderAlt": DANA}}, DANA),
        ({"Info": {"SenderAlt": "15550100201:3@s.whatsapp.net"}}, DANA),
        ({"key": {"remoteJidAlt": DANA}}, DANA),
        ({"Info": {"SenderAlt": ""}}, LID),
        ({"Info": {"SenderAlt": "900000000000999@lid"}}, LID),
        ({}, LID),
    ],
)
def test_a_hidden_id_gives_way_to_the_number_where_the_event_names_it(raw, chat_id):
    found = said(id=f"false_{LID}_3EB0AA", _data=raw, **{"from": LID})
    assert (found.wa_chat_id, found.sender_wa_id) == (chat_id, chat_id)


def test_our_message_to_a_hidden_id_belongs_to_the_number_it_was_sent_to():
    raw = {"Info": {"RecipientAlt": DANA, "SenderAlt": SHOP}}
    found = said(id=f"true_{LID}_3EB0AA", fromMe=True, _data=raw, **{"from": LID})
    assert found.wa_chat_id == DANA


@pytest.mark.parametrize(
    "raw",
    [
        {"Info": {"IsGroup": True, "SenderAlt": DANA}},
        {"key": {"participantAlt": DANA}},
    ],
)
def test_in_a_group_the_number_behind_a_hidden_participant_is_used(raw):
    found = said(id=f"false_{GROUP}_3EB0AA_{LID}", participant=LID, _data=raw, **{"from": GROUP})
    assert (found.wa_chat_id, found.sender_wa_id) == (GROUP, DANA)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"Info": {"PushName": "Dana"}}, "Dana"),
        ({"pushName": "Dana"}, "Dana"),
        ({"notifyName": "Dana"}, "Dana"),
        ({"Info": {"PushName": 7}}, ""),
        (None, ""),
    ],
    ids=["GOWS", "NOWEB", "WEBJS", "odd", "none"],
)
def test_the_name_that_people_give_themselves_is_found_in_every_engine(raw, name):
    assert said(_data=raw).sender_name == name


@pytest.mark.parametrize(
    ("name", "content", "mime_type", "kind"),
    [
        ("imageMessage", {}, "image/jpeg", "image"),
        ("videoMessage", {}, "video/mp4", "video"),
        ("ptvMessage", {}, "video/mp4", "video"),
        ("audioMessage", {"PTT": True}, "audio/ogg; codecs=opus", "voice"),
        ("audioMessage", {"ptt": True}, "audio/ogg; codecs=opus", "voice"),
        ("audioMessage", {}, "audio/mpeg", "audio"),
        ("documentMessage", {}, "application/pdf", "document"),
        ("documentMessage", {}, "audio/mpeg", "audio"),
        ("stickerMessage", {}, "image/webp", "sticker"),
        ("", {}, "image/webp", "sticker"),
        ("", {}, "image/png", "image"),
        ("", {}, "audio/ogg; codecs=opus", "voice"),
        ("", {}, "application/zip", "document"),
        ("", {}, "", "document"),
    ],
)
def test_media_of_every_type_is_known_by_the_engines_data_or_by_its_mime_type(name, content, mime_type, kind):
    media = {"url": "http://localhost:3000/api/files/shop/3EB0AA.bin", "mimetype": mime_type, "filename": None}
    raw = {"Message": {name: {"mimetype": mime_type, "fileLength": "1234", "seconds": 3, **content}}} if name else {}
    found = said(hasMedia=True, media=media, body="Look", _data=raw)
    assert (found.type, found.text) == (kind, "Look")
    assert found.media.link == media["url"]
    assert found.media.provider_media_id == "false_15550100201@c.us_3EB0AA"
    assert (found.media.size, found.media.seconds) == ((1234, 3) if name else (None, None))


@pytest.mark.parametrize(("web_type", "kind"), [("ptt", "voice"), ("sticker", "sticker"), ("image", "image")])
def test_media_of_the_browser_engine_is_known_by_its_own_type(web_type, kind):
    assert said(hasMedia=True, media={"mimetype": "application/octet-stream"}, _data={"type": web_type}).type == kind


def test_a_file_that_waha_did_not_download_can_be_asked_for_by_its_message():
    raw = {"Message": {"imageMessage": {"mimetype": "image/png", "caption": "Look", "fileSHA256": "abc="}}}
    found = said(hasMedia=True, media=None, body="Look", _data=raw)
    assert found.media == InboundMedia(
        "image", provider_media_id="false_15550100201@c.us_3EB0AA", mime_type="image/png", sha256="abc="
    )


def test_the_file_name_is_no_caption_and_a_link_must_be_one():
    raw = {"Message": {"documentMessage": {"fileName": "offer.pdf"}}}
    found = said(
        hasMedia=True, media={"url": "file:///etc/passwd", "filename": "offer.pdf"}, body="offer.pdf", _data=raw
    )
    assert (found.text, found.media.file_name, found.media.link) == ("", "offer.pdf", "")


def test_what_is_wrapped_is_unwrapped():
    inner = {
        "documentMessage": {"fileName": "a.pdf", "mimetype": "application/pdf", "contextInfo": {"isForwarded": True}}
    }
    wrapped = {"ephemeralMessage": {"message": {"documentWithCaptionMessage": {"message": inner}}}}
    found = said(hasMedia=True, body="Read", _data={"Message": wrapped})
    assert (found.type, found.media.file_name, found.extra) == ("document", "a.pdf", {"forwarded": True})


@pytest.mark.parametrize(
    "location",
    [
        {"latitude": 51.5, "longitude": -0.12, "name": "Square", "address": "1 Street"},
        {"latitude": "51.5", "longitude": "-0.12", "description": "Square", "address": "1 Street"},
        {"degreesLatitude": 51.5, "degreesLongitude": -0.12, "name": "Square", "address": "1 Street"},
    ],
)
def test_a_place_is_understood_with_numbers_and_with_texts(location):
    found = said(location=location, body="Square")
    assert (found.type, found.text) == ("location", "")
    assert found.location == {"latitude": 51.5, "longitude": -0.12, "name": "Square", "address": "1 Street"}


def test_contact_cards_are_read_wherever_they_stand():
    card = "BEGIN:VCARD\nFN:Lena\\, Demo\nTEL;waid=15550100250:+1 555\nEND:VCARD"
    people = [{"name": "Lena, Demo", "phones": ["+15550100250"]}]
    assert said(vCards=[card], body=None).contacts == people
    assert one("message.any", gows("contactMessage", {"vcard": card})).contacts == people
    assert one("message.any", gows("contactsArrayMessage", {"contacts": [{"vcard": card}]})).contacts == people


@pytest.mark.parametrize(
    ("raw", "multiple"),
    [
        ({"pollCreationMessage": {"selectableOptionsCount": 1}}, False),
        ({"pollCreationMessageV3": {"selectableOptionsCount": 0}}, True),
        ({"pollCreationMessageV2": {}}, True),
    ],
)
def test_polls_of_every_version_are_understood(raw, multiple):
    ((name, content),) = raw.items()
    content = {**content, "name": "When?", "options": [{"optionName": "Now"}, {"optionName": "Later"}]}
    found = said(body="When?", _data={"Message": {name: content}})
    assert found.type == "poll"
    options = [{"text": "Now", "votes": 0}, {"text": "Later", "votes": 0}]
    assert found.poll == {"question": "When?", "options": options, "multiple": multiple}


def test_a_poll_of_the_browser_engine_is_understood():
    raw = {
        "type": "poll_creation",
        "pollName": "When?",
        "pollOptions": [{"name": "Now", "localId": 0}, {"name": "Later"}],
    }
    assert said(_data=raw).poll["question"] == "When?"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("buttonsResponseMessage", {"selectedButtonID": "b-1", "selectedDisplayText": "Confirm"}),
        ("templateButtonReplyMessage", {"selectedId": "b-1", "selectedDisplayText": "Confirm"}),
        ("listResponseMessage", {"title": "Confirm", "singleSelectReply": {"selectedRowID": "b-1"}}),
    ],
)
def test_a_pressed_button_says_which(name, content):
    found = one("message.any", gows(name, content))
    assert (found.type, found.text) == ("interactive", "Confirm")
    assert found.button == {"id": "b-1", "title": "Confirm", "payload": "b-1"}


def test_forwards_mentions_and_advertisements_are_kept():
    context = {
        "isForwarded": True,
        "mentionedJID": ["15550100100@s.whatsapp.net", "all", 7],
        "externalAdReply": {"title": "Shoes", "thumbnail": "xxxx", "sourceURL": "https://example.org"},
    }
    found = said(_data={"Message": {"extendedTextMessage": {"text": "Hello", "contextInfo": context}}})
    assert found.extra == {
        "forwarded": True,
        "mentions": [SHOP],
        "referral": {"title": "Shoes", "sourceURL": "https://example.org"},
    }


def test_a_quote_is_found_in_the_engines_data_too():
    context = {"stanzaID": "3EB0CC", "participant": SHOP, "quotedMessage": {"conversation": "?"}}
    assert said(_data={"Message": {"extendedTextMessage": {"contextInfo": context}}}).quoted_wa_id == "3EB0CC"
    assert said(_data={"quotedStanzaID": "3EB0DD"}).quoted_wa_id == "3EB0DD"
    assert said(replyTo={"id": "false_15550100201@c.us_3EB0EE"}).quoted_wa_id == "3EB0EE"


def test_what_cannot_be_shown_is_kept_without_its_pictures():
    found = one(
        "message.any", gows("orderMessage", {"orderTitle": "3 things", "JPEGThumbnail": "xx", "contextInfo": {}})
    )
    assert found.type == "unsupported"
    assert found.extra["raw"] == {"type": "orderMessage", "orderMessage": {"orderTitle": "3 things"}}
    assert one("message.any", message(body=None, _data={})).type == "unsupported"


@pytest.mark.parametrize("web_type", ["e2e_notification", "gp2", "ciphertext", "revoked"])
def test_notices_of_whatsapps_own_are_no_messages(web_type):
    assert isinstance(one("message.any", message(_data={"type": web_type})), Ignored)


@pytest.mark.parametrize("chat", ["status@broadcast", "120363000000000001@newsletter", "1234@broadcast"])
def test_stories_broadcasts_and_newsletters_are_no_chats(chat):
    assert isinstance(one("message.any", message(id=f"false_{chat}_3EB0AA", **{"from": chat})), Ignored)


@pytest.mark.parametrize(
    "payload",
    [
        {"id": "3EB0AA", "timestamp": SECONDS},
        message(id=None),
        message(timestamp=None),
        message(timestamp="soon"),
        message(id="false_x_y_z", **{"from": None}),
        [],
        None,
        "text",
    ],
)
def test_a_message_that_cannot_be_placed_is_kept_for_a_replay(payload):
    with pytest.raises(Unreadable):
        read(body("message.any", payload))


# --- Reports ---


@pytest.mark.parametrize(
    ("ack", "status"),
    [(-1, "failed"), (0, "pending"), (1, "sent"), (2, "delivered"), (3, "read"), (4, "played")],
)
def test_the_scale_of_acknowledgements(ack, status):
    report = one("message.ack", {"id": "true_15550100201@c.us_3EB0AA", "from": DANA, "fromMe": True, "ack": ack})
    assert (report.wa_message_id, report.status, report.at) == ("3EB0AA", status, TOLD_AT)


@pytest.mark.parametrize("ack", [None, True, "3", 9, -2, 1.5])
def test_a_level_that_is_none_is_ignored(ack):
    assert isinstance(one("message.ack", {"id": "true_15550100201@c.us_3EB0AA", "ack": ack}), Ignored)


def test_a_report_of_a_group_names_who_read():
    payload = {
        "id": f"true_{GROUP}_3EB0AA_15550100100@c.us",
        "from": GROUP,
        "participant": "15550100201@c.us",
        "ack": 3,
    }
    report = one("message.ack.group", payload)
    assert (report.wa_chat_id, report.viewer_wa_id) == (GROUP, DANA)
    direct = one("message.ack", {"id": "true_15550100201@c.us_3EB0AA", "participant": "15550100201@c.us", "ack": 3})
    assert direct.viewer_wa_id == ""


def test_a_report_under_the_hidden_id_names_the_same_message():
    report = one("message.ack", {"id": f"true_{LID}_3EB0AA", "from": LID, "fromMe": True, "ack": 2})
    assert isinstance(report, InboundStatus)
    assert report.wa_message_id == "3EB0AA"


def test_a_failure_says_why():
    payload = {"id": "true_15550100201@c.us_3EB0AA", "ack": -1}
    assert one("message.ack", payload).error_detail == "WhatsApp did not accept the message."
    blocked = one(
        "message.ack", {**payload, "error": {"code": "463", "blocked": True, "until": "2026-06-26T23:45:00Z"}}
    )
    assert (blocked.error_code, blocked.error_detail) == (
        "463",
        "WhatsApp does not let this number write to new people until 2026-06-26T23:45:00Z.",
    )
    other = one("message.ack", {**payload, "error": {"code": 479, "blocked": False}})
    assert (other.error_code, other.error_detail) == ("479", "WhatsApp refused it with error 479.")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("typing", "typing"),
        ("recording", "recording"),
        ("paused", "online"),
        ("online", "online"),
        ("offline", "offline"),
    ],
)
def test_presences_are_understood(state, status):
    payload = {"id": "15550100201@c.us", "presences": [{"participant": "15550100201@c.us", "lastKnownPresence": state}]}
    assert one("presence.update", payload) == InboundPresence(DANA, status)


def test_a_presence_of_nobody_or_of_a_group_is_ignored():
    for payload in ({"id": "x"}, {"id": GROUP, "presences": [{"lastKnownPresence": "typing"}]}, {"presences": [7, {}]}):
        assert isinstance(one("presence.update", payload), Ignored)


def test_a_call_is_one_message():
    payload = {"id": "CALL1", "from": "15550100201@c.us", "timestamp": SECONDS + 0.5, "isVideo": True, "isGroup": False}
    call = one("call.received", payload)
    assert (call.type, call.text, call.wa_message_id, call.wa_chat_id) == ("call", "Video call", "CALL1", DANA)
    assert isinstance(one("call.accepted", payload), Ignored)


# --- Changes ---


def test_a_reaction_names_its_message_and_its_author():
    payload = {**message(), "reaction": {"text": "❤", "messageId": "true_15550100201@c.us_3EB0BB"}}
    assert one("message.reaction", payload) == InboundReaction("3EB0BB", DANA, DANA, "", "❤", AT, "3EB0AA", False)
    ours = one(
        "message.reaction",
        {**message(id="true_15550100201@c.us_3EB0AA", fromMe=True), "reaction": {"text": "", "messageId": "3EB0BB"}},
    )
    assert (ours.emoji, ours.from_me, ours.by_wa_id) == ("", True, SHOP)


def test_an_edit_names_what_was_edited():
    assert one("message.edited", message(body="Hello again", editedMessageId="3EB0BB")) == InboundEdit(
        "3EB0BB", DANA, "Hello again", AT
    )
    assert one("message.edited", message(body="Hello again")).target_wa_id == "3EB0AA"


@pytest.mark.parametrize(
    ("payload", "target", "by"),
    [
        ({"after": message(), "before": None, "revokedMessageId": "3EB0BB"}, "3EB0BB", DANA),
        ({"after": message(), "before": message(id="false_15550100201@c.us_3EB0CC")}, "3EB0CC", DANA),
        ({"after": message()}, "3EB0AA", DANA),
        ({"before": message()}, "3EB0AA", DANA),
    ],
)
def test_a_revoke_names_what_was_revoked(payload, target, by):
    revoke = one("message.revoked", payload)
    assert isinstance(revoke, InboundRevoke)
    assert (revoke.target_wa_id, revoke.wa_chat_id, revoke.by_wa_id) == (target, DANA, by)


def test_a_vote_says_all_options_that_somebody_has_chosen():
    vote = {
        "id": "false_15550100201@c.us_3EB0AA",
        "from": "15550100201@c.us",
        "fromMe": False,
        "selectedOptions": ["Now", 7, "Later"],
        "timestamp": SECONDS * 1000,
    }
    poll = {"id": "true_15550100201@c.us_3EB0BB", "from": "15550100100@c.us", "fromMe": True}
    assert one("poll.vote", {"vote": vote, "poll": poll}) == InboundVote("3EB0BB", DANA, DANA, ("Now", "Later"), AT)
    in_group = {**vote, "id": f"false_{GROUP}_3EB0AA_{LID}", "participant": LID, "from": GROUP}
    raw = {"Info": {"IsGroup": True, "SenderAlt": DANA}}
    found = one("poll.vote", {"vote": in_group, "poll": {"id": f"true_{GROUP}_3EB0BB_15550100100@c.us"}, "_data": raw})
    assert (found.wa_chat_id, found.by_wa_id) == (GROUP, DANA)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("message.reaction", message(reaction={"text": "👍"})),
        ("message.edited", message(id=None)),
        ("message.revoked", {"after": None}),
        ("poll.vote", {"vote": {}, "poll": {}}),
        ("poll.vote", {"vote": {}, "poll": {"id": f"true_{GROUP}_3EB0BB"}}),
        ("message.ack", {"ack": 3}),
        ("call.received", {"id": "CALL1"}),
        ("group.v2.participants", {"group": {"id": GROUP}, "type": "teleport", "participants": [DANA]}),
        ("group.v2.participants", {"group": {"id": GROUP}, "type": "join", "participants": []}),
        ("group.v2.join", {"group": {"id": "15550100201@c.us"}}),
    ],
)
def test_what_names_nothing_is_kept_for_a_replay(event, payload):
    with pytest.raises(Unreadable):
        read(body(event, payload))


# --- Groups ---


@pytest.mark.parametrize(
    "group",
    [
        {
            "id": GROUP,
            "subject": "Front desk",
            "participants": [
                {"id": "15550100100@c.us", "role": "superadmin"},
                {"id": LID, "pn": "15550100201@c.us", "role": "admin"},
                {"id": "15550100202@c.us", "role": "participant"},
                {"id": "15550100203@c.us", "role": "left"},
            ],
        },
        {
            "JID": GROUP,
            "Name": "Front desk",
            "Participants": [
                {"JID": SHOP, "IsAdmin": True, "IsSuperAdmin": True},
                {"JID": LID, "PhoneNumber": DANA, "IsAdmin": True},
                {"JID": "15550100202@s.whatsapp.net"},
            ],
        },
        {
            "id": GROUP,
            "subject": "Front desk",
            "participants": [
                {"id": SHOP, "admin": "superadmin"},
                {"id": LID, "phoneNumber": DANA, "admin": "admin"},
                {"id": "15550100202@s.whatsapp.net", "admin": None},
            ],
        },
        {
            "id": {"_serialized": GROUP},
            "name": "Front desk",
            "groupMetadata": {
                "participants": [
                    {"id": {"_serialized": "15550100100@c.us"}, "isAdmin": True, "isSuperAdmin": True},
                    {"id": {"_serialized": "15550100201@c.us"}, "isAdmin": True},
                    {"id": {"_serialized": "15550100202@c.us"}},
                ]
            },
        },
    ],
    ids=["WAHA", "GOWS", "NOWEB", "WEBJS"],
)
def test_a_group_of_every_engine_names_everybody_with_their_rank(group):
    found = one("group.v2.join", {"timestamp": SECONDS * 1000, "group": group, "_data": {}})
    assert (found.wa_chat_id, found.name, found.complete) == (GROUP, "Front desk", True)
    assert found.participants == (
        Participant(SHOP, "creator"),
        Participant(DANA, "admin"),
        Participant("15550100202@s.whatsapp.net", "member"),
    )


def test_our_own_number_is_found_in_a_group_that_lists_it_under_its_hidden_id():
    own = {"id": "900000000000100@lid", "role": "admin"}
    joined = one("group.v2.join", {"group": {"id": GROUP, "participants": [own]}})
    assert joined.participants == (Participant(SHOP, "admin"),)
    left = {"group": {"id": GROUP}, "type": "leave", "participants": [own]}
    assert one("group.v2.participants", left).wa_ids == (SHOP,)


@pytest.mark.parametrize(
    ("raw", "only_admins"),
    [
        ({"IsAnnounce": True}, True),
        ({"announce": False}, False),
        ({"Announce": {"IsAnnounce": True}}, True),
        ({}, None),
    ],
)
def test_who_may_write_is_read_from_the_engine_because_wahas_own_word_for_it_means_both(raw, only_admins):
    group = {"id": GROUP, "subject": "Front desk", "membersCanSendMessages": True}
    assert one("group.v2.update", {"group": group, "_data": raw}).only_admins_write is only_admins


def test_a_change_of_a_group_says_only_what_changed():
    found = one("group.v2.update", {"timestamp": SECONDS * 1000, "group": {"id": GROUP, "subject": "New"}, "_data": {}})
    assert found == InboundGroup(GROUP, "New", AT, (), False, None)
    assert isinstance(one("group.v2.update", {"group": {"id": GROUP, "description": "Rules"}}), Ignored)
    partial = one("group.v2.update", {"group": {"id": GROUP, "participants": [{"id": "15550100201@c.us"}]}})
    assert (partial.participants, partial.complete) == ((Participant(DANA, "member"),), False)


@pytest.mark.parametrize(
    ("type_", "action"), [("join", "add"), ("leave", "remove"), ("promote", "promote"), ("demote", "demote")]
)
def test_people_come_go_and_change_their_rank(type_, action):
    people = [{"id": LID, "pn": "15550100201@c.us", "role": "admin"}, {"id": "15550100202@c.us"}]
    found = one("group.v2.participants", {"group": {"id": GROUP}, "type": type_, "participants": people})
    assert found == InboundParticipants(GROUP, action, (DANA, "15550100202@s.whatsapp.net"))


def test_our_own_leaving_takes_our_number_out():
    found = one("group.v2.leave", {"timestamp": SECONDS * 1000, "group": {"id": GROUP}})
    assert found == InboundParticipants(GROUP, "remove", (SHOP,))
    with pytest.raises(Unreadable):
        read(body("group.v2.leave", {"group": {"id": GROUP}}, me=None))


# --- The session ---


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("STOPPED", ChannelStatus.DISCONNECTED),
        ("STARTING", ChannelStatus.CONNECTING),
        ("SCAN_QR_CODE", ChannelStatus.QR_PENDING),
        ("PASSKEY_REQUIRED", ChannelStatus.QR_PENDING),
        ("PASSKEY_CONFIRMATION_REQUIRED", ChannelStatus.QR_PENDING),
        ("WORKING", ChannelStatus.CONNECTED),
        ("FAILED", ChannelStatus.ERROR),
    ],
)
def test_every_state_of_a_session_is_one_of_a_channel(state, status):
    found = one("session.status", {"name": "shop", "status": state, "statuses": [], "data": {"code": "secret-code"}})
    assert (found.status, found.provider_channel_id) == (status, "shop")
    assert "secret-code" not in repr(found)
    if state == "WORKING":
        assert (found.own_wa_id, found.own_name) == (SHOP, "Demo shop")
    else:
        assert found.detail


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (["STARTING", "WORKING", "FAILED"], ChannelStatus.LOGGED_OUT),
        (["STARTING", "WORKING"], ChannelStatus.LOGGED_OUT),
        (["SCAN_QR_CODE", "FAILED"], ChannelStatus.ERROR),
        (["WORKING", "STARTING", "FAILED"], ChannelStatus.ERROR),
        (["FAILED"], ChannelStatus.ERROR),
    ],
)
def test_a_session_that_fails_out_of_work_was_unlinked(before, status):
    points = [{"status": state, "timestamp": n} for n, state in enumerate(before)]
    found = one("session.status", {"name": "shop", "status": "FAILED", "statuses": points})
    assert isinstance(found, InboundConnection)
    assert found.status == status


def test_a_state_that_nobody_knows_is_ignored():
    assert isinstance(one("session.status", {"name": "shop", "status": "DREAMING"}), Ignored)


@pytest.mark.parametrize(
    "event",
    [
        "engine.event",
        "state.change",
        "chat.archive",
        "label.upsert",
        "message.waiting",
        "poll.vote.failed",
        "",
        "new.one",
    ],
)
def test_events_without_use_are_kept_with_a_reason(event):
    parsed = read(body(event, {"event": "gows.any", "data": {"a": 1}}))
    (value,) = parsed.values
    assert isinstance(value, Ignored)
    assert value.reason
    assert parsed.kind == (event or "unknown")


# --- Whatever comes ---

CARD = "BEGIN:VCARD\nFN:Lena\nTEL;waid=15550100250:+1 555\nEND:VCARD"
MEDIA = {"url": "http://localhost:3000/api/files/shop/a.png", "mimetype": "image/png", "filename": "a.png"}
CONTEXT = {"stanzaId": "3EB0BB", "participant": DANA, "mentionedJid": [SHOP], "isForwarded": True}
NOWEB = {"key": {"remoteJid": LID, "remoteJidAlt": DANA, "participantAlt": DANA, "id": "3EB0AA"}, "pushName": "Dana"}
ODD_BODIES = [
    ("message.any", message(hasMedia=True, media=MEDIA, _data={**NOWEB, "message": {"imageMessage": {"seconds": 1}}})),
    (
        "message.any",
        message(_data={**NOWEB, "message": {"extendedTextMessage": {"text": "a", "contextInfo": CONTEXT}}}),
    ),
    ("message.any", message(body=None, vCards=[CARD], location={"latitude": "1", "longitude": 2})),
    ("message.any", message(_data={"type": "poll_creation", "pollName": "?", "pollOptions": [{"name": "a"}]})),
    ("message.any", message(_data={"message": {"viewOnceMessageV2": {"message": {"audioMessage": {"ptt": True}}}}})),
    ("message.any", message(id={"_serialized": "false_15550100201@c.us_3EB0AA"}, _data={"type": "ptt"}, hasMedia=True)),
    ("message.any", gows("listResponseMessage", {"title": "a", "singleSelectReply": {"selectedRowId": "1"}})),
    ("message.any", gows("pollCreationMessage", {"name": "?", "options": [{"optionName": "a"}]})),
    (
        "message.ack.group",
        {"id": f"true_{GROUP}_3EB0AA_15550100100@c.us", "ack": -1, "error": {"code": "463", "until": "x"}},
    ),
    ("group.v2.join", {"group": {"id": {"_serialized": GROUP}, "groupMetadata": {"participants": [{"id": DANA}]}}}),
    ("group.v2.update", {"group": {"JID": GROUP, "Participants": [{"JID": DANA}]}, "_data": {"Announce": {}}}),
    (
        "session.status",
        {"name": "shop", "status": "FAILED", "statuses": [{"status": "WORKING"}], "data": {"code": "x"}},
    ),
    (
        "poll.vote",
        {"vote": {"from": DANA, "selectedOptions": ["a"], "timestamp": 1}, "poll": {"id": "true_1@c.us_3EB0"}},
    ),
    ("presence.update", {"id": DANA, "presences": [{"participant": DANA, "lastKnownPresence": "typing"}]}),
]


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_body_of_any_engine_with_one_value_replaced_is_read_or_refused_with_a_reason(data):
    event, payload = data.draw(st.sampled_from(ODD_BODIES))
    envelope = json.loads(body(event, payload))
    *path, last = data.draw(st.sampled_from([place for place in places(envelope) if place]))
    target = envelope
    for key in path:
        target = target[key]
    target[last] = data.draw(st.sampled_from(["a\x00b", "a\ud800b", {}, [], None, -1, 1e300, "x" * 100_000]) | JSON)
    assert_parses_or_says_why("waha", "POST", "", json.dumps(envelope).encode())
