"""What each of WAHA's messages says, in the words of its three engines."""

import pytest

from channels_app.providers.base import Ignored, InboundMedia, InboundMessage
from channels_app.providers.errors import Unreadable
from tests.channels_app.providers.waha.bodies import (
    AT,
    DANA,
    GROUP,
    LID,
    SECONDS,
    SHOP,
    body,
    gows,
    message,
    one,
    read,
    said,
)


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
