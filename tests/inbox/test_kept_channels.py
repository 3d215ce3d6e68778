"""A channel that is kept for a team: its chats do not exist for anybody else, at any door."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from channels_app.models import ChannelTeam
from channels_app.services.restricting import keep_for_teams
from inbox.jobs import MEDIA_FETCH
from inbox.models import Attachment
from inbox.selectors.unread import unread_chat_count
from inbox.services.assigning import assign_chat
from kernel.errors import Invalid
from kernel.ids import new_id
from outbox.models import Item, Lane
from tests.support.chats import customer_writes, make_chat
from tests.support.outbox import put
from tests.support.sockets import inbox_of
from tests.support.world import make_channel, make_member
from workspaces.models import AuditEntry, Team
from workspaces.services.teams import change_team, create_team, delete_team

HTMX = {"HX-Request": "true"}


def browser_of(member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


@pytest.fixture
def kept(world):
    """A second channel with one chat, for the team of Ben; Gil is an agent outside it."""
    channel = make_channel(world.acme, "Legal", "+15550100101")
    team = create_team(actor=world.adam, name="Lawyers")
    change_team(actor=world.adam, team_id=team.pk, name="Lawyers", member_ids=[world.ben.pk])
    keep_for_teams(actor=world.adam, channel=channel, team_ids=[team.pk])
    world.gil = make_member(world.acme, "Gil Guest", "agent")
    chat = make_chat(channel, "Secret Client")
    world.secret = customer_writes(chat, "The confidential matter")
    Attachment.objects.create(
        workspace=world.acme, message=world.secret, kind="document", file_name="brief.pdf", state="failed"
    )
    customer_writes(make_chat(world.channel, "Open Customer"), "The public matter")
    return chat


@pytest.mark.parametrize(
    ("who", "sees"), [("ana", True), ("adam", True), ("ben", True), ("gil", False), ("vic", False)]
)
def test_the_list_the_counts_and_the_search(world, kept, who, sees):
    member = getattr(world, who)
    browser = browser_of(member)
    page = browser.get(reverse("inbox:chat-list", args=["acme"])).content.decode()
    assert ("Secret Client" in page, "Legal" in page) == (sees, sees)
    assert "Open Customer" in page
    counts = browser.get(reverse("inbox:chat-counts", args=["acme"])).json()
    assert (counts["all"], counts["unread"], unread_chat_count(member)) == ((2, 2, 2) if sees else (1, 1, 1))
    for q in ("secret", "confidential", kept.wa_chat_id.partition("@")[0]):
        found = browser.get(reverse("inbox:chat-rows", args=["acme"]), {"q": q}, headers=HTMX).content.decode()
        assert ("data-open=" in found) is sees, q
    found = browser.get(reverse("inbox:chat-rows", args=["acme"]), {"q": "matter"}, headers=HTMX).content.decode()
    assert found.count("data-at-message") == (2 if sees else 1)


@pytest.mark.parametrize(("who", "status"), [("adam", 200), ("ben", 200), ("gil", 404), ("zoe", 404)])
def test_the_chat_its_parts_and_the_api(world, kept, as_member, who, status):
    member = getattr(world, who)
    slug, browser, program = "acme", browser_of(member), as_member(member)
    doors = [
        reverse(f"inbox:{name}", args=[slug, kept.pk])
        for name in ("chat-detail", "chat-info", "message-list", "chat-standing")
    ]
    doors += [reverse("inbox:message-timeline", args=[slug, world.secret.pk])]
    doors += [f"/api/v1/chats/{kept.pk}", f"/api/v1/chats/{kept.pk}/messages", f"/api/v1/messages/{world.secret.pk}"]
    doors += [f"/api/v1/contacts/{kept.contact_id}", f"/api/v1/channels/{kept.channel_id}"]
    for door in doors:
        asked = program if door.startswith("/api/") else browser
        assert asked.get(door).status_code == status, door
    if who != "zoe":
        shown = program.get("/api/v1/contacts").json()["results"]
        assert ("Secret Client" in {one["name"] for one in shown}) is (status == 200)
        listed = program.get("/api/v1/channels").json()["results"]
        assert ("Legal" in {one["name"] for one in listed}) is (status == 200)
    deeds = [("chat-state", {"state": "done"}), ("chat-read", {}), ("chat-unread", {}), ("chat-mute", {"on": "1"})]
    for name, body in deeds if status == 404 else []:
        address = reverse(f"inbox:{name}", args=[slug, kept.pk])
        assert browser.post(address, body, headers=HTMX).status_code == 404, name
    kept.refresh_from_db()
    assert (kept.state, kept.muted_until) == ("open", None)


def test_an_attachment_follows_its_message(world, kept):
    file = Attachment.objects.get(file_name="brief.pdf")
    Attachment.objects.filter(pk=file.pk).update(state="ready", path="nothing")
    address = reverse("inbox:attachment-file", args=["acme", file.pk])
    assert browser_of(world.gil).get(address).status_code == 404


def test_an_agents_key_is_in_no_team(world, kept, as_key):
    assert as_key(world.acme).get(f"/api/v1/chats/{kept.pk}").status_code == 404
    assert as_key(world.acme, "admin").get(f"/api/v1/chats/{kept.pk}").status_code == 200


def test_nobody_is_given_a_chat_that_they_do_not_see(world, kept):
    with pytest.raises(Invalid):
        assign_chat(actor=world.ben, chat=kept, member=world.gil)
    picker = reverse("inbox:chat-pick", args=["acme", kept.pk, "assign"])
    page = browser_of(world.ben).get(picker).content.decode()
    assert ("Ben Demo" in page, "Ana Example" in page, "Gil Guest" in page) == (True, True, False)


def test_new_chats_start_only_on_channels_that_one_sees(world, kept):
    address = reverse("inbox:chat-new", args=["acme"])
    assert "Legal" not in browser_of(world.gil).get(address).content.decode()
    body = {"channel": str(kept.channel_id), "to": "+1 555 010 7777"}
    assert browser_of(world.gil).post(address, body, headers=HTMX).status_code == 404
    assert browser_of(world.ben).post(address, body, headers=HTMX).status_code == 204


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_sockets_hear_only_of_channels_that_their_member_sees(world, kept):
    async with inbox_of(world.ben) as ben, inbox_of(world.gil) as gil:
        assert (await gil.opens(kept.pk))["type"] == "no-chat"
        assert (await ben.opens(kept.pk))["type"] == "opened"
        await sync_to_async(assign_chat)(actor=world.ben, chat=kept, member=world.ben)
        assert "Secret Client" in (await ben.hears("chat", chat=str(kept.pk)))["html"]
        await gil.hears_nothing("chat", "message", "presence")
        # Ben leaves the team: the open page loses the chat, and hears no more of it.
        team = await Team.objects.aget(name="Lawyers")
        await sync_to_async(change_team)(actor=world.adam, team_id=team.pk, name="Lawyers", member_ids=[world.gil.pk])
        assert (await ben.hears("no-chat"))["chat"] == str(kept.pk)
        await ben.hears("resync")
        await gil.hears("resync")
        await sync_to_async(assign_chat)(actor=world.ana, chat=kept, member=None)
        await gil.hears("chat", chat=str(kept.pk))
        await ben.hears_nothing("chat")


# --- The page on which teams are made ---------------------------------------------------------------------------------


def settle(actor, **body):
    return browser_of(actor).post(reverse("inbox:settings-teams", args=["acme"]), body, follow=True)


def test_an_admin_makes_a_team_and_keeps_a_channel_for_it(world):
    settle(world.adam, deed="create", name="Night shift")
    team = Team.objects.get()
    settle(world.adam, deed="change", id=str(team.pk), name="Night", member=[str(world.ben.pk), "x", str(world.zoe.pk)])
    assert [tie.member for tie in team.team_members.all()] == [world.ben]
    page = settle(world.adam, deed="channel", id=str(world.channel.pk), team=[str(team.pk)]).content.decode()
    assert "only these teams" in page
    assert ChannelTeam.objects.get().team == team
    assert "There is a team of this name" in settle(world.adam, deed="create", name="NIGHT").content.decode()
    settle(world.adam, deed="delete", id=str(team.pk))
    assert not ChannelTeam.objects.exists()
    deeds = list(AuditEntry.objects.order_by("id").values_list("deed", flat=True))
    assert deeds == ["team.created", "team.changed", "channel.audience_changed", "team.deleted"]


def test_teams_are_for_admins_and_zoes_are_her_own(world):
    team = create_team(actor=world.ana, name="Night")
    for body in ({"deed": "delete", "id": str(team.pk)}, {"deed": "channel", "id": str(world.channel.pk)}):
        assert settle(world.ben, **body).status_code == 403
        assert settle(world.zoe, **body).status_code == 404
        there = browser_of(world.zoe).post(reverse("inbox:settings-teams", args=["zoes"]), body)
        assert there.status_code == 404
    own = create_team(actor=world.zoe, name="Night")
    page = settle(world.ana, deed="channel", id=str(world.channel.pk), team=[str(own.pk)])
    assert page.status_code == 200
    assert not ChannelTeam.objects.exists()
    delete_team(actor=world.ana, team_id=team.pk)
    assert Team.objects.get() == own


def test_the_outbox_does_not_name_a_hidden_channel(world, kept, as_key):
    lane, other = Lane.objects.get(pk=kept.channel_id), Lane.objects.get(pk=world.channel.pk)
    items = {one.pk: put(one, new_id(), "waits", kind=MEDIA_FETCH) for one in (lane, other)}
    for who, sees in (("ana", True), ("ben", True), ("gil", False)):
        browser = browser_of(getattr(world, who))
        page = browser.get(reverse("outbox:lane-list", args=["acme"]), {"tab": "waiting"}).content.decode()
        assert ("Legal" in page, "Shop" in page) == (sees, True)
        assert (str(items[lane.pk].pk) in page, str(items[other.pk].pk) in page) == (sees, True)
        _shows_lanes(browser, lane, other, sees=sees)
    _shows_lanes(as_key(world.acme), lane, other, sees=False)
    _shows_lanes(as_key(world.acme, "admin"), lane, other, sees=True)
    assert str(lane.pk) not in browser_of(world.zoe).get("/api/v1/outbox/lanes").content.decode()

    page = reverse("outbox:items-act", args=["acme"])
    browser_of(world.gil).post(page, {"deed": "cancel", "item": [one.pk for one in items.values()]})
    assert {one.pk: Item.objects.get(pk=one.pk).state for one in items.values()} == {
        items[lane.pk].pk: "queued",
        items[other.pk].pk: "cancelled",
    }


def _shows_lanes(caller, lane: Lane, other: Lane, *, sees: bool) -> None:
    lanes = caller.get("/api/v1/outbox/lanes")
    assert ("Legal" in lanes.content.decode(), "Shop" in lanes.content.decode()) == (sees, True)
    shown = {item["lane"] for item in caller.get("/api/v1/outbox").json()["results"]}
    assert (str(lane.pk) in shown, str(other.pk) in shown) == (sees, True)
    assert caller.get("/api/v1/outbox", {"lane": str(lane.pk)}).status_code == (200 if sees else 404)
