"""Groups as each of WAHA's engines writes them."""

import pytest

from channels_app.providers.base import Ignored, InboundGroup, InboundParticipants, Participant
from channels_app.providers.errors import Unreadable
from tests.channels_app.providers.waha.bodies import AT, DANA, GROUP, LID, SECONDS, SHOP, body, one, read


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
