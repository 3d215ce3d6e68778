"""What changes a message at Whapi, and everything else that it tells."""

import pytest

from channels_app.providers.base import (
    Ignored,
    InboundChat,
    InboundContact,
    InboundEdit,
    InboundGroup,
    InboundParticipants,
    InboundPresence,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
    Participant,
)
from channels_app.states import ChannelStatus
from tests.channels_app.providers.whapi.bodies import AT, DANA, GROUP, SECONDS, SHOP, body, message, one, read, told

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
