"""Who comes and goes in a group, said in its conversation; and chats of a number that is no longer linked."""

from datetime import timedelta

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from channels_app.models import Channel
from channels_app.providers.base import (
    InboundConnection,
    InboundGroup,
    InboundMessage,
    InboundParticipants,
    Participant,
)
from channels_app.services import renumbering
from inbox.models import Chat, Message
from inbox.services.ingesting import apply_groups
from inbox.services.ingesting.chats import ARCHIVED
from inbox.services.ingesting.groups import NOT_IN_GROUP
from kernel import clock

GROUP = "120363000000000001@g.us"
OTHER_GROUP = "120363000000000002@g.us"
OWN = "15550100100@s.whatsapp.net"
CARLA, OTTO = "15550100111@s.whatsapp.net", "15550100112@s.whatsapp.net"


def said(wa_id: str, *, chat: str = CARLA, name: str = "Carla Sample", **more) -> InboundMessage:
    values = {"from_me": False, "sender_wa_id": CARLA, "type": "text", "text": "Hello", "sender_name": name, **more}
    return InboundMessage(wa_message_id=wa_id, wa_chat_id=chat, at=clock.now(), **values)


def lines(chat: str = GROUP) -> list[str]:
    return list(
        Message.objects.filter(chat__wa_chat_id=chat, type="system").order_by("id").values_list("text", flat=True)
    )


def test_joins_promotions_and_leaves_are_lines_of_the_conversation(hear):
    hear(said("m1", chat=GROUP), InboundGroup(GROUP, participants=(Participant(OWN), Participant(CARLA))))
    hear(InboundParticipants(GROUP, "add", (OTTO,)))
    hear(InboundParticipants(GROUP, "promote", (CARLA,)))
    hear(InboundParticipants(GROUP, "demote", (CARLA,)), InboundParticipants(GROUP, "remove", (OTTO, OWN)))
    assert lines() == [
        "+15550100112 joined",
        "Carla Sample became an admin",
        "Carla Sample is no longer an admin",
        "+15550100112, Our number left",
    ]
    chat = Chat.objects.get(wa_chat_id=GROUP)
    assert (chat.read_only, chat.read_only_reason) == (True, NOT_IN_GROUP)
    assert not Message.objects.filter(type="system", direction="inbound").exists(), "a line is not unread"


def test_the_same_event_again_is_one_line(hear):
    hear(said("m1", chat=GROUP), InboundGroup(GROUP, participants=(Participant(OWN), Participant(CARLA))))
    for again in (False, False, True):
        hear(InboundParticipants(GROUP, "remove", (CARLA,)), again=again)
    hear(InboundParticipants(GROUP, "add", (CARLA,)), InboundParticipants(GROUP, "add", (CARLA,)))
    assert lines() == ["Carla Sample left", "Carla Sample joined"]


def test_a_list_of_groups_that_was_asked_for_is_written_with_who_may_write(world, hear):
    people = (Participant(OTTO, "admin"), Participant(OWN))
    apply_groups(
        channel_id=world.channel.pk,
        groups=[InboundGroup(GROUP, name="Team", participants=people, complete=True, only_admins_write=True)],
    )
    chat = Chat.objects.get(wa_chat_id=GROUP)
    assert (chat.name, chat.read_only, chat.participants.count()) == ("Team", True, 2)
    assert lines() == []


def test_a_group_that_a_whole_list_does_not_have_is_one_that_we_are_not_in_any_more(world, hear):
    for group in (GROUP, OTHER_GROUP):
        hear(said(f"m-{group}", chat=group), InboundGroup(group, participants=(Participant(OWN), Participant(CARLA))))
    here = [InboundGroup(OTHER_GROUP, participants=(Participant(OWN),), complete=True)]

    def listed(groups, whole_at):
        apply_groups(channel_id=world.channel.pk, groups=groups, whole_at=whole_at)
        return set(Chat.objects.filter(read_only=True).values_list("wa_chat_id", "read_only_reason"))

    asked_at = clock.now() + timedelta(minutes=1)
    assert listed(here, None) == set(), "a list with holes says nothing about other groups"
    assert listed(here, asked_at - timedelta(days=1)) == set(), "what was written after the list says more than it"
    for _ in range(2):
        assert listed(here, asked_at) == {(GROUP, NOT_IN_GROUP)}
    assert lines() == ["Our number left"]
    again = [*here, InboundGroup(GROUP, participants=(Participant(OWN),), complete=True)]
    assert listed(again, asked_at + timedelta(minutes=1)) == set()


def test_archived_chats_are_read_only_until_the_customer_writes_to_the_present_number(world, hear):
    hear(said("m1"), said("m2", chat=GROUP), said("m3", chat=OTTO, sender_wa_id=OTTO))
    Channel.objects.filter(pk=world.channel.pk).update(former_wa_id="15550100177@s.whatsapp.net")
    renumbering.archive_chats(actor=world.ana, channel_id=world.channel.pk)
    assert set(Chat.objects.values_list("read_only", "read_only_reason")) == {(True, ARCHIVED)}
    hear(InboundGroup(GROUP, participants=(Participant(OWN),)))
    assert Chat.objects.get(wa_chat_id=GROUP).read_only_reason == ARCHIVED, "news about a group opens nothing"
    hear(said("m4"))
    assert not Chat.objects.get(wa_chat_id=CARLA).read_only
    assert Chat.objects.get(wa_chat_id=OTTO).read_only


def test_news_about_a_connection_locks_channel_and_lane_before_anything_else(hear):
    """A tick of the relay locks lanes before items: the other way round the two would wait for each other."""
    echo = said("e1", from_me=True, sender_wa_id=OWN, source="api")
    with CaptureQueriesContext(database) as queries:
        hear(echo, InboundConnection("connecting", "The connection broke."))
    locks = [q["sql"] for q in queries if "FOR NO KEY UPDATE" in q["sql"] or "FOR UPDATE" in q["sql"]]
    assert "channels_app_channel" in locks[0]
    assert "outbox_lane" in locks[1]
    with CaptureQueriesContext(database) as queries:
        hear(said("m9"))
    assert not any("outbox_lane" in q["sql"] for q in queries), "a batch without such news pays nothing"
