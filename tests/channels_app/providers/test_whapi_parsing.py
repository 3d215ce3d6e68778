"""Whapi's webhook bodies become the right values, in all three modes and all shapes."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels_app.providers.base import (
    Ignored,
    InboundChat,
    InboundConnection,
    InboundContact,
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
from channels_app.providers.cards import card_of, phones_of
from channels_app.providers.errors import Unreadable
from channels_app.providers.whapi.parsing import parse
from channels_app.states import ChannelStatus

DANA = "15550100201@s.whatsapp.net"
SHOP = "15550100100@s.whatsapp.net"
GROUP = "120363000000000077@g.us"
AT = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())


def body(kind: str = "", **content) -> bytes:
    type_, _, event = kind.partition(".")
    told = {"event": {"type": type_, "event": event}} if kind else {}
    return json.dumps({**content, **told, "channel_id": "SIMULA-00000"}).encode()


def read(data: bytes, method: str = "POST", suffix: str = ""):
    return parse(method=method, suffix=suffix, body=data)


def one(data: bytes, **how):
    (value,) = read(data, **how).values
    return value


def message(type_: str = "text", content=None, **more) -> dict:
    return {
        "id": "AbCdEf123-XyZ987",
        "from_me": False,
        "type": type_,
        "chat_id": DANA,
        "timestamp": SECONDS,
        "source": "mobile",
        type_: {"body": "Hello"} if content is None else content,
        "from": "15550100201",
        "from_name": "Dana Demo",
        **more,
    }


def told(type_: str = "text", content=None, **more):
    return one(body("messages.post", messages=[message(type_, content, **more)]))


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


# --- What changes a message ---


def test_reactions_edits_revokes_and_votes_change_their_target():
    def action(**content):
        return told("action", {"target": "Target-0001", **content})

    assert action(type="reaction", emoji="👍") == InboundReaction(
        "Target-0001", DANA, DANA, "Dana Demo", "👍", AT, "AbCdEf123-XyZ987"
    )
    assert action(type="reaction").emoji == ""
    assert action(type="delete") == InboundRevoke("Target-0001", DANA, DANA, AT)
    for kind in ("edit", "edited"):
        edited = action(type=kind, edited_type="text", edited_content={"body": "New"})
        assert edited == InboundEdit("Target-0001", DANA, "New", AT)
    assert action(type="edit", edited_content={"caption": "New"}).text == "New"
    assert action(type="vote", votes=["Now"]) == InboundVote("Target-0001", DANA, DANA, ("Now",), AT)
    comment = action(type="comment", comment="Nice")
    assert (comment.type, comment.text, comment.quoted_wa_id) == ("text", "Nice", "Target-0001")
    for kind in ("ephemeral", "pin", "unpin", "event_response", "dance"):
        assert isinstance(action(type=kind), Ignored)


def update(before: dict, after: dict, changes: list[str], **more) -> bytes:
    item = {"id": "Target-0001", "before_update": before, "after_update": after, "changes": changes, **more}
    return body("messages.patch", messages_updates=[item])


def test_an_update_tells_the_new_text_and_when():
    before, after = message(content={"body": "Old"}), message(content={"body": "New"})
    assert one(update(before, after, ["text"])) == InboundEdit("Target-0001", DANA, "New", None)
    trigger = message("action", {"type": "edit", "edited_content": {"body": "New"}}, timestamp=SECONDS)
    assert one(update(before, after, ["text"], trigger=trigger)) == InboundEdit("Target-0001", DANA, "New", AT)
    assert isinstance(one(update(before, before, ["status"])), Ignored)
    assert isinstance(one(update(before, after, ["reactions"])), Ignored)


def test_votes_come_in_all_four_shapes():
    def poll(now: list[str], later: list[str]) -> dict:
        results = [{"id": "1", "name": "Now", "voters": now}, {"id": "2", "name": "Later", "voters": later}]
        return message("poll", {"title": "When?", "options": ["Now", "Later"], "results": results}, id="Target-0001")

    changed = read(update(poll(["15550100201"], []), poll([], ["15550100202"]), ["poll"]))
    assert {(v.by_wa_id, v.options) for v in changed.values} == {(DANA, ()), ("15550100202@s.whatsapp.net", ("Later",))}
    whole = one(body("messages.patch", messages=[poll(["15550100201@s.whatsapp.net"], [])]))
    assert (whole.target_wa_id, whole.by_wa_id, whole.options) == ("Target-0001", DANA, ("Now",))
    bare = {"id": "Target-0001", "type": "poll_update", "chat_id": DANA, "poll_update": poll([], [DANA])["poll"]}
    told_so = one(body("messages.post", messages=[bare]))
    assert (told_so.target_wa_id, told_so.options, told_so.at) == ("Target-0001", ("Later",), None)


def test_removed_messages_are_revoked_and_cleared_chats_are_kept():
    assert one(body("messages.delete", messages_removed=["Target-0001"])) == InboundRevoke("Target-0001", "", "", None)
    assert isinstance(one(body("messages.delete", messages_removed_all=DANA)), Ignored)


# --- Everything else ---


def test_reports_are_read():
    report = {"id": "Ours-0001", "code": 3, "status": "delivered", "recipient_id": DANA, "timestamp": str(SECONDS)}
    assert one(body("statuses.post", statuses=[report])) == InboundStatus("Ours-0001", "delivered", AT, DANA)
    in_group = {**report, "recipient_id": GROUP, "viewer_id": "15550100201"}
    assert one(body("statuses.put", statuses=[in_group])).viewer_wa_id == DANA
    failed = {**report, "status": "failed", "timestamp": "soon", "errors": [{"code": 500, "message": "Not accepted"}]}
    assert one(body("statuses.post", statuses=[failed])) == InboundStatus(
        "Ours-0001", "failed", None, DANA, error_code="500", error_detail="Not accepted"
    )
    for other in ({"recipient_id": "stories"}, {"status": "teleported"}):
        assert isinstance(one(body("statuses.post", statuses=[{**report, **other}])), Ignored)


def test_chats_contacts_and_groups_are_read():
    endless = 18446744073709552000
    chat = {"id": DANA, "type": "contact", "name": "Dana", "mute_until": endless}
    assert one(body("chats.post", chats=[chat])) == InboundChat(DANA, "Dana")
    muted = one(body("chats.patch", chats_updates=[{"after_update": {**chat, "mute_until": SECONDS * 1000}}]))
    assert muted.muted_until == AT
    contact = {"id": "15550100201", "name": "Dana (saved)", "pushname": "~ dana"}
    assert one(body("contacts.post", contacts=[contact])) == InboundContact(DANA, "Dana (saved)", "dana")
    assert one(body("contacts.patch", contacts_updates=[{"after_update": contact}])).name == "Dana (saved)"
    group = {
        "id": GROUP,
        "name": "Front desk",
        "name_at": SECONDS,
        "announcements": True,
        "participants": [{"id": "15550100100", "rank": "creator"}, {"id": "15550100201", "rank": "?"}],
    }
    people = (Participant(SHOP, "creator"), Participant(DANA, "member"))
    assert one(body("groups.post", groups=[group])) == InboundGroup(GROUP, "Front desk", AT, people, True, True)
    renamed = one(body("groups.patch", groups_updates=[{"after_update": {"id": GROUP, "name": "New"}}]))
    assert (renamed.name, renamed.complete) == ("New", False)
    change = {"group_id": GROUP, "participants": ["15550100201"], "action": "remove"}
    assert one(body("groups.put", groups_participants=[change])) == InboundParticipants(GROUP, "remove", (DANA,))
    assert isinstance(one(body("groups.put", groups_participants=[{**change, "action": None}])), Ignored)


def test_presences_and_calls_are_read():
    typing = {"contact_id": "15550100201", "status": "typing"}
    assert one(body("presences.post", presences=[typing])) == InboundPresence(DANA, "typing")
    call = {"id": "CALL1", "from": DANA, "chat_id": DANA, "status": "missed", "timestamp": SECONDS * 1000}
    found = one(body("calls.post", calls=[call]))
    assert (found.type, found.at, found.wa_message_id) == ("call", AT, "CALL1")
    assert one(body("calls.post", calls=[{**call, "status": "ringing"}])) == found


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("NOT_INIT", "disconnected"),
        ("INIT", "connecting"),
        ("LAUNCH", "connecting"),
        ("QR", "qr_pending"),
        ("AUTH", "connected"),
        ("ERROR", "error"),
        ("SYNC_ERROR", "degraded"),
        ("STOP", "disconnected"),
    ],
)
def test_the_state_is_read_from_its_text_and_not_from_its_code(state, status):
    found = one(body("channel.post", health={"status": {"code": 200, "text": state}}))
    assert (found.status, found.provider_channel_id) == (status, "SIMULA-00000")


def test_a_qr_code_is_never_part_of_a_value():
    found = read(body("channel.patch", qr={"status": "OK", "base64": "data:image/png;base64,SECRET"}))
    assert "SECRET" not in repr(found)
    assert found.values[0].status == ChannelStatus.QR_PENDING


# --- Hostile input ---


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, "{}".encode("utf-16")],
)
def test_what_is_no_json_object_is_refused_with_a_sentence(data):
    with pytest.raises(Unreadable, match=r"^The body .*\.$"):
        read(data)


@pytest.mark.parametrize(
    "broken",
    [
        {"messages": [{}]},
        {"messages": [message(id=None)]},
        {"messages": [message(id="x" * 256)]},
        {"messages": [message(timestamp="yesterday")]},
        {"messages": [message(timestamp=10**40)]},
        {"messages": [message(chat_id={"a": 1})]},
        {"messages": 7},
        {"messages": [message("action", {"type": "reaction"})]},
        {"statuses": [{"status": "read"}]},
        {"calls": [{"id": "x"}]},
        {"presences": [{}]},
        {"groups_participants": [{"group_id": GROUP}]},
        {"messages_updates": [{"id": "Target-0001"}]},
        {"messages_removed": [None, 3]},
        {"contacts": ["x"]},
    ],
)
def test_an_item_without_what_it_needs_is_kept_for_later_with_a_reason(broken):
    with pytest.raises(Unreadable, match=r"^[A-Z].*\.$"):
        read(body(**broken))


def test_a_broken_item_does_not_take_the_others_with_it():
    parsed = read(body("messages.post", messages=[message(), {"id": 3}, message(id="Other-0001")]))
    assert [type(value) for value in parsed.values] == [InboundMessage, InboundMessage, Ignored]


def test_nothing_that_postgresql_cannot_store_gets_through():
    raw = body("messages.post", messages=[message(content={"body": "a\x00b\ud800c 😀"}), message("odd", {"x": 1e400})])
    text, odd = read(raw.replace(b"Infinity", b"1e400")).values
    assert text.text == "abc 😀"
    assert odd.extra["raw"] == {"type": "odd", "odd": {"x": None}}


def test_unknown_events_are_kept_and_ignored():
    for data in (body("service.post", news=[1]), body("weather.post", weather="rain"), body("messages.post"), b"{}"):
        parsed = read(data)
        assert [type(value) for value in parsed.values] == [Ignored]
    assert read(body("weather.post")).kind == "weather.post"
    assert read(b"{}").kind == "unknown"
    assert "twice" in one(body(errors=[{"code": 1, "message": "Said twice"}])).reason


# --- Published samples ---

SAMPLES = os.environ.get("WHAPI_SAMPLES", "")
WITHOUT_SAMPLES = (
    "WHAPI_SAMPLES is not set, so published payloads were NOT read. Save bodies of Whapi's webhooks (its help desk "
    "shows one of each kind) as webhook-<type>-<method>-*.json into a folder and set WHAPI_SAMPLES to its path."
)
EXPECTED = {
    "calls-post": InboundMessage,
    "channel-patch": InboundConnection,
    "channel-post": InboundConnection,
    "chats": Ignored,
    "contacts-post": InboundContact,
    "groups-patch": InboundGroup,
    "groups-post": InboundGroup,
    "groups-put": InboundParticipants,
    "labels-post": Ignored,
    "messages-delete-all": Ignored,
    "messages-delete.": InboundRevoke,
    "messages-patch-edit": InboundEdit,
    "messages-post-action-edit": InboundEdit,
    "messages-post-action-reaction": InboundReaction,
    "messages-post": InboundMessage,
    "presences-post": InboundPresence,
    "statuses-post": InboundStatus,
    "users": InboundConnection,
}


@pytest.mark.skipif(not SAMPLES, reason=WITHOUT_SAMPLES)
def test_every_published_sample_is_read_to_the_right_values():
    samples = sorted(Path(SAMPLES).glob("webhook-*.json")) if SAMPLES else []
    assert samples, f"There are no webhook-*.json files in {SAMPLES}."
    for sample in samples:
        name = sample.name.removeprefix("webhook-").removeprefix("methodmode-")
        data = sample.read_bytes()
        type_, method = name.removesuffix(".json").split(".")[0].split("-")[:2]
        by_name = (type_, method if method in ("post", "put", "patch", "delete") else "")
        parsed = parse(
            method=by_name[1].upper() or "POST", suffix=type_ if "methodmode" in sample.name else "", body=data
        )
        assert parsed.kind == ".".join(by_name), sample.name
        wanted = next(kind for start, kind in EXPECTED.items() if name.startswith(start))
        assert [type(value) for value in parsed.values] == [wanted], sample.name
        if wanted is InboundMessage:
            _same_as_the_sample(parsed.values[0], next(iter(json.loads(data).values()))[0], sample.name)


def _same_as_the_sample(value: InboundMessage, original: dict, name: str) -> None:
    assert value.wa_message_id == original["id"], name
    assert value.wa_chat_id == original["chat_id"], name
    assert value.sender_wa_id.split("@")[0] == original["from"].split("@")[0], name
    assert value.type != "unsupported", name
    content = original.get(original.get("type"), {})
    words = content.get("body") or content.get("caption")
    if words:
        assert value.text == words, name
    if "mime_type" in content:
        assert (value.media.provider_media_id, value.media.size) == (content["id"], content["file_size"]), name
