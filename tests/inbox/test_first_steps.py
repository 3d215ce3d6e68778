"""The way of an empty workspace to its first message: what is done is read from what is there."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_app.models import Channel
from tests.support.query_budget import at_most
from tests.support.world import make_channel, make_member
from workspaces.models import Member, Workspace
from workspaces.roles import Role
from workspaces.services.inviting import invite

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def flo(world) -> Member:
    """Alone in a workspace of her own, which has nothing yet."""
    return make_member(Workspace.objects.create(name="Fresh", slug="fresh"), "Flo Example", Role.OWNER)


def inbox_of(member: Member, **headers: str) -> str:
    browser = Client()
    browser.force_login(member.user)
    return browser.get(reverse("inbox:chat-list", args=[member.workspace.slug]), headers=headers).content.decode()


def done(page: str) -> int:
    return page.count('<li class="done">')


def put_away(member: Member, slug: str, closed: str = "yes"):
    browser = Client()
    browser.force_login(member.user)
    return browser.post(reverse("inbox:first-steps", args=[slug]), {"closed": closed})


def test_each_step_is_one_click_away_and_done_when_it_is_true(flo):
    def at(name: str, *more) -> str:
        return reverse(name, args=["fresh", *more])

    page = inbox_of(flo)
    assert "Welcome to Waybill, Flo" in page
    assert (done(page), f'href="{at("channels_app:channel-add")}"' in page) == (0, True)
    assert "data-pick" not in page.split('id="first-steps"')[1].split("</section>")[0]

    channel = make_channel(flo.workspace, "Florist", "+15550100120")
    Channel.objects.filter(pk=channel.pk).update(status="disconnected")
    page = inbox_of(flo)
    assert (done(page), f'action="{at("channels_app:channel-act", channel.pk, "connect")}"' in page) == (1, True)

    Channel.objects.filter(pk=channel.pk).update(status="qr_pending")
    page = inbox_of(flo)
    assert (done(page), f'href="{at("channels_app:channel-detail", channel.pk)}"' in page) == (1, True)

    Channel.objects.filter(pk=channel.pk).update(status="connected")
    page = inbox_of(flo)
    assert (done(page), page.count(f'data-pick="{at("inbox:chat-new")}"')) == (2, 2)

    Channel.objects.filter(pk=channel.pk).update(last_acknowledged_at=timezone.now())
    page = inbox_of(flo)
    assert (done(page), at("workspaces:settings-members") in page.split('id="first-steps"')[1]) == (3, True)

    Channel.objects.filter(pk=channel.pk).update(status="logged_out")
    assert done(inbox_of(flo)) == 3, "a number that has sent something was connected"

    invite(actor=flo, email="kim@example.com", role=Role.AGENT)
    page = inbox_of(flo)
    assert "Choose a chat" in page
    assert "first-steps" not in page


def test_a_number_that_is_taken_away_is_a_step_again(flo):
    channel = make_channel(flo.workspace, "Florist", "+15550100120")
    assert done(inbox_of(flo)) == 2
    Channel.objects.filter(pk=channel.pk).update(removed_at=timezone.now())
    assert done(inbox_of(flo)) == 0


def test_the_steps_are_put_away_by_each_for_themself_and_come_back(flo):
    kim = make_member(flo.workspace, "Kim Sample", Role.ADMIN)
    assert put_away(flo, "fresh").status_code == 302
    page = inbox_of(flo)
    assert "first-steps-title" not in page
    assert page.count("Show the first steps") == 2, "in the list too, which is all that a phone shows"
    assert "Welcome to Waybill, Kim" in inbox_of(kim)
    put_away(flo, "fresh", "no")
    assert "Welcome to Waybill, Flo" in inbox_of(flo)


def test_who_cannot_go_them_reads_whom_to_ask(world):
    for member in (world.ben, world.vic):
        assert "Choose a chat" in inbox_of(member)
    Channel.objects.filter(workspace=world.acme).update(removed_at=timezone.now())
    for member in (world.ben, world.vic):
        page = inbox_of(member)
        assert page.count("Ask <b><bdi>Ana Example or Adam Sample</bdi></b> to connect one") == 2, "in list and pane"
        assert "first-steps" not in page
        assert reverse("channels_app:channel-add", args=["acme"]) not in page
        assert put_away(member, "acme").status_code == 403
    assert put_away(world.zoe, "acme").status_code == 404


def test_who_leaves_a_chat_is_given_what_stands_there_alone(flo):
    part = inbox_of(flo, **FRAGMENT)
    assert "Welcome to Waybill, Flo" in part
    assert "<html" not in part


def test_an_inbox_in_use_asks_little_more_for_them(world):
    Channel.objects.filter(pk=world.channel.pk).update(last_acknowledged_at=timezone.now())
    inbox_of(world.ana)
    browser = Client()
    browser.force_login(world.ana.user)
    with at_most(18):
        browser.get(reverse("inbox:chat-list", args=["acme"]))
