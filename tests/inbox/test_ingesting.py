"""What a delivery does to people, chats and groups."""

from datetime import timedelta

import pytest
from django.urls import reverse

from channels_app.providers import base
from inbox import events
from inbox.models import AssignmentRule, Attachment, Chat, Contact, Message, Participant, ReadCursor
from inbox.selectors.chat_list import chat_page, unread_counts
from inbox.selectors.unread import unread_by_member, unread_chat_count
from inbox.services.giving import give_waiting_chats
from inbox.services.ingesting import CannotApply
from inbox.services.ingesting.groups import ADMINS_ONLY, NOT_IN_GROUP
from inbox.services.reading import mark_read
from kernel.events import Moment, subscribe
from outbox.models import Item
from tests.support.inbound import CARLA, GROUP, NOON, OTTO, OWN, echo, later, reported, said
from workspaces.services.membership import remove
from workspaces.services.profiles import change_availability


@pytest.fixture
def told():
    """What was published while the test ran."""
    heard: list = []
    for kind in (events.MessagesChanged, events.ChatChanged, events.CustomerPresence):
        subscribe(kind, heard.append, Moment.SAME_TRANSACTION)
    yield heard
    from kernel import events as bus

    for kind in (events.MessagesChanged, events.ChatChanged, events.CustomerPresence):
        bus._subscribers[kind].remove((Moment.SAME_TRANSACTION, heard.append))


# --- People and chats -------------------------------------------------------------------------------------------------


def test_the_newest_push_name_counts_also_when_it_came_first(hear):
    hear(said("b", at=later(10), sender_name="Carla B."))
    hear(said("a", at=NOON, sender_name="Old Carla"), said("c", at=later(5), sender_name="Older"))
    assert Contact.objects.get().push_name == "Carla B."


def test_a_name_saved_by_our_side_is_kept(hear):
    hear(base.InboundContact(CARLA, name="Mrs Customer", push_name="Carla"))
    hear(base.InboundContact(CARLA, name="Somebody else"), said("a"))
    contact = Contact.objects.get()
    assert (contact.name, contact.push_name) == ("Mrs Customer", "Carla")


def test_a_group_message_names_its_sender_and_its_subject(hear):
    hear(said("a", chat=GROUP, sender_wa_id=OTTO, sender_name="Otto", chat_name="Weekend"))
    message = Message.objects.select_related("chat").get()
    assert (message.chat.kind, message.chat.name, message.chat.contact) == ("group", "Weekend", None)
    assert message.sender_contact.push_name == "Otto"
    hear(base.InboundGroup(GROUP, name="Earlier", name_at=later(-5)))
    assert Chat.objects.get().name == "Weekend"
    hear(base.InboundGroup(GROUP, name="Renamed", name_at=later(5)))
    assert Chat.objects.get().name == "Renamed"


def test_a_late_message_does_not_move_the_chat(hear):
    hear(said("new", at=later(60)))
    hear(said("old", at=NOON))
    chat = Chat.objects.get()
    assert (chat.last_message_at, chat.messages.get(pk=chat.last_message_id).wa_message_id) == (later(60), "new")


def test_a_chat_reopens_when_the_customer_writes_and_not_for_anything_else(hear):
    hear(said("a"))
    Chat.objects.update(state="done", done_at=later(100))
    hear(echo("e", source="mobile"), reported("a", "read"), said("a"))
    assert Chat.objects.get().done_at is not None
    hear(said("b", at=later(-5)))
    assert Chat.objects.get().done_at is None


@pytest.mark.parametrize(
    ("state", "who", "stays"),
    [("done", "there", True), ("open", "away", True), ("done", "away", False), ("done", "removed", False)],
)
def test_a_chat_that_reopens_does_not_stay_with_who_is_away(hear, world, state, who, stays):
    hear(said("a"))
    Chat.objects.update(state=state, assigned_to=world.ben)
    if who == "away":
        change_availability(member=world.ben, available=False)
    elif who == "removed":
        remove(actor=world.ana, member_id=world.ben.pk)
    hear(said("b", at=later(5)))
    chat = Chat.objects.get()
    assert (chat.state, chat.assigned_to_id) == ("open", world.ben.pk if stays else None)


def test_what_a_phone_knew_before_is_unread_to_nobody(hear, world, api, client):
    AssignmentRule.objects.create(workspace=world.acme, round_robin=True, capacity=5)
    hear(said("old", source="history"), said("older", at=later(-5), source="history"))
    chat = Chat.objects.get()

    def unread() -> tuple:
        listed = api.get("/api/v1/chats", {"unread": 1}).json()["results"]
        counted = unread_by_member([chat.pk], [world.ben.pk])[chat.pk][world.ben.pk]
        own = [row.chat for row in chat_page(world.ben, unread=True).rows]
        return len(listed), unread_counts(world.ben, [chat.pk])[chat.pk], counted, unread_chat_count(world.ben), own

    assert unread() == (0, 0, 0, 0, [])
    mark_read(actor=world.ben, chat=chat)
    assert not Item.objects.exists(), "no receipt for what was read long ago"
    assert give_waiting_chats(world.acme.pk) == 0
    client.force_login(world.ben.user)
    page = client.get(reverse("inbox:chat-detail", args=["acme", chat.pk])).content.decode()
    assert page.count(" theirs is-text past") == 2

    hear(said("new", at=later(5)))
    assert unread() == (1, 1, 1, 1, [chat])
    assert give_waiting_chats(world.acme.pk) == 1
    hear(said("oldest", at=later(-9), source="history"), said("echo", at=later(6), from_me=True, source="mobile"))
    mark_read(actor=world.ben, chat=chat)
    hear(said("late", at=later(-7), source="history"))
    assert unread() == (0, 0, 0, 0, [])


def test_only_providers_that_have_a_window_open_one(hear, world):
    hear(said("a"))
    assert Chat.objects.get().window_expires_at is None
    world.channel.provider = "cloud"
    hear(said("b", at=later(10)), channel=world.channel)
    hear(said("c", at=NOON), channel=world.channel)
    assert Chat.objects.get().window_expires_at == later(10) + timedelta(hours=24)


def test_our_own_number_is_nobodys_contact(hear):
    hear(said("a", chat=OWN, sender_wa_id=OWN, from_me=True), base.InboundContact(OWN, name="Us"))
    assert not Contact.objects.exists()


def test_too_long_an_id_is_refused_and_too_long_a_name_is_cut(hear):
    with pytest.raises(CannotApply, match="message id"):
        hear(said("x" * 256))
    hear(said("a", sender_name="N" * 500, type="unsupported", source="s" * 50))
    assert len(Contact.objects.get().push_name) == 200


def test_what_could_not_be_read_is_replaced_once_it_can(hear):
    hear(said("a", "", type="unsupported"))
    hear(said("a", "Now I can be read"))
    hear(said("a", "", type="unsupported"))
    message = Message.objects.get()
    assert (message.type, message.text, message.version) == ("text", "Now I can be read", 2)


def test_a_file_is_expected_once_and_asked_for_in_the_channels_lane(hear, world):
    photo = said("a", "look", type="image", media=base.InboundMedia("image", "media-1", "", "image/jpeg", size=5))
    hear(photo, photo)
    hear(photo)
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.kind, attachment.provider_media_id) == ("pending", "image", "media-1")
    item = Item.objects.get()
    assert (item.kind, item.lane_id, item.order_key) == ("media.fetch", world.channel.pk, attachment.pk)
    assert item.payload == {"attachment_id": str(attachment.pk)}


# --- Reports, reading, reactions --------------------------------------------------------------------------------------


def test_reading_on_the_phone_marks_the_chat_read_for_everybody(hear, world, told):
    hear(said("a"), said("b", at=later(1)), said("c", at=later(2)))
    told.clear()
    hear(reported("b", "read"))
    ids = dict(Message.objects.values_list("wa_message_id", "pk"))
    assert Chat.objects.get().read_up_to == ids["b"]
    cursors = ReadCursor.objects.values_list("member", "read_up_to")
    assert dict(cursors) == dict.fromkeys([m.pk for m in (world.ana, world.adam, world.ben, world.vic)], ids["b"])
    assert any(isinstance(event, events.ChatChanged) for event in told)
    hear(reported("a", "read"))
    assert Chat.objects.get().read_up_to == ids["b"]
    assert set(Message.objects.values_list("status", flat=True)) == {"received"}


def test_reading_on_the_phone_never_hides_what_came_later_with_an_older_place(hear):
    hear(said("new", at=later(60)))
    hear(said("late", at=NOON))
    hear(reported("late", "read"))
    assert Chat.objects.get().read_up_to is None


def test_a_repeat_tells_nobody_anything(hear, told):
    everything = (said("a"), reported("a", "read"), base.InboundReaction("a", CARLA, OTTO, "Otto", "👍", NOON, "e"))
    hear(*everything)
    assert told
    told.clear()
    before = list(Message.objects.values())
    hear(*everything)
    assert told == []
    assert list(Message.objects.values()) == before


def test_a_reaction_makes_the_bubble_new(hear, told):
    hear(said("a"))
    message = Message.objects.get()
    told.clear()
    hear(base.InboundReaction("a", CARLA, OTTO, "Otto", "👍", NOON, "e"))
    assert [event.message_ids for event in told] == [(message.pk,)]
    message.refresh_from_db()
    assert message.version == 2


def test_facts_that_came_before_the_message_count_when_it_comes(hear):
    hear(reported("e", "read", later(5)), base.InboundEdit("e", CARLA, "Better offer", later(3)))
    hear(base.InboundRevoke("e", CARLA, OWN, later(9)))
    assert not Message.objects.exists()
    hear(echo("e", source="mobile"))
    message = Message.objects.get()
    assert (message.status, message.text, message.original_text) == ("read", "Better offer", "Our offer")
    assert (message.read_at, message.edited_at, message.deleted_at) == (later(5), later(3), later(9))


def test_a_presence_is_told_and_not_kept_and_not_repeated_by_a_replay(hear, told):
    hear(said("a"))
    told.clear()
    hear(base.InboundPresence(CARLA, "typing"), base.InboundPresence(OTTO, "typing"))
    assert [(event.chat_id, event.status) for event in told] == [(Chat.objects.get().pk, "typing")]
    told.clear()
    hear(base.InboundPresence(CARLA, "typing"), again=True)
    assert told == []


# --- Groups -----------------------------------------------------------------------------------------------------------


def group(*people, **more) -> base.InboundGroup:
    return base.InboundGroup(GROUP, participants=tuple(base.Participant(*one) for one in people), **more)


def test_a_group_becomes_read_only_when_our_number_leaves_and_writable_when_it_returns(hear, told):
    hear(group((OWN, "member"), (OTTO, "admin"), name="Team"))
    assert not Chat.objects.get().read_only
    hear(base.InboundParticipants(GROUP, "remove", (OWN,)))
    chat = Chat.objects.get()
    assert (chat.read_only, chat.read_only_reason) == (True, NOT_IN_GROUP)
    assert any(isinstance(event, events.ChatChanged) for event in told)
    hear(base.InboundParticipants(GROUP, "add", (OWN,)))
    assert not Chat.objects.get().read_only


def test_a_whole_list_without_our_number_says_that_we_are_out_but_nothing_about_others(hear):
    hear(group((OWN, "member"), (CARLA, "member")))
    hear(group((OTTO, "admin"), complete=True))
    assert Chat.objects.get().read_only
    assert not Participant.objects.get(wa_id=CARLA).left


def test_a_list_by_hidden_ids_says_nothing_about_our_number(hear):
    hear(group(("123456789@lid", "member"), complete=True))
    assert not Chat.objects.get().read_only


def test_where_only_admins_write_we_need_to_be_one(hear):
    hear(group((OWN, "member"), only_admins_write=True))
    assert Chat.objects.get().read_only_reason == ADMINS_ONLY
    hear(base.InboundParticipants(GROUP, "promote", (OWN,)))
    assert not Chat.objects.get().read_only
    hear(base.InboundParticipants(GROUP, "demote", (OWN,)))
    assert Chat.objects.get().read_only
    hear(group(only_admins_write=False))
    assert not Chat.objects.get().read_only


def test_when_another_number_is_linked_its_own_groups_are_writable(hear, world):
    hear(group((OTTO, "member"), complete=True))
    assert Chat.objects.get().read_only
    hear(base.InboundConnection("connected", own_wa_id=OTTO))
    assert not Chat.objects.get().read_only
    assert type(world.channel).objects.get(pk=world.channel.pk).own_wa_id == OTTO
