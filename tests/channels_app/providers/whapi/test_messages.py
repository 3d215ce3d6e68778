"""Whapi's messages become the right values, in all three modes and all shapes."""

import pytest

from channels_app.providers.base import Ignored, InboundConnection, InboundMedia, InboundMessage
from channels_app.providers.cards import card_of, phones_of
from channels_app.states import ChannelStatus
from tests.channels_app.providers.whapi.bodies import AT, DANA, GROUP, SHOP, body, message, one, read, told

# --- Modes and kinds ---


@pytest.mark.parametrize(
    ("method", "suffix", "kind", "expected"),
    [
        ("POST", "", "messages.post", "messages.post"),
        ("POST", "", "messages.put", "messages.put"),
        ("POST", "messages/post", "", "messages.post"),
        ("POST", "/messages/put/", "", "messages.put"),
        ("PUT", "messages", "", "messages.put"),
        ("PATCH", "Messages", "", "messages.patch"),
        ("POST", "", "", "messages.post"),
        ("POST", "messages/../x", "", "messages.post"),
    ],
)
def test_the_kind_comes_from_the_event_the_path_the_verb_or_the_key(method, suffix, kind, expected):
    assert read(body(kind, messages=[message()]), method=method, suffix=suffix).kind == expected


def test_linked_and_unlinked_are_told_apart_by_the_verb():
    user = {"user": {"id": "15550100100", "name": "Demo shop"}}
    linked = InboundConnection(ChannelStatus.CONNECTED, "", SHOP, "Demo shop", "SIMULA-00000")
    assert one(body("users.post", **user)) == linked
    assert one(body(**user), suffix="users") == linked
    for how in ({"method": "DELETE", "suffix": "users"}, {"suffix": "users/delete"}):
        assert one(body(**user), **how).status == ChannelStatus.LOGGED_OUT
    assert isinstance(one(body(**user)), Ignored)


def test_all_items_of_a_body_are_read_in_its_order():
    parsed = read(body("messages.post", messages=[message(id=f"AbCdEf-{n}0000") for n in range(3)]))
    assert [value.wa_message_id for value in parsed.values] == ["AbCdEf-00000", "AbCdEf-10000", "AbCdEf-20000"]


# --- Messages ---


def test_a_text_has_all_its_facts():
    assert told(context={"quoted_id": "Quoted-0001", "forwarded": True, "mentions": ["15550100100"]}) == InboundMessage(
        wa_message_id="AbCdEf123-XyZ987",
        wa_chat_id=DANA,
        from_me=False,
        sender_wa_id=DANA,
        at=AT,
        type="text",
        text="Hello",
        sender_name="Dana Demo",
        source="mobile",
        quoted_wa_id="Quoted-0001",
        extra={"forwarded": True, "mentions": [SHOP]},
    )


def test_a_context_without_a_quoted_id_is_no_reply():
    assert told(context={"ephemeral": 0}).quoted_wa_id == ""


def test_a_text_with_a_link_is_a_text():
    found = told("link_preview", {"body": "See https://example.org", "title": "Example"})
    assert (found.type, found.text) == ("text", "See https://example.org")


def test_our_own_message_keeps_its_status_and_source():
    found = told(from_me=True, source="api", status="pending", **{"from": "15550100100"})
    assert (found.from_me, found.sender_wa_id, found.source, found.status) == (True, SHOP, "api", "pending")


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("image", "image"), ("video", "video"), ("gif", "video"), ("short", "video"), ("audio", "audio"),
     ("voice", "voice"), ("document", "document"), ("documentWithCaption", "document"), ("sticker", "sticker")],
)  # fmt: skip
def test_media_of_every_type_is_fetchable(type_, kind):
    content = {
        "id": "file-00aa-bb",
        "mime_type": "audio/ogg; codecs=opus",
        "file_size": 1234,
        "sha256": "c2hh",
        "link": "https://files.example.org/x",
        "caption": "Look",
        "seconds": 7,
        "filename": "A file.pdf",
        "preview": "data:image/jpeg;base64,AAAA",
    }
    found = told(type_, content)
    assert (found.type, found.text) == (kind, "Look")
    assert found.media == InboundMedia(
        kind, "file-00aa-bb", "https://files.example.org/x", "audio/ogg; codecs=opus", "A file.pdf", 1234, 7, "c2hh"
    )
    assert "files.example.org" not in repr(found)


def test_media_inside_a_quote_is_not_fetched():
    assert told("image", {"id": "media_init"}).media.provider_media_id == ""


def test_places_and_people_are_read():
    found = told("location", {"latitude": 51, "longitude": -0.1, "name": "Square", "address": "1 Street"})
    assert found.location == {"latitude": 51.0, "longitude": -0.1, "name": "Square", "address": "1 Street"}
    assert told("live_location", {"latitude": 1.5, "longitude": 2, "caption": "Here"}).text == "Here"
    card = "BEGIN:VCARD\nFN:Lena\nitem1.TEL;type=CELL;waid=15550100250:+1 555 010 0250\nTEL:555 1\nEND:VCARD"
    lena = {"name": "Lena", "phones": ["+15550100250", "555 1"]}
    assert told("contact", {"name": "Lena", "vcard": card}).contacts == [lena]
    assert told("contact_list", {"list": [{"name": "Lena", "vcard": card}, "x"]}).contacts == [lena]


def test_a_card_that_we_write_is_read_back():
    card = card_of("Lena; Demo, x\n", ["+1 555 010 0250"])
    assert phones_of(card) == ["+15550100250"]
    assert "FN:Lena\\; Demo\\, x\\n" in card


def test_a_poll_shows_its_options_and_counts():
    results = [{"id": "o1", "name": "Now", "count": 2, "voters": []}]
    found = told("poll", {"title": "When?", "options": ["Now", "Later"], "vote_limit": 1, "results": results})
    options = [{"text": "Now", "votes": 2}, {"text": "Later", "votes": 0}]
    assert found.poll == {"question": "When?", "options": options, "multiple": False}
    assert told("poll", {"title": "When?", "options": ["Now", "Later"], "vote_limit": 0}).poll["multiple"] is True


@pytest.mark.parametrize("kind", ["buttons_reply", "button_reply", "list_reply"])
def test_a_pressed_button_has_the_id_that_was_sent(kind):
    found = told("reply", {"type": kind, kind: {"id": "ButtonsV3:yes-1", "title": "Yes"}})
    assert (found.type, found.text) == ("interactive", "Yes")
    assert found.button == {"id": "yes-1", "title": "Yes", "payload": "ButtonsV3:yes-1"}


def test_menus_and_templates_show_their_words_and_keep_the_rest():
    found = told("interactive", {"header": {"text": "Shop"}, "body": {"text": "Choose"}, "action": {"buttons": []}})
    assert (found.type, found.text) == ("interactive", "Shop\nChoose")
    assert found.extra["raw"]["action"] == {"buttons": []}
    assert told("hsm", {"body": "Your order", "header": {"text": {"body": "News"}}}).text == "News\nYour order"


def test_what_nobody_knows_is_kept_as_unsupported():
    found = told("hologram", {"depth": 3, "preview": "AAAA"})
    assert found.type == "unsupported"
    assert found.extra["raw"] == {"type": "hologram", "hologram": {"depth": 3}}
    assert told("text", {}).type == "unsupported"


def test_what_the_system_says_is_a_message_of_its_own_type():
    assert (told("system", {"body": "Dana joined"}).type, told("system", {"body": "x"}).text) == ("system", "x")
    assert told("system", {}, subtype="number_changed").text == "number changed"
    assert told("call", {}).type == "call"


def test_in_a_group_the_author_is_not_the_chat():
    found = told(chat_id=GROUP, chat_name="Front desk")
    assert (found.wa_chat_id, found.sender_wa_id, found.chat_name) == (GROUP, DANA, "Front desk")
    assert told(chat_id=GROUP, **{"from": None}).sender_wa_id == ""


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("15550100201", DANA),
        (15550100201, DANA),
        ("+15550100201", DANA),
        ("15550100201@c.us", DANA),
        ("15550100201:12@s.whatsapp.net", DANA),
        ("98765432109876@lid", "98765432109876@lid"),
        ("15550100201-1400000000", "15550100201-1400000000@g.us"),
    ],
)
def test_ids_have_one_form(written, normal):
    assert told(chat_id=written).wa_chat_id == normal


@pytest.mark.parametrize("chat", ["stories", "status@broadcast", "120363000000000099@newsletter"])
def test_stories_and_newsletters_are_no_chats(chat):
    assert isinstance(told(chat_id=chat), Ignored)
