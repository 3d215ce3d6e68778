"""The inbound log in the browser: who sees it, what is found, how a body is shown, and replaying."""

import json
import re

import pytest
from django.urls import reverse

from inbox.models import Chat, Message
from kernel.ids import new_id
from webhooks.models import InboundEvent
from webhooks.services import replaying
from webhooks.states import Result
from webhooks.views.payload import CHARACTERS_SHOWN, payload_of
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


def url(name="event-list", slug="acme", **kwargs):
    return reverse(f"webhooks:{name}", kwargs={"slug": slug, **kwargs})


def keep(channel, body=None, **fields) -> InboundEvent:
    raw = body if isinstance(body, bytes) else json.dumps(body or {"messages": []}).encode()
    fields = {"kind": "messages.post", "result": Result.APPLIED, **fields}
    return InboundEvent.objects.create(workspace_id=channel.workspace_id, channel_id=channel.pk, body=raw, **fields)


@pytest.fixture
def ana(world, client):
    client.force_login(world.ana.user)
    return client


def shown(answer) -> list[str]:
    """The ids of the events in the list."""
    return re.findall(r'class="row" href="/w/acme/webhooks/([0-9a-f-]+)/', answer.content.decode())


def test_who_may_see_the_log(world, client):
    event = keep(world.channel)
    pages = [url(), url("event-detail", event_id=event.pk), url("event-body", event_id=event.pk)]
    for page in pages:
        client.logout()
        assert client.get(page).status_code == 302
        for member, status in ((world.ben, 403), (world.vic, 403), (world.adam, 200), (world.zoe, 404)):
            client.force_login(member.user)
            assert client.get(page).status_code == status, (page, member)


def test_an_event_of_another_workspace_is_not_there(world, ana):
    event = keep(world.zoes_channel)
    assert shown(ana.get(url())) == []
    for name in ("event-detail", "event-body"):
        assert ana.get(url(name, event_id=event.pk)).status_code == 404
    assert ana.post(url("event-replay", event_id=event.pk)).status_code == 404


def test_the_newest_comes_first_and_the_list_pages_backwards(world, ana):
    events = [keep(world.channel) for _ in range(60)]
    newest_first = [str(event.pk) for event in reversed(events)]
    first = ana.get(url())
    assert shown(first) == newest_first[:50]
    older = re.search(r'href="([^"]*cursor=[^"]+)"', first.content.decode()).group(1)
    assert shown(ana.get(older)) == newest_first[50:]


def test_the_list_asks_as_often_for_two_events_as_for_forty(world, ana, django_assert_max_num_queries):
    for _ in range(2):
        keep(world.channel)
    with django_assert_max_num_queries(20) as few:
        ana.get(url())
    for _ in range(38):
        keep(world.channel)
    with django_assert_max_num_queries(len(few)):
        ana.get(url())


def test_events_are_found_by_message_channel_and_result(world, ana):
    about = keep(world.channel, wa_message_ids=["wa-1", "wa-2"])
    parked = keep(world.channel, wa_message_ids=["wa-3"], result=Result.PARKED, reason="Its target is not here yet.")
    assert shown(ana.get(url(), {"q": "wa-2"})) == [str(about.pk)]
    assert shown(ana.get(url(), {"result": "parked"})) == [str(parked.pk)]
    assert len(shown(ana.get(url(), {"channel": str(world.channel.pk)}))) == 2
    assert shown(ana.get(url(), {"q": "wa-9"})) == []
    assert "Nothing found" in ana.get(url(), {"q": "wa-9"}).content.decode()


def test_a_customers_number_finds_the_events_of_their_messages(world, ana):
    chat = Chat.objects.create(
        workspace=world.acme, channel=world.channel, wa_chat_id="15550100142@s.whatsapp.net", kind="direct"
    )
    received = keep(world.channel, wa_message_ids=["wa-7"])
    Message.objects.create(
        id=new_id(),
        workspace=world.acme,
        channel=world.channel,
        chat=chat,
        direction="inbound",
        type="text",
        status="received",
        wa_message_id="wa-7",
        sort_at=received.received_at,
    )
    keep(world.channel, wa_message_ids=["wa-8"])
    for written in ("15550100142", "+1 555 0100142", "+1 (555) 010-0142"):
        assert shown(ana.get(url(), {"q": written})) == [str(received.pk)], written


@pytest.mark.parametrize(
    "query", [{"q": "\0"}, {"q": "x" * 5000}, {"channel": "nonsense"}, {"result": "nonsense"}, {"q": "'; DROP"}]
)
def test_strange_filters_do_no_harm(world, ana, query):
    assert ana.get(url(), query).status_code == 200


def test_a_mangled_cursor_is_a_page_that_is_not_here(world, ana):
    assert ana.get(url(), {"cursor": "nonsense"}).status_code == 404


def test_a_body_is_shown_indented_and_escaped(world, ana):
    event = keep(
        world.channel, {"text": "<script>alert(1)</script>", "ok": True, "id": "wa-1"}, wa_message_ids=["wa-1"]
    )
    page = ana.get(url("event-detail", event_id=event.pk)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<span class="lit">true</span>' in page
    assert re.search(r'class="line hit">[^\n]*wa-1', page), "the line that names the message is marked"


def test_a_body_that_is_no_json_is_shown_as_text(world, ana):
    event = keep(world.channel, b"\xff<b>not json", result=Result.PARKED, reason="Not readable.")
    page = ana.get(url("event-detail", event_id=event.pk)).content.decode()
    assert "not JSON" in page
    assert "&lt;b&gt;not json" in page
    assert "Not readable." in page


def test_a_huge_body_is_cut_on_the_page_and_whole_in_the_file(world, ana):
    body = json.dumps({"text": "x" * (CHARACTERS_SHOWN + 10)}).encode()
    event = keep(world.channel, body)
    assert "Only the beginning is shown" in ana.get(url("event-detail", event_id=event.pk)).content.decode()
    answer = ana.get(url("event-body", event_id=event.pk))
    assert answer.content == body


def test_the_raw_body_is_a_file_never_a_page(world, ana):
    event = keep(world.channel, b"<script>alert(1)</script>")
    answer = ana.get(url("event-body", event_id=event.pk))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_refused_request_shows_why_and_cannot_be_replayed(world, ana):
    event = keep(world.channel, b"", kind="not_proven", result=Result.REFUSED, reason="Wrong secret.", attempts=3)
    page = ana.get(url("event-detail", event_id=event.pk)).content.decode()
    assert "Refused 3 times in this hour" in page
    assert "Replay" not in page
    answer = ana.post(url("event-replay", event_id=event.pk), follow=True)
    assert answer.status_code == 200
    assert not AuditEntry.objects.filter(deed="webhook.replayed").exists()


def test_adam_replays_an_event_and_the_audit_log_says_so(world, client, monkeypatch):
    applied = []
    monkeypatch.setattr(replaying, "apply_events", applied.extend)
    event = keep(world.channel, result=Result.PARKED)
    path = url("event-replay", event_id=event.pk)
    assert client.post(path).status_code == 302
    assert applied == [], "a stranger replays nothing"
    client.force_login(world.ben.user)
    assert client.post(path).status_code == 403
    client.force_login(world.zoe.user)
    assert client.post(path).status_code == 404
    client.force_login(world.adam.user)
    assert client.get(path).status_code == 405
    answer = client.post(path, follow=True)
    assert "applied again" in answer.content.decode()
    assert applied == [event.pk]
    assert AuditEntry.objects.get(deed="webhook.replayed").actor_name == "Adam Sample"


def test_what_a_search_shows_is_replayed_together_oldest_first(world, client, monkeypatch):
    applied = []
    monkeypatch.setattr(replaying, "apply_events", applied.extend)
    events = [keep(world.channel, result=Result.PARKED) for _ in range(3)]
    theirs = keep(world.zoes_channel, result=Result.PARKED)
    form = {"event": [str(event.pk) for event in [*reversed(events), theirs]] + ["nonsense"]}
    assert client.post(url("shown-replay"), form).status_code == 302
    for member, status in ((world.ben, 403), (world.zoe, 404)):
        client.force_login(member.user)
        assert client.post(url("shown-replay"), form).status_code == status
    assert applied == []
    client.force_login(world.adam.user)
    page = client.get(url(), {"result": "parked"}).content.decode()
    assert "Replay the 3 shown" in page
    assert "Replay the" not in client.get(url()).content.decode(), "only what was searched for"
    answer = client.post(url("shown-replay"), form, follow=True)
    assert applied == [event.pk for event in events]
    assert "Replayed: 3 parked, 1 " in answer.content.decode()


def test_words_of_a_payload_never_lose_a_character():
    body = json.dumps({"a": 'quo"te\\', "b": [1, -2.5e3, None, True], "c": {"d: e": "f"}}, ensure_ascii=False)
    payload = payload_of(body.encode())
    text = "\n".join("".join(word for _, word in line.words) for line in payload.lines)
    assert json.loads(text) == json.loads(body)
    assert ("key", '"d: e"') in [word for line in payload.lines for word in line.words]
