"""Reports, presences, and what changes a message."""

import pytest

from channels_app.providers.base import (
    Ignored,
    InboundEdit,
    InboundPresence,
    InboundReaction,
    InboundRevoke,
    InboundStatus,
    InboundVote,
)
from channels_app.providers.errors import Unreadable
from tests.channels_app.providers.waha.bodies import (
    AT,
    DANA,
    GROUP,
    LID,
    SECONDS,
    SHOP,
    TOLD_AT,
    body,
    message,
    one,
    read,
)

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
