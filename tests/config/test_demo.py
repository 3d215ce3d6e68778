"""The demo data: usable at once, the same at every start, and plainly invented."""

import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command

from channels_app.models import Channel
from config.demo import history
from config.demo.cast import ACME, WORKSPACES
from config.demo.seeding import seed
from inbox.models import Chat, ChatLabel, Label, Mention, Message, Note, QuickReply
from inbox.selectors.quick_replies import quick_replies_for
from kernel import signing
from kernel.clock import now
from outbox.models import Item
from webhooks.models import InboundEvent
from workspaces.models import ApiKey, Member, Team, User, Workspace

KEPT = (Workspace, User, Member, ApiKey, Channel, Chat, Message, InboundEvent)
PHONE = re.compile(r"1555010\d{4}")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(db) -> dict:
    return seed()


def counts() -> dict[str, int]:
    return {
        model._meta.label: model.objects.count() for model in (*KEPT, Label, ChatLabel, QuickReply, Team, Note, Item)
    }


def test_the_demo_reads_like_a_day_of_a_team(demo):
    chats = Chat.objects.filter(workspace__slug="acme")
    assert chats.count() == sum(len(history.CONVERSATIONS.get(number.key, ())) for number in ACME.numbers)
    assert set(InboundEvent.objects.values_list("result", flat=True)) == {"applied"}
    assert Message.objects.filter(direction="outbound", status="read").exists()
    assert Message.objects.filter(type="poll").exists()
    assert chats.filter(kind="group").exists()
    assert chats.filter(assigned_to__user__email="ben@example.com").exists()
    assert set(Channel.objects.values_list("status", flat=True)) == {"connected", "disconnected"}


def test_a_stranger_sees_how_a_team_works(demo):
    ben = Member.objects.get(user__email="ben@example.com")
    chat = Chat.objects.get(channel__name="Acme Shop", wa_chat_id=f"{history.LENA}@s.whatsapp.net")
    assert {tie.label.name for tie in chat.chat_labels.all()} == {"Delivery", "Regular customer"}
    scheduled = Message.objects.get(chat=chat, status="pending")
    assert timedelta(hours=12) < scheduled.due_at - now() < timedelta(hours=36)
    assert Item.objects.get(subject_id=scheduled.pk).state == "scheduled"
    assert Mention.objects.get(member=ben).note.author.user.name == "Ana Example"
    assert [one.member.user.name for one in Team.objects.get().team_members.all()] == ["Ben Demo"]
    replies = quick_replies_for(ben, chat)
    assert "Hello Lena, this is Ben of Acme." in "".join(text for text, _ in replies[0].pieces)
    assert all(not reply.missing for reply in replies)


def test_seeding_again_changes_nothing(demo):
    before = counts()
    assert seed() == demo
    assert counts() == before


def test_what_is_printed_works(demo, client, capsys):
    call_command("seed_demo", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed == demo
    ana = printed["members"][0]
    assert client.login(username=ana["email"], password=ana["password"])
    answer = client.get("/api/v1/chats", HTTP_AUTHORIZATION=f"Bearer {printed['api_key']}")
    assert answer.status_code == 200
    for channel in printed["channels"]:
        stored = Channel.objects.get(pk=channel["id"])
        assert signing.matches_digest(channel["webhook_secret"], stored.webhook_secret_digest)


def test_zoe_gets_nothing_of_acmes_demo(demo, client):
    zoe = demo["other_workspaces"][0]
    answer = client.get("/api/v1/chats", HTTP_AUTHORIZATION=f"Bearer {zoe['api_key']}")
    assert len(answer.json()["results"]) == 1
    acmes = Chat.objects.filter(workspace__slug="acme").first()
    answer = client.get(f"/api/v1/chats/{acmes.pk}", HTTP_AUTHORIZATION=f"Bearer {zoe['api_key']}")
    assert answer.status_code == 404


def test_what_a_visitor_took_away_stays_away(demo):
    Member.objects.filter(user__email="ben@example.com").update(role="viewer")
    Channel.objects.filter(settings__demo="acme-support").update(name="Renamed")
    Label.objects.filter(name="Bug").delete()
    seed()
    assert not Label.objects.filter(name="Bug").exists()
    assert Member.objects.get(user__email="ben@example.com").role == "viewer"
    assert Channel.objects.filter(name="Renamed").exists()


def test_outside_debug_no_password_is_well_known(demo, settings):
    settings.DEBUG = False
    assert not {person["password"] for person in seed()["members"]} & {"waybill-demo"}


def test_all_numbers_are_from_the_range_for_fiction():
    numbers = [number.phone_number.lstrip("+") for demo in WORKSPACES for number in demo.numbers]
    people = [digits for chats in history.CONVERSATIONS.values() for chat in chats for digits in chat.people]
    assert [digits for digits in numbers + people if not PHONE.fullmatch(digits)] == []
