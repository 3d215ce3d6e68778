"""The outbox page: lanes and their pulse, what needs a person, and the buttons that help."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from config.views.outbox_page import bars_of, count_text
from inbox.jobs import SEND, Draft
from inbox.models import Message
from inbox.services.sending import send_message
from kernel import clock
from outbox.models import Attempt, Item, Lane, SentMinute, Worker
from outbox.services import operating
from tests.support.chats import make_chat
from tests.support.world import make_channel

pytestmark = pytest.mark.django_db


def url(name="lane-list", slug="acme", **kwargs):
    return reverse(f"outbox:{name}", kwargs={"slug": slug, **kwargs})


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.fixture
def ana(world, client):
    client.force_login(world.ana.user)
    return client


def write(world, words, *, channel=None, actor=None, name="Carla Customer") -> Item:
    """A message that waits, with the chat it is for."""
    chat = make_chat(channel or world.channel, name=name)
    message = send_message(actor=actor or world.ana, chat=chat, client_id=str(uuid.uuid4()), draft=Draft(text=words))
    return Item.objects.get(subject_id=message.pk, kind=SEND)


def ended(item: Item, state: str, error: str = "The gateway was down.", code: str = "503") -> Item:
    """As the relay leaves an item that did not simply arrive."""
    now = clock.now()
    worker = Worker.objects.create(name="test", lease_until=now)
    Attempt.objects.create(
        item=item,
        order_key=item.order_key,
        lane_id=item.lane_id,
        worker=worker,
        finished_at=now,
        outcome=state if state in {"failed", "uncertain"} else "sent",
    )
    Item.objects.filter(pk=item.pk).update(
        state=state, open=state == "uncertain", attempts=5, error=error, error_code=code, finished_at=now
    )
    Message.objects.filter(pk=item.subject_id).update(status=state, error_code=code, error_detail=error)
    item.refresh_from_db()
    return item


# --- Who --------------------------------------------------------------------------------------------------------------


def test_who_sees_the_outbox(world, client):
    for name in ("lane-list", "lane-part", "item-part"):
        client.logout()
        assert client.get(url(name)).status_code == 302
        for member, status in ((world.vic, 403), (world.ben, 200), (world.adam, 200), (world.zoe, 404)):
            client.force_login(member.user)
            assert client.get(url(name)).status_code == status, (name, member)


def test_only_admins_pause_lanes(world, client):
    lane = Lane.objects.get(pk=world.channel.pk)
    pause = url("lane-act", lane_id=lane.pk, deed="pause")
    assert client.post(pause).status_code == 302
    for member, status in ((world.vic, 403), (world.ben, 403), (world.zoe, 404)):
        client.force_login(member.user)
        assert client.post(pause).status_code == status
    lane.refresh_from_db()
    assert not lane.paused
    client.force_login(world.ben.user)
    assert pause not in client.get(url()).content.decode()


def test_viewers_strangers_and_zoe_resolve_nothing(world, client):
    item = ended(write(world, "Hello"), "failed")
    form = {"deed": "retry", "item": [str(item.pk)]}
    assert client.post(url("items-act"), form).status_code == 302
    for member, status in ((world.vic, 403), (world.zoe, 404)):
        client.force_login(member.user)
        assert client.post(url("items-act"), form).status_code == status
    client.post(url("items-act", "zoes"), form)  # Zoe, at her own door
    item.refresh_from_db()
    assert item.state == "failed"


def test_nothing_of_another_workspace_is_shown_or_moved(world, ana):
    theirs = write(world, "A secret of Zoe's", channel=world.zoes_channel, actor=world.zoe)
    for tab in ("person", "waiting", "sending", "scheduled", "sent", "cancelled"):
        assert "Zoe" not in text(ana.get(url(), {"tab": tab, "lane": str(world.zoes_channel.pk)})), tab
    assert ana.post(url("lane-act", lane_id=world.zoes_channel.pk, deed="pause")).status_code == 404
    for kind in (SEND, "chat.read"):
        Item.objects.filter(pk=theirs.pk).update(kind=kind)
        ana.post(url("items-act"), {"deed": "cancel", "item": [str(theirs.pk)]})
        theirs.refresh_from_db()
        assert theirs.state == "queued", kind


# --- Lanes ------------------------------------------------------------------------------------------------------------


def test_a_lane_tells_its_state_and_what_waits(world, ana):
    lane = Lane.objects.get(pk=world.channel.pk)
    assert "Idle" in text(ana.get(url("lane-part")))
    item = write(world, "Hello")
    Item.objects.filter(pk=item.pk).update(created_at=clock.now() - timedelta(minutes=2, seconds=31))
    page = text(ana.get(url("lane-part")))
    assert "Running" in page
    assert "2 m 31 s" in page
    assert "in 1 lane" in page
    operating.hold_lane(lane_id=lane.pk, seconds=272, reason="WhatsApp asked to slow down.")
    page = ana.get(url("lane-part"))
    assert "WhatsApp asked to slow down." in text(page)
    assert re.search(r'data-time="until"[^>]*>4:3[0-2]<', page.content.decode())
    assert "Resume now" in text(page)


def test_ana_pauses_resumes_and_resumes_now(world, ana):
    lane = Lane.objects.get(pk=world.channel.pk)
    ana.post(url("lane-act", lane_id=lane.pk, deed="pause"))
    lane.refresh_from_db()
    assert (lane.paused, lane.paused_reason) == (True, "Paused by Ana Example.")
    ana.post(url("lane-act", lane_id=lane.pk, deed="resume"))
    operating.hold_lane(lane_id=lane.pk, seconds=60, reason="429")
    ana.post(url("lane-act", lane_id=lane.pk, deed="resume-now"))
    lane.refresh_from_db()
    assert (lane.paused, lane.not_before) == (False, None)
    assert ana.post(url("lane-act", lane_id=lane.pk, deed="explode")).status_code == 404


def test_a_closed_lane_leads_to_its_channel(world, ana, client):
    operating.close_lane(lane_id=world.channel.pk, reason="The phone unlinked us.")
    channel_page = reverse("channels_app:channel-detail", args=["acme", world.channel.pk])
    assert f'href="{channel_page}">Reconnect' in ana.get(url("lane-part")).content.decode()
    client.force_login(world.ben.user)
    assert channel_page not in client.get(url("lane-part")).content.decode()


def test_what_was_sent_is_drawn_without_inline_styles(world, ana):
    this_minute = clock.now().replace(second=0, microsecond=0)
    for minutes, sent in ((1, 2), (30, 1)):
        SentMinute.objects.create(lane_id=world.channel.pk, minute=this_minute - timedelta(minutes=minutes), sent=sent)
    page = ana.get(url("lane-part")).content.decode()
    assert "3 in the last hour" in text(ana.get(url("lane-part")))
    assert page.count("<rect") >= 4
    assert "style=" not in page


def test_bars_fill_the_chart_and_a_single_message_can_be_seen():
    bars = bars_of([0, 1, 1000], width=30, height=72)
    assert [(bar.x, bar.height) for bar in bars] == [(10, 2.0), (20, 72.0)]
    assert bars_of([0] * 60, width=600, height=72) == []
    assert bars_of([], width=600, height=72) == []


def test_counts_that_stopped_counting_say_so():
    assert (count_text(1000, more=True), count_text(999)) == ("1,000+", "999")


# --- Items ------------------------------------------------------------------------------------------------------------


def test_what_needs_a_person_names_the_chat_the_words_and_the_reason(world, ana):
    failed = ended(write(world, "Your parcel <b>left</b>"), "failed", "The gateway was down each time.", "503")
    ended(write(world, "See you at four", name="Tess Tester"), "uncertain", "No answer after all bytes left.")
    write(world, "still waiting")
    answer = ana.get(url())
    page = text(answer)
    assert "Carla Customer" in page
    assert "The gateway was down each time. 503" in page
    assert "Tess Tester" in page
    assert "Uncertain" in page
    assert "still waiting" not in page
    assert "<b>left</b>" not in answer.content.decode()
    chat_page = reverse("inbox:chat-detail", args=["acme", Message.objects.get(pk=failed.subject_id).chat_id])
    assert chat_page in answer.content.decode()


@pytest.mark.parametrize(
    "query", [{"tab": "nonsense"}, {"lane": "nonsense"}, {"kind": "nonsense"}, {"kind": "message.send"}, {"lane": ""}]
)
def test_strange_filters_do_no_harm(world, ana, query):
    ended(write(world, "Hello"), "failed")
    assert "Hello" in text(ana.get(url(), query))


def test_the_list_narrows_to_a_lane_and_pages_backwards(world, ana):
    second = make_channel(world.acme, "Support", "+15550100101")
    ended(write(world, "Of the other lane", channel=second), "failed")
    for number in range(55):
        ended(write(world, f"Number {number}."), "failed")
    first = ana.get(url(), {"lane": str(world.channel.pk)})
    assert "Number 54." in text(first)
    assert "Number 4." not in text(first)
    assert "Of the other lane" not in text(first)
    older = re.search(r'href="([^"]*cursor=[^"]+)"', first.content.decode()).group(1).replace("&amp;", "&")
    assert "Number 4." in text(ana.get(older))
    assert "Number 54." not in text(ana.get(older))
    assert ana.get(url(), {"cursor": "nonsense"}).status_code == 404


def test_the_page_asks_as_often_for_two_items_as_for_forty(world, ana, django_assert_max_num_queries):
    for _ in range(2):
        ended(write(world, "Hello"), "failed")
    with django_assert_max_num_queries(30) as few:
        ana.get(url())
    for _ in range(38):
        ended(write(world, "Hello"), "failed")
    with django_assert_max_num_queries(len(few)):
        ana.get(url())


def test_ben_tries_failed_messages_again_together(world, client):
    client.force_login(world.ben.user)
    items = [ended(write(world, "One"), "failed"), ended(write(world, "Two"), "uncertain")]
    answer = client.post(url("items-act"), {"deed": "retry", "item": [item.pk for item in items]}, follow=True)
    assert "2 will be tried again." in text(answer)
    for item in items:
        item.refresh_from_db()
        assert (item.state, item.attempts) == ("queued", 0)
        assert Message.objects.get(pk=item.subject_id).status == "pending"


def test_what_is_too_late_is_counted_and_the_rest_is_done(world, ana):
    failed, waiting = ended(write(world, "One"), "failed"), write(world, "Two")
    answer = ana.post(url("items-act"), {"deed": "retry", "item": [failed.pk, waiting.pk]}, follow=True)
    assert "1 will be tried again." in text(answer)
    assert "1 could not be changed. Only a failed or uncertain message can be sent again." in text(answer)


def test_an_uncertain_message_is_marked_as_sent(world, ana):
    item = ended(write(world, "Hello"), "uncertain")
    ana.post(url("items-act"), {"deed": "mark-sent", "item": [item.pk]})
    item.refresh_from_db()
    assert item.state == "sent"
    assert Message.objects.get(pk=item.subject_id).status == "sent"


def test_what_waits_is_cancelled_and_the_tab_stays(world, ana):
    item = write(world, "Hello")
    assert "Hello" in text(ana.get(url(), {"tab": "waiting"}))
    answer = ana.post(url("items-act"), {"deed": "cancel", "item": [item.pk], "filters": "tab=waiting"})
    assert answer.url == url() + "?tab=waiting"
    item.refresh_from_db()
    assert item.state == "cancelled"
    assert Message.objects.get(pk=item.subject_id).status == "cancelled"


@pytest.mark.parametrize("filters", ["//elsewhere.example", "tab=waiting\r\nX: y", "#x"])
def test_filters_that_come_back_cannot_lead_away(world, ana, filters):
    assert ana.post(url("items-act"), {"deed": "cancel", "filters": filters}).url == url()


@pytest.mark.parametrize("items", [[], ["nonsense"], [str(uuid.uuid4())]])
def test_choosing_nothing_says_so(world, ana, items):
    answer = ana.post(url("items-act"), {"deed": "retry", "item": items}, follow=True)
    assert "Choose one or more rows first." in text(answer)
    assert ana.post(url("items-act"), {"deed": "explode"}).status_code == 404


def test_jobs_that_are_no_messages_can_be_resolved_too(world, ana):
    item = write(world, "Hello")
    Item.objects.filter(pk=item.pk).update(kind="chat.read", subject_id=None)
    ended(item, "failed")
    assert "Read receipt" in text(ana.get(url()))
    ana.post(url("items-act"), {"deed": "retry", "item": [item.pk]})
    item.refresh_from_db()
    assert item.state == "queued"


@pytest.mark.parametrize("deed", ["retry", "cancel", "mark-sent"])
@pytest.mark.parametrize("kind", ["channel.log_out", "channel.connect", "channel.register_webhook"])
def test_who_may_not_manage_channels_does_not_do_it_by_a_second_try(world, client, deed, kind):
    item = write(world, "Hello")
    Item.objects.filter(pk=item.pk).update(kind=kind, subject_id=None)
    state = {"retry": "failed", "cancel": "queued", "mark-sent": "uncertain"}[deed]
    if state != "queued":
        ended(item, state)
    client.force_login(world.ben.user)
    answer = client.post(url("items-act"), {"deed": deed, "item": [item.pk]}, follow=True)
    assert "1 could not be changed." in text(answer)
    item.refresh_from_db()
    assert item.state == state
    client.force_login(world.adam.user)
    client.post(url("items-act"), {"deed": deed, "item": [item.pk]})
    item.refresh_from_db()
    assert item.state != state
